// One HTTP request from its first byte to its last: who asks, what for, the answer, and the count of it. Nothing a client
// sends may end in anything but an answer, and no failure here may end the process.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '@berth/machinery';
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { Auditor } from '../audit/auditor.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import { impersonated, isImpersonating } from '../authentication/impersonation.ts';
import type { ApiServer } from '../core/api-server.ts';
import { timed } from '../core/latency.ts';
import type { User } from '../core/types.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { type ComputedResources, computedAt } from './computed-resources.ts';
import type { FixedPaths } from './fixed-paths.ts';
import type { PodStreams } from './pod-streams.ts';
import { withoutProxied } from './proxy/proxy-path.ts';
import type { ProxyRequests } from './proxy/proxy-requests.ts';
import { parseResourcePath, pathSegments, type ResourcePath } from './request-info.ts';
import { ResourceRequests } from './resource-requests.ts';
import { addWarning, type Exchange, noSuchPath, sendError, statusOf, wrongMethod } from './responses.ts';
import type { StaticFiles } from './static-files.ts';

export interface ApiHttpOptions {
  api: ApiServer;
  authenticator: Authenticator;
  resources: ResourceRequests;
  fixedPaths: FixedPaths;
  podStreams: PodStreams;
  proxy: ProxyRequests;
  computed: ComputedResources[];
  dashboard: StaticFiles;
  flowControl: FlowControl;
  /** Absent without an audit policy. */
  auditor?: Auditor | undefined;
  metrics: ApiMetrics;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** A request, what it is known by, where it is told of, and when it came (monotonic). */
interface Asked extends Pick<Exchange, 'request' | 'audit'> {
  auditId: string;
  startMs: number;
}

/** Longer identifiers from clients are not taken over. */
const auditIdLengthMax = 64;

/** Who failed to show who they are. */
const nobody: User = { name: '', groups: [] };

/** A request's URL, read. */
interface Parsed {
  segments: string[];
  query: URLSearchParams;
  path: ResourcePath | undefined;
  verb: string | undefined;
}

export class ApiHttp {
  readonly #options: ApiHttpOptions;
  readonly #open = new Set<AbortController>();
  #stopping = false;

  constructor(options: ApiHttpOptions) {
    this.#options = options;
  }

