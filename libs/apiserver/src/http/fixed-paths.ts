// Everything outside of resources: version, health, metrics, discovery and OpenAPI. Documents that cannot change while the
// process runs are made once, those about kinds again when kinds come or go.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { apiVersionOf, isUserDefined, type KindDefinition } from '@berth/machinery';
import type { TokenIssuer } from '../authentication/service-accounts/token-issuer.ts';
import type { ApiServer } from '../core/api-server.ts';
import * as discovery from '../documents/discovery.ts';
import type { FurtherGroups } from '../documents/further-groups.ts';
import { checkProduced, objectTypes } from './acceptable.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { serveHealth } from './health.ts';
import { historyPath, isHistoryQuery } from './history-path.ts';
import { wantedAggregatedDiscovery } from './media-types.ts';
import { OpenApiPaths } from './openapi-paths.ts';
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
  emulationMajor: '1',
  emulationMinor: '35',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '34',
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
  readonly #openApi: OpenApiPaths;

  constructor(options: FixedPathsOptions) {
    this.#options = options;
    this.#openApi = new OpenApiPaths(options.api, options.further);
  }

  get #kinds(): readonly KindDefinition[] {
    return this.#options.api.kinds.all;
  }

  /** As in Kubernetes, most of them ask for no method. @throws StatusError 404, 405 */
  async serve(exchange: Fixed): Promise<void> {
    const { segments, query } = exchange;
    const [root = '', ...rest] = segments;
    const isHealth = root === 'livez' || root === 'healthz' || root === 'readyz';
    // These are no folders.
    if ((isHealth || root === 'metrics') && /^[^?]*\/(\?|$)/.test(exchange.request.url ?? '')) return sendNoSuchPage(exchange);
    if (isHealth) return serveHealth(exchange, this.#options.api, root, query, rest);
    if (root === 'api' || root === 'apis') return this.#discovery(exchange, root, rest);
    if (root === 'openapi' && rest[0] === 'v3') return this.#openApi.serveV3(exchange, rest.slice(1), query);
    if (root === 'openapi' && rest[0] === 'v2' && rest.length === 1) return this.#openApi.serveV2(exchange);
    if ((root === '' || root === 'index.html') && rest.length === 0) return sendJson(exchange, 200, { paths: this.#paths() });
    const read = this.#readOnly(exchange, root, rest);
    if (!read && root === 'version') throw noSuchPath();
    if (!read) return sendNoSuchPage(exchange);
    const isPosted = exchange.request.method === 'POST' && isHistoryQuery(segments);
    if (!isPosted) requireGet(exchange);
    const produced = producedTypes[root];
    if (produced) checkProduced(exchange.request, [produced]);
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
    if (!isUserDefined(any)) checkProduced(exchange.request, objectTypes);
    return sendNegotiated(exchange, 200, discovery.resourceList(found, apiVersionOf(any)));
  }

  #groups(): discovery.DiscoveredGroup[] {
    return this.#options.further.groups(this.#kinds);
  }

  #discoveryRoot(exchange: Exchange, root: string): Promise<void> {
    if (root === 'api') {
      requireGet(exchange);
      checkProduced(exchange.request, objectTypes);
    }
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
    const versions = new Set([...this.#openApi.groupVersions().keys(), ...this.#options.further.paths()]);
    return [...fixed, ...[...versions].map((path) => `/${path}`)].sort();
  }
}

/** What paths give that have one form alone. */
const producedTypes: Record<string, string | undefined> = {
  version: 'application/json',
  openid: 'application/jwk-set+json',
  '.well-known': 'application/json',
};

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
