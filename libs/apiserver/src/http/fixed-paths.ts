// Everything outside of resources: version, health, metrics, discovery and OpenAPI. Documents that cannot change while the
// process runs are made once, those about kinds again when kinds come or go.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadDescriptions } from '@berth/api';
import { apiVersionOf, type KindDefinition, openApiV3Index } from '@berth/machinery';
import type { TokenIssuer } from '../authentication/service-accounts/token-issuer.ts';
import type { ApiServer } from '../core/api-server.ts';
import * as discovery from '../documents/discovery.ts';
import { type Document, openApiV3Document } from '../documents/document-pieces.ts';
import type { FurtherGroups } from '../documents/further-groups.ts';
import { KeptOpenApiV2 } from '../documents/kept-openapi-v2.ts';
import { wantsProtobuf } from '../documents/openapi-v2.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { serveHealth } from './health.ts';
import { historyPath, isHistoryQuery } from './history-path.ts';
import { wantedAggregatedDiscovery } from './media-types.ts';
import {
  type Exchange,
  noSuchPath,
  sendBytes,
  sendJson,
  sendNegotiated,
  sendNoSuchPage,
  sendPieces,
  sendText,
  wrongMethod,
} from './responses.ts';
import type { Served } from './routes.ts';

export const versionInfo = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.0+berth',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: `node ${process.version}`,
  compiler: 'esbuild',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

export interface FixedPathsOptions {
  api: ApiServer;
  metrics: ApiMetrics;
  /** host:port, as discovery tells it. */
  serverAddress: string;
  /** Whose keys others may check service accounts' tokens with. */
  issuer: TokenIssuer;
  further: FurtherGroups;
  monitoring: Monitoring;
}

/** What is there for Prometheus beside the numbers of this process. */
export interface Monitoring {
  /** What the objects of the cluster say about it, in Prometheus' text format. */
  state(): AsyncIterable<Uint8Array>;
  nodeNames(): Promise<string[]>;
  /** What was measured in the last day, asked as Prometheus is; undefined for paths that it does not have. */
  history(
    path: readonly string[],
    parameters: URLSearchParams,
    signal: AbortSignal,
  ): Promise<{ code: number; pieces: Iterable<string> } | undefined>;
}

type Fixed = Pick<Served, 'segments' | 'query' | 'body' | 'signal'> & Exchange;

export class FixedPaths {
  readonly #options: FixedPathsOptions;
  /** Made when first asked for, as nobody may ever ask, and again when the kinds of its group version are others. */
  readonly #openApi = new Map<string, { kinds: KindDefinition[]; document: Promise<Document> }>();
  readonly #openApiV2Document = new KeptOpenApiV2(versionInfo.gitVersion);

  constructor(options: FixedPathsOptions) {
    this.#options = options;
  }