  /** Ends watches and streams, and asks clients to leave with their next answer. */
  stop(): void {
    this.#stopping = true;
    for (const controller of [...this.#open]) controller.abort(new Error('the server is stopping'));
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, logger } = this.#options;
    const startMs = clock.monotonicMs();
    const controller = this.#track();
    response.once('close', () => this.#untrack(controller, response.writableFinished));
    // A reset connection is no news; without a listener it would end the process.
    response.on('error', (error) => logger.debug('an answer broke off', { error }));
    if (this.#stopping) response.setHeader('connection', 'close');
    const exchange: Exchange & Asked = { request, response, auditId: this.#auditId(request), bodyWarnings: [], startMs };
    response.setHeader('audit-id', exchange.auditId);
    let parsed: Parsed | undefined;
    try {
      parsed = parse(request);
      await this.#answer(exchange, parsed, controller.signal);
    } catch (error) {
      const status = statusOf(error);
      this.#logFailure('a request failed', request, error);
      await sendError(exchange, status).catch((late) => logger.debug('an error could not be sent', { error: late }));
    }
    await exchange.audit?.ended(response.statusCode);
    this.#count(parsed, response.statusCode, clock.monotonicMs() - startMs);
  }

  /** For streams of pods and for proxies. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { podStreams, proxy, logger } = this.#options;
    socket.on('error', (error) => logger.debug('a stream’s connection broke', { error }));
    const controller = this.#track();
    socket.once('close', () => this.#untrack(controller));
    const asked: Asked = { request, auditId: this.#auditId(request), startMs: this.#options.clock.monotonicMs() };
    let parsed: Parsed | undefined;
    let code: number | undefined;
    const begun = async (begunCode: number) => {
      code = begunCode;
      await asked.audit?.started(begunCode);
    };
    try {
      parsed = parse(request);
      const user = await this.#user(asked, parsed);
      if (!parsed.path) throw noSuchPath();
      const { path, query } = parsed;
      const upgrade = { request, socket, head, user, path, query, signal: controller.signal, audit: asked.audit };
      await (proxy.covers(path) ? proxy.upgrade({ ...upgrade, begun }) : podStreams.upgrade(upgrade));
      if (code === undefined) await begun(101);
    } catch (error) {
      const status = statusOf(error);
      this.#logFailure('an upgrade failed', request, error);
      // After the answer has begun, only breaking it off can say that it failed.
      if (code !== undefined) socket.destroy();
      else refuseUpgrade(request, socket, status);
      code ??= status.code ?? 500;
      asked.audit?.failed(status);
    }
    const ended = code ?? 500;
    if (socket.closed) await asked.audit?.ended(ended);
    else if (asked.audit)
      socket.once('close', () => asked.audit?.ended(ended).catch((error) => logger.error('an upgrade could not be audited', { error })));
    this.#count(parsed, ended, undefined);
  }

  async #answer(exchange: Exchange & Asked, parsed: Parsed, signal: AbortSignal): Promise<void> {
    const { segments, query, path, verb } = parsed;
    const { request } = exchange;
    if (segments[0] === 'ui') return this.#options.dashboard.serve(exchange, segments.slice(1));
    const user = await this.#user(exchange, parsed);
    if (!path) {
      const method = request.method === 'HEAD' ? 'get' : (request.method ?? 'GET').toLowerCase();
      await this.#options.api.authorize(user, { verb: method, path: `/${segments.join('/')}` }, exchange.audit);
      if (method !== 'get') throw wrongMethod();
      return this.#options.fixedPaths.serve(exchange, segments, query);
    }
    const { group, version, resource, subresource, namespace, name } = path;
    const computed = computedAt(this.#options.computed, path);
    const stored = this.#options.api.kinds.resource(group, version, resource);
    const { deprecation, removedRelease } = computed?.kind ?? stored ?? {};
    if (deprecation) {
      addWarning(exchange.response, deprecation);
      exchange.audit?.deprecated(removedRelease);
    }
    if (computed) return computed.resources.serve({ ...exchange, path, query, user, signal }, computed.kind);
    if (!stored) {
      await this.#options.api.authorize(user, { verb: verb ?? 'get', group, resource, subresource, namespace, name }, exchange.audit);
      throw noSuchPath();
    }
    const incoming = { ...exchange, path, query, user, signal };
    const { podStreams, proxy } = this.#options;
    if (podStreams.covers(path)) return podStreams.refuse(incoming);
    if (proxy.covers(path)) return this.#longRunning(verb ?? '', path, () => proxy.serve(incoming));
    const serve = () => this.#options.resources.handle(incoming, verb);
    if (isLongRunning(verb, path) && verb !== 'watch') return this.#longRunning(verb ?? '', path, serve);
    const seat = await timed(exchange.audit, 'apf-queue-wait', this.#options.clock, () =>
      this.#options.flowControl.admit(user, { verb: verb ?? '', group, resource, subresource, namespace }, signal),
    );
    if (seat) for (const [name, value] of Object.entries(seat.headers)) exchange.response.setHeader(name, value);
    try {
      // A watch keeps its seat until it has begun; then it waits more than it works.
      if (verb !== 'watch') await serve();
      else await this.#longRunning(verb, path, () => this.#options.resources.handle({ ...incoming, begun: () => seat?.release() }, verb));
    } finally {
      seat?.release();
    }
  }

  async #longRunning(verb: string, path: ResourcePath, serve: () => Promise<void>): Promise<void> {
    const done = this.#options.metrics.longRunning(verb, path.resource);
    try {
      await serve();
    } finally {
      done();
    }
  }

  /** Who asks, or who it asks for. From here on the request is told of in the audit log, also when its user proved nothing. */
  async #user(asked: Asked, parsed: Parsed): Promise<User> {
    const { api, authenticator } = this.#options;
    const { request } = asked;
    let user = nobody;
    try {
      const known = await authenticator.authenticate(request);
      user = known;
      const effective = isImpersonating(request.headers)
        ? await impersonated(known, request.headersDistinct, (attributes) => api.authorize(known, attributes))
        : known;
      await this.#tell(asked, parsed, known, effective === known ? undefined : effective);
      return effective;
    } catch (error) {
      if (!asked.audit) await this.#tell(asked, parsed, user);
      throw error;
    }
  }

  async #tell(asked: Asked, { path, verb }: Parsed, user: User, impersonatedUser?: User): Promise<void> {
    const { request, auditId, startMs } = asked;
    const { auditor, clock } = this.#options;
    const authenticationMs = clock.monotonicMs() - startMs;
    const told = path && verb ? verb : (request.method ?? 'GET').toLowerCase();
    asked.audit = await auditor?.begin({ request, auditId, verb: told, path, user, impersonatedUser, startMs });
    asked.audit?.spent('authentication', authenticationMs);
  }

  /** What the audit log knows a request by, and its client. */
  #auditId({ headers }: IncomingMessage): string {
    const given = headers['audit-id'];
    return typeof given === 'string' && given !== '' && given.length <= auditIdLengthMax ? given : this.#options.random.uuid();
  }

  /** What is our fault, in full; what a client or a node can bring about at will, in a line and no louder than a warning. */
  #logFailure(message: string, { method, url }: IncomingMessage, error: unknown): void {
    const { logger } = this.#options;
    if (!(error instanceof StatusError)) logger.error(message, { method, url, error });
    else if ((error.status.code ?? 500) >= 500) logger.warn(message, { method, url, reason: error.message });
  }

