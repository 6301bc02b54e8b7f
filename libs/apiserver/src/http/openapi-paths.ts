// /openapi/v2 and /openapi/v3: what there is, as schemas. Documents are made when first asked for, as nobody may ever ask, and again
// when the kinds that they are about are others.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadDescriptions } from '@berth/api';
import { apiVersionOf, type KindDefinition, openApiV3Index } from '@berth/machinery';
import type { ApiServer } from '../core/api-server.ts';
import { type Document, openApiV3Document } from '../documents/document-pieces.ts';
import type { FurtherGroups } from '../documents/further-groups.ts';
import { KeptOpenApiV2 } from '../documents/kept-openapi-v2.ts';
import { wantsProtobuf } from '../documents/openapi-v2.ts';
import { type Exchange, sendBytes, sendJson } from './responses.ts';

export class OpenApiPaths {
  readonly #api: ApiServer;
  readonly #further: FurtherGroups;
  readonly #version: string;
  readonly #v3 = new Map<string, { kinds: KindDefinition[]; document: Promise<Document> }>();
  readonly #v2: KeptOpenApiV2;

  constructor(api: ApiServer, further: FurtherGroups, version: string) {
    this.#api = api;
    this.#further = further;
    this.#version = version;
    this.#v2 = new KeptOpenApiV2(version);
  }

  async serveV2(exchange: Exchange): Promise<void> {
    exchange.response.setHeader('vary', 'Accept');
    const form = wantsProtobuf(exchange.request.headers.accept) ? 'protobuf' : 'json';
    const { contentType, bytes } = await this.#v2.form(this.#api.kinds.all, this.#further.openApiV2Parts(), form);
    await sendBytes(exchange, 200, contentType, bytes);
  }

  async serveV3(exchange: Exchange, rest: string[]): Promise<void> {
    const further = this.#further.openApiV3();
    if (rest.length === 0) {
      const hashes = new Map<string, string>();
      for (const [path, kinds] of this.groupVersions()) hashes.set(path, (await this.#document(path, kinds)).hash);
      for (const [path, { hash }] of further) hashes.set(path, hash);
      return sendJson(exchange, 200, openApiV3Index(hashes), indexContentType);
    }
    const path = rest.join('/');
    const far = further.get(path);
    if (far) exchange.response.setHeader('vary', 'Accept');
    if (far) return sendBytes(exchange, 200, 'application/json', far.bytes);
    const kinds = this.groupVersions().get(path);
    if (!kinds) return sendNothing(exchange);
    exchange.response.setHeader('vary', 'Accept');
    return sendBytes(exchange, 200, 'application/json', (await this.#document(path, kinds)).bytes);
  }

  #document(path: string, kinds: KindDefinition[]): Promise<Document> {
    const known = this.#v3.get(path);
    if (known && known.kinds.length === kinds.length && known.kinds.every((kind, i) => kind === kinds[i])) return known.document;
    const document = this.#make(kinds);
    this.#v3.set(path, { kinds, document });
    return document;
  }

  async #make(kinds: KindDefinition[]): Promise<Document> {
    const describe = await loadDescriptions();
    // One a turn of the event loop: all of them together would keep everybody else waiting.
    await nextTurn();
    return openApiV3Document(kinds, this.#version, describe);
  }

  /** `api/v1`, `apis/apps/v1` → their kinds. */
  groupVersions(): Map<string, KindDefinition[]> {
    return Map.groupBy(this.#api.kinds.all, (kind) => `${kind.group ? 'apis' : 'api'}/${apiVersionOf(kind)}`);
  }
}

/** As Kubernetes says of its index, without meaning to. */
const indexContentType = 'text/plain; charset=utf-8';

function sendNothing({ response }: Exchange): void {
  response.writeHead(404, { 'cache-control': 'no-cache, private', 'content-length': 0 });
  response.end();
}
