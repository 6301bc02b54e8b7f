// What a kubelet serves over HTTP, for `nodes/proxy`: the control plane has authorized whoever asks, and each request comes through a
// tunnel of the node's own session. Nothing listens on a port.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { StatusError } from '@berth/machinery';
import { type Tunnel, tunnelStream } from '@berth/protocol';
import type { Runtime } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { NodeHealth } from '../node/node-object.ts';
import type { HostCounters } from '../node/usage-reporter.ts';
import type { VolumeManager } from '../volumes/volume-manager.ts';
import { type CgroupSources, cadvisorMetrics } from './cadvisor-metrics.ts';
import { type LogSources, serveContainerLog } from './container-logs.ts';
import { type KubeletSettings, kubeletConfiguration } from './kubelet-configuration.ts';
import { measuredUsage, type NodeUsage, type UsageSources } from './node-usage.ts';
import { resourceMetrics } from './resource-metrics.ts';
import { runCommand } from './run-command.ts';
import { serveSnapshotArchive } from './snapshot-archives.ts';
import { statsSummary } from './stats-summary.ts';

export interface NodeHttpSources extends LogSources, UsageSources {
  runtime: Runtime;
  settings(): KubeletSettings;
  health(): Promise<NodeHealth>;
  hostCounters(): Promise<HostCounters>;
  snapshots: Pick<VolumeManager, 'readSnapshot' | 'writeSnapshot'>;
  /** Of the agent itself, in the text format of Prometheus. */
  metrics(): Promise<string>;
  cgroups: CgroupSources;
  /** Of the machine, in the text format of Prometheus. */
  machine(): Promise<string>;
  clock: Clock;
  logger: Logger;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  /** What follows the route's own path. */
  rest: string[];
}

interface Route {
  methods: readonly string[];
  /** How many segments follow; default none. */
  rest?: number;
  serve(exchange: Exchange): Promise<void>;
}

const reads = ['GET', 'HEAD'];
const headerTimeoutMs = 30_000;
const prometheusText = 'text/plain; version=0.0.4; charset=utf-8';

export class NodeHttp {
  readonly #sources: NodeHttpSources;
  readonly #server: Server;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(sources: NodeHttpSources) {
    this.#sources = sources;
    this.#routes = this.#allRoutes();
    this.#server = createServer(
      { headersTimeout: headerTimeoutMs, requestTimeout: 0 },
      (request, response) => void this.#answer(request, response),
    );
  }

  /** Resolves when the connection is over. */
  async serve(tunnel: Tunnel): Promise<void> {
    const stream = tunnelStream(tunnel, 'server');
    stream.on('error', (error) => this.#sources.logger.debug('a connection to the node broke', { error }));
    const closed = new Promise<void>((resolve) => void stream.once('close', resolve));
    this.#server.emit('connection', stream);
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://node');
      const { route, rest } = this.#route(pathname);
      if (!route.methods.includes(request.method ?? '')) throw new StatusError(405, 'MethodNotAllowed', '405: Method Not Allowed');
      await route.serve({ request, response, query, rest });
    } catch (error) {
      if (!(error instanceof StatusError)) this.#sources.logger.warn('a request to the node failed', { url: request.url, error });
      if (response.headersSent) response.destroy();
      else send(response, `${(error as Error).message}\n`, undefined, error instanceof StatusError ? (error.status.code ?? 500) : 500);
    }
  }

  /** @throws StatusError NotFound */
  #route(pathname: string): { route: Route; rest: string[] } {
    const segments = pathname.split('/').filter((segment) => segment !== '');
    for (let length = segments.length; length > 0; length--) {
      const route = this.#routes.get(segments.slice(0, length).join('/'));
      const rest = segments.slice(length);
      if (route && rest.length === (route.rest ?? 0)) return { route, rest: rest.map(decodeSegment) };
    }
    throw new StatusError(404, 'NotFound', '404 page not found');
  }

  #allRoutes(): Map<string, Route> {
    const { metrics, machine, pods, settings, runtime } = this.#sources;
    const text = (make: () => Promise<string>): Route => ({
      methods: reads,
      serve: async ({ response }) => send(response, await make(), prometheusText),
    });
    const json = (make: () => unknown): Route => ({
      methods: reads,
      serve: async ({ response }) => send(response, JSON.stringify(await make()), 'application/json'),
    });
    const run: Route = {
      methods: ['POST'],
      rest: 3,
      serve: async ({ response, rest, query }) => send(response, await runCommand(runtime, this.#sources, rest, query)),
    };
    return new Map([
      ['healthz', { methods: reads, serve: ({ response }: Exchange) => this.#healthz(response) }],
      ['pods', json(() => ({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods() }))],
      ['stats/summary', json(async () => statsSummary(await this.#usage()))],
      ['metrics', text(metrics)],
      ['metrics/node', text(machine)],
      ['metrics/resource', text(async () => resourceMetrics(await this.#usage()))],
      ['metrics/cadvisor', text(async () => cadvisorMetrics(await this.#usage(), this.#sources.cgroups))],
      ['configz', json(() => kubeletConfiguration(settings()))],
      ['containerLogs', { methods: reads, rest: 3, serve: (exchange: Exchange) => this.#logs(exchange) }],
      ['run', run],
      ['snapshots', { methods: [...reads, 'POST'], rest: 2, serve: (exchange: Exchange) => this.#snapshots(exchange) }],
    ]);
  }

  async #healthz(response: ServerResponse): Promise<void> {
    const trouble = (await this.#sources.runtime.health()).runtime;
    if (trouble === undefined) send(response, 'ok');
    else send(response, `container runtime is down: ${trouble}\n`, undefined, 500);
  }

  #logs({ request, response, rest, query }: Exchange): Promise<void> {
    return serveContainerLog(this.#sources, rest, query, { request, response });
  }

  #snapshots({ request, response, rest, query }: Exchange): Promise<void> {
    return serveSnapshotArchive(this.#sources.snapshots, rest, query, { request, response });
  }

  async #usage(): Promise<NodeUsage> {
    const { runtime, health, hostCounters } = this.#sources;
    const [stats, state, counters] = await Promise.all([runtime.stats(), health(), hostCounters()]);
    return { ...(await measuredUsage(this.#sources, stats, counters)), health: state };
  }
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw StatusError.badRequest(`${JSON.stringify(segment)} is not percent-encoded as RFC 3986 says`);
  }
}

function send(response: ServerResponse, body: string, contentType = 'text/plain; charset=utf-8', code = 200): void {
  response.writeHead(code, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }).end(body);
}