  #track(): AbortController {
    const controller = new AbortController();
    this.#open.add(controller);
    return controller;
  }

  /** An answer that is complete has nothing left to call off. */
  #untrack(controller: AbortController, isComplete = false): void {
    this.#open.delete(controller);
    if (!isComplete) controller.abort(new Error('the client is gone'));
  }

  /** Labels come from what this server has, not from what clients write, so that their number stays bounded. */
  #count(parsed: Parsed | undefined, code: number, durationMs: number | undefined): void {
    const path = parsed?.path;
    const kind = path && this.#options.api.kinds.resource(path.group, path.version, path.resource);
    const known = path?.subresource && [kind?.subresources.other?.map((sub) => sub.name) ?? [], 'status', 'scale'].flat();
    const labels = {
      verb: kind ? (parsed?.verb ?? 'other') : 'other',
      group: kind?.group ?? '',
      resource: kind?.plural ?? '',
      subresource: known?.includes(path?.subresource ?? '') ? (path?.subresource ?? '') : '',
    };
    const long = isLongRunning(parsed?.verb, path);
    this.#options.metrics.requestDone(labels, code, long ? undefined : durationMs);
  }
}

function parse(request: IncomingMessage): Parsed {
  // What is behind a proxy is none of this server's paths.
  const url = withoutProxied(request.url ?? '/')?.resource ?? request.url ?? '/';
  const mark = url.indexOf('?');
  const segments = pathSegments(mark < 0 ? url : url.slice(0, mark));
  if (!segments) throw noSuchPath();
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const path = parseResourcePath(segments);
  return { segments, query, path, verb: path && ResourceRequests.verb(request.method ?? 'GET', path, query) };
}

function isLongRunning(verb: string | undefined, path: ResourcePath | undefined): boolean {
  return (
    verb === 'watch' ||
    path?.subresource === 'proxy' ||
    (path?.resource === 'pods' && ['log', 'exec', 'attach', 'portforward'].includes(path.subresource ?? ''))
  );
}

function refuseUpgrade({ method }: IncomingMessage, socket: Duplex, status: ReturnType<typeof statusOf>): void {
  if (socket.destroyed) return;
  const body = JSON.stringify(status);
  const code = status.code ?? 500;
  const head = `HTTP/1.1 ${code} ${status.reason ?? 'Error'}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(method === 'HEAD' ? head : head + body);
}