  get #kinds(): readonly KindDefinition[] {
    return this.#options.api.kinds.all;
  }

  /** As in Kubernetes, most of them ask for no method. @throws StatusError 404, 405 */
  async serve(exchange: Fixed): Promise<void> {
    const { segments, query } = exchange;
    const [root = '', ...rest] = segments;
    if (root === 'livez' || root === 'healthz' || root === 'readyz') return serveHealth(exchange, this.#options.api, root, query, rest);
    if (root === 'api' || root === 'apis') return this.#discovery(exchange, root, rest);
    if (root === 'openapi' && rest[0] === 'v3') return this.#serveOpenApi(exchange, rest.slice(1));
    if (root === 'openapi' && rest[0] === 'v2' && rest.length === 1) return this.#openApiV2(exchange);
    if (root === '' && rest.length === 0) return sendJson(exchange, 200, { paths: this.#paths() });
    const read = this.#readOnly(exchange, root, rest);
    if (!read && root === 'version') throw noSuchPath();
    if (!read) return sendNoSuchPage(exchange);
    const isPosted = exchange.request.method === 'POST' && isHistoryQuery(segments);
    if (!isPosted) requireGet(exchange);
    return read();
  }

  #readOnly(exchange: Fixed, root: string, rest: string[]): (() => Promise<void>) | undefined {
    const path = [root, ...rest].join('/');
    if (isHistoryQuery(exchange.segments)) return () => this.#history(exchange);
    const served: Record<string, (() => Promise<void>) | undefined> = {
      version: () => sendJson(exchange, 200, versionInfo),
      metrics: () => this.#metrics(exchange),
      'metrics/state': () => this.#stateMetrics(exchange),
      'metrics/targets': () => this.#targets(exchange),
      'openid/v1/jwks': () => this.#keys(exchange),
      '.well-known/openid-configuration': () => this.#openIdConfiguration(exchange),
    };
    return Object.hasOwn(served, path) ? served[path] : undefined;
  }

  async #keys(exchange: Exchange): Promise<void> {
    exchange.response.setHeader('cache-control', 'public, max-age=3600');
    const keys = Buffer.from(JSON.stringify(await this.#options.issuer.keys.jwks()));
    await sendBytes(exchange, 200, 'application/jwk-set+json', keys);
  }

  /** OpenID Connect Discovery, as far as checkers of tokens need it. */
  async #openIdConfiguration(exchange: Exchange): Promise<void> {
    const { issuer, keys } = this.#options.issuer;
    exchange.response.setHeader('cache-control', 'public, max-age=3600');
    await sendJson(exchange, 200, {
      issuer,
      jwks_uri: `https://${this.#options.serverAddress}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set([...keys.accepted.values()].map((key) => key.algorithm))],
    });
  }

  async #metrics(exchange: Exchange): Promise<void> {
    const { registry } = this.#options.metrics;
    await sendText(exchange, 200, await registry.metrics(), registry.contentType);
  }

  async #stateMetrics(exchange: Exchange): Promise<void> {
    const { metrics, monitoring } = this.#options;
    await sendPieces(exchange, 200, metrics.registry.contentType, { byteLength: undefined, pieces: monitoring.state() });
  }

  async #history(exchange: Fixed): Promise<void> {
    const { request, segments, query, body, signal } = exchange;
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
    const parameters = isForm ? new URLSearchParams([...query, ...new URLSearchParams(body.toString('utf8'))]) : query;
    const answer = await this.#options.monitoring.history(segments.slice(historyPath.length), parameters, signal);
    if (!answer) throw noSuchPath();
    await sendPieces(exchange, answer.code, 'application/json', { byteLength: undefined, pieces: encoded(answer.pieces) });
  }

  /** Nodes as targets, reached through this server: https://prometheus.io/docs/prometheus/latest/http_sd/ */
  async #targets(exchange: Exchange): Promise<void> {
    const { host = this.#options.serverAddress } = exchange.request.headers;
    const names = await this.#options.monitoring.nodeNames();
    const groups = names.map((node) => ({
      targets: [host],
      labels: { node, instance: node, __metrics_path__: `/api/v1/nodes/${node}/proxy/metrics` },
    }));
    await sendJson(exchange, 200, groups);
  }

  #discovery(exchange: Exchange, root: string, rest: string[]): Promise<void> {
    const kinds = this.#kinds;
    const [first, version, ...more] = rest;
    if (first === undefined) return this.#discoveryRoot(exchange, root);
    const group = root === 'api' ? '' : first;
    if (root === 'apis') {
      const served = group && this.#groups().find(({ name }) => name === group);
      if (!served) return sendNoSuchPage(exchange);
      if (version === undefined)
        return sendNegotiated(exchange, 200, { kind: 'APIGroup', apiVersion: 'v1', ...discovery.groupDocument(served) });
    }
    if (more.length > 0) throw noSuchPath();
    const wanted = root === 'api' ? first : version;
    const found = kinds.filter((kind) => kind.group === group && kind.version === wanted);
    const [any] = found;
    if (!any || (root === 'api' && version !== undefined)) throw noSuchPath();
    requireGet(exchange);
    return sendNegotiated(exchange, 200, discovery.resourceList(found, apiVersionOf(any)));
  }

  #groups(): discovery.DiscoveredGroup[] {
    return this.#options.further.groups(this.#kinds);
  }

  #discoveryRoot(exchange: Exchange, root: string): Promise<void> {
    if (root === 'api') requireGet(exchange);
    const groups = this.#groups().filter(({ name }) => (name === '') === (root === 'api'));
    const form = wantedAggregatedDiscovery(exchange.request.headers.accept);
    if (form) {
      exchange.response.setHeader('vary', 'Accept');
      return sendJson(exchange, 200, discovery.aggregated(groups, form), discovery.aggregatedContentType(form));
    }
    return sendNegotiated(
      exchange,
      200,
      root === 'api' ? discovery.coreVersions(this.#options.serverAddress) : discovery.groupList(groups),
    );
  }

  async #openApiV2(exchange: Exchange): Promise<void> {
    exchange.response.setHeader('vary', 'Accept');
    const form = wantsProtobuf(exchange.request.headers.accept) ? 'protobuf' : 'json';
    const { contentType, bytes } = await this.#openApiV2Document.form(this.#kinds, this.#options.further.openApiV2Parts(), form);
    await sendBytes(exchange, 200, contentType, bytes);
  }

  async #serveOpenApi(exchange: Exchange, rest: string[]): Promise<void> {
    const further = this.#options.further.openApiV3();
    if (rest.length === 0) {
      const hashes = new Map<string, string>();
      for (const [path, kinds] of this.#groupVersions()) hashes.set(path, (await this.#document(path, kinds)).hash);
      for (const [path, { hash }] of further) hashes.set(path, hash);
      return sendJson(exchange, 200, openApiV3Index(hashes), indexContentType);
    }
    const path = rest.join('/');
    const far = further.get(path);
    if (far) exchange.response.setHeader('vary', 'Accept');
    if (far) return sendBytes(exchange, 200, 'application/json', far.bytes);
    const kinds = this.#groupVersions().get(path);
    if (!kinds) return sendNothing(exchange);
    exchange.response.setHeader('vary', 'Accept');
    return sendBytes(exchange, 200, 'application/json', (await this.#document(path, kinds)).bytes);
  }

  #document(path: string, kinds: KindDefinition[]): Promise<Document> {
    const known = this.#openApi.get(path);
    if (known && known.kinds.length === kinds.length && known.kinds.every((kind, i) => kind === kinds[i])) return known.document;
    const document = this.#make(kinds);
    this.#openApi.set(path, { kinds, document });
    return document;
  }

  async #make(kinds: KindDefinition[]): Promise<Document> {
    const describe = await loadDescriptions();
    // One a turn of the event loop: all of them together would keep everybody else waiting.
    await nextTurn();
    return openApiV3Document(kinds, versionInfo.gitVersion, describe);
  }

  /** `api/v1`, `apis/apps/v1` → their kinds. */
  #groupVersions(): Map<string, KindDefinition[]> {
    return Map.groupBy(this.#kinds, (kind) => `${kind.group ? 'apis' : 'api'}/${apiVersionOf(kind)}`);
  }

  #paths(): string[] {
    const fixed = [
      '/.well-known/openid-configuration',
      '/api',
      '/apis',
      '/healthz',
      '/livez',
      '/metrics',
      '/metrics/history/api/v1',
      '/metrics/state',
      '/metrics/targets',
      '/openapi/v2',
      '/openapi/v3',
      '/openid/v1/jwks',
      '/readyz',
      '/ui',
      '/version',
    ];
    const versions = new Set([...this.#groupVersions().keys(), ...this.#options.further.paths()]);
    return [...fixed, ...[...versions].map((path) => `/${path}`)].sort();
  }
}

/** As Kubernetes says of its index, without meaning to. */
const indexContentType = 'text/plain; charset=utf-8';

function sendNothing({ response }: Exchange): void {
  response.writeHead(404, { 'cache-control': 'no-cache, private', 'content-length': 0 });
  response.end();
}

function requireGet({ request }: Exchange): void {
  if (request.method !== 'GET') throw wrongMethod();
}

/** Text as bytes; others have the event loop between pieces. */
async function* encoded(pieces: Iterable<string>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    yield Buffer.from(piece);
    await nextTurn();
  }
}
