// /openapi/v2 and /openapi/v3: what there is, as schemas and operations. Documents are made when first asked for, as nobody may ever ask,
// and again when the kinds that they are about are others.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadDescriptions } from '@berth/api';
import { apiVersionOf, groupOperations, type KindDefinition, type Operations, openApiV3Index, serverOperations } from '@berth/machinery';
import type { ApiServer } from '../core/api-server.ts';
import { openApiV3Document, openApiV3PathDocument } from '../documents/document-pieces.ts';
import type { FurtherGroups } from '../documents/further-groups.ts';
import { type KeptDocument, keptDocument, wholeDocument } from '../documents/kept-document.ts';
import { KeptOpenApiV2 } from '../documents/kept-openapi-v2.ts';
import { openApiV2ContentType, wantsProtobuf } from '../documents/openapi-v2.ts';
import { negotiate } from './media-types.ts';
import { acceptsGzip, type Exchange, sendBytes, sendJson } from './responses.ts';

/** Of Kubernetes. */
const version = '1.35';

/** What a document is about: kinds of one group's version, or operations at one path that are of none. */
type About = { kinds: KindDefinition[] } | { operations: Operations };

export class OpenApiPaths {
  readonly #api: ApiServer;
  readonly #further: FurtherGroups;
  readonly #v3 = new Map<string, { kinds: KindDefinition[]; document: Promise<KeptDocument> }>();
  readonly #v2 = new KeptOpenApiV2();

  constructor(api: ApiServer, further: FurtherGroups) {
    this.#api = api;
    this.#further = further;
  }

  async serveV2(exchange: Exchange): Promise<void> {
    const { headers } = exchange.request;
    const isProtobuf = wantsProtobuf(headers.accept);
    if (!isProtobuf && !acceptsJson(headers.accept)) return sendNothing(exchange, 406);
    const [kinds, parts] = [this.#api.kinds.all, this.#further.openApiV2Parts()];
    const document = await this.#v2.form({ kinds, parts, operations: this.#operations(), version }, isProtobuf ? 'protobuf' : 'json');
    return sendDocument(exchange, document, isProtobuf ? openApiV2ContentType : 'application/json');
  }

  /** @param query with the hash of the document that is meant, which then stays what it is */
  async serveV3(exchange: Exchange, rest: string[], query: URLSearchParams): Promise<void> {
    const further = this.#further.openApiV3();
    const documents = this.#documents();
    if (rest.length === 0) {
      const hashes = new Map<string, string>();
      for (const [path, about] of documents) hashes.set(path, (await this.#document(path, about)).hash);
      for (const [path, { hash }] of further) hashes.set(path, hash);
      return sendJson(exchange, 200, openApiV3Index(hashes), indexContentType);
    }
    const path = rest.join('/');
    const about = documents.get(path);
    const far = further.get(path);
    if (!about && !far) return sendNothing(exchange, 404);
    if (!acceptsJson(exchange.request.headers.accept)) return sendNothing(exchange, 406);
    if (far) exchange.response.setHeader('vary', 'Accept');
    if (far) return sendBytes(exchange, 200, 'application/json', far.bytes);
    const document = await this.#document(path, about as About);
    const asked = query.get('hash');
    if (asked && asked !== document.hash) return sendElsewhere(exchange, `/openapi/v3/${path}?hash=${document.hash}`);
    if (asked) exchange.response.setHeader('cache-control', 'public, immutable');
    return sendDocument(exchange, document, 'application/json');
  }

  /** `api/v1`, `apis/apps/v1` → their kinds. */
  groupVersions(): Map<string, KindDefinition[]> {
    return Map.groupBy(this.#api.kinds.all, (kind) => `${kind.group ? 'apis' : 'api'}/${apiVersionOf(kind)}`);
  }

  /** By path without slashes around it. */
  #documents(): Map<string, About> {
    const documents = new Map<string, About>();
    for (const [path, operations] of Object.entries(this.#operations()))
      documents.set(path.slice(1, -1), { operations: { [path]: operations } });
    for (const [path, kinds] of this.groupVersions()) documents.set(path, { kinds });
    return documents;
  }

  #operations(): Operations {
    return { ...groupOperations([...new Set(this.#api.kinds.all.map(({ group }) => group))]), ...serverOperations() };
  }

  #document(path: string, about: About): Promise<KeptDocument> {
    const kinds = 'kinds' in about ? about.kinds : [];
    const known = this.#v3.get(path);
    if (known && known.kinds.length === kinds.length && known.kinds.every((kind, i) => kind === kinds[i])) return known.document;
    const document = this.#make(about);
    this.#v3.set(path, { kinds, document });
    // Who asks next tries again.
    document.catch(() => this.#v3.delete(path));
    return document;
  }

  async #make(about: About): Promise<KeptDocument> {
    const describe = await loadDescriptions();
    // One a turn of the event loop: all of them together would keep everybody else waiting.
    await nextTurn();
    const made =
      'kinds' in about ? openApiV3Document(about.kinds, version, describe) : openApiV3PathDocument(about.operations, version, describe);
    return keptDocument(await made);
  }
}

/** As Kubernetes says of its index, without meaning to. */
const indexContentType = 'text/plain; charset=utf-8';

/** With whatever parameters. */
function acceptsJson(accept: string | undefined): boolean {
  return negotiate(accept?.replaceAll(/;[^,]*/g, ''), { formats: ['json'], tables: [], converts: false }) !== undefined;
}

function sendNothing({ response }: Exchange, code: number): void {
  response.writeHead(code, { 'cache-control': 'no-cache, private', 'content-length': 0 });
  response.end();
}

function sendElsewhere({ response }: Exchange, location: string): void {
  response.writeHead(301, { 'cache-control': 'no-cache, private', vary: 'Accept', location, 'content-length': 0 });
  response.end();
}

/** Nothing of it, where the client has it already. */
async function sendDocument({ request, response }: Exchange, document: KeptDocument, contentType: string): Promise<void> {
  const isGzipped = acceptsGzip(request);
  const etag = `"${document.hash}"`;
  const headers: Record<string, string | number> = { etag, vary: 'Accept-Encoding, Accept' };
  if (!response.hasHeader('cache-control')) headers['cache-control'] = 'no-cache, private';
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  const body = isGzipped ? document.gzipped : await wholeDocument(document);
  if (response.destroyed) return;
  response.writeHead(200, {
    ...headers,
    'content-type': contentType,
    'content-length': body.length,
    ...(isGzipped && { 'content-encoding': 'gzip' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
