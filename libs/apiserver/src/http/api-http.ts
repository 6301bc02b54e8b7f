// One HTTP request from its first byte to its last: who asks, what for, the answer, and the count of it. Nothing a client
// sends may end in anything but an answer, and no failure here may end the process.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '@berth/machinery';
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { AggregatedVersion, Aggregation } from '../aggregation/index.ts';
import type { Auditor } from '../audit/auditor.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import { impersonated, isImpersonating } from '../authentication/impersonation.ts';
import type { ApiServer } from '../core/api-server.ts';
import { timed } from '../core/latency.ts';
import type { User } from '../core/types.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { BodyReader, discarded } from './body-reader.ts';
import type { FixedPaths } from './fixed-paths.ts';
import { OpenRequests } from './open-requests.ts';
import { hasBody, isLongRunning, mayHaveBody, type ParsedRequest, parsedRequest } from './parsed-request.ts';
import type { PodStreams } from './pod-streams.ts';
import type { ProxyRequests } from './proxy/proxy-requests.ts';
import { refuseUpgrade } from './refused-upgrade.ts';
import { RequestCounts } from './request-counts.ts';
import type { ResourcePath } from './request-info.ts';
import { isServedPart } from './request-labels.ts';
import type { ResourceRequests } from './resource-requests.ts';
import { addWarning, type Exchange, failureOf, noSuchPath, sendError, statusOf, wrongMethod } from './responses.ts';
import type { SocketReads } from './socket-reads.ts';
import type { StaticFiles } from './static-files.ts';

export interface ApiHttpOptions {
  api: ApiServer;
  authenticator: Authenticator;
  resources: ResourceRequests;
  fixedPaths: FixedPaths;
  podStreams: PodStreams;
  socketReads: SocketReads;
  proxy: ProxyRequests;
  /** Versions of the API that other servers answer for. */
  aggregated: Pick<Aggregation, 'find' | 'requests'>;
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

/** For a client to end its body after its answer. */
const unreadMsMax = 10_000;

/** Who failed to show who they are. */
const nobody: User = { name: '', groups: [] };

const noBody = { bytes: Buffer.alloc(0), release() {} };

interface InTurn {
  exchange: Exchange;
  parsed: ParsedRequest;
  user: User;
  signal: AbortSignal;
}

export class ApiHttp {
  readonly #options: ApiHttpOptions;
  readonly #bodies: BodyReader;
  readonly #counts: RequestCounts;
  readonly #open = new OpenRequests();
  #stopping = false;

  constructor(options: ApiHttpOptions) {
    this.#options = options;
    this.#bodies = new BodyReader(options.clock);
    this.#counts = new RequestCounts(options);
  }

  /** Whether another server answers, which may upgrade whatever it likes. */
  isForOthers({ url = '' }: IncomingMessage): boolean {
    return this.#options.aggregated.find((url.split('?', 1)[0] ?? '').split('/').slice(1)) !== undefined;
  }

  /** Ends watches and streams, and asks clients to leave with their next answer. */
  stop(): void {
    this.#stopping = true;
    this.#open.stop();
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, logger } = this.#options;
    // A reset connection is no news; without a listener it would end the process.
    request.on('error', (error) => logger.debug('a request broke off', { error }));
    response.on('error', (error) => logger.debug('an answer broke off', { error }));
    const startMs = clock.monotonicMs();
    try {
      await this.#handle({ request, response, auditId: this.#auditId(request), bodyWarnings: [], startMs });
    } catch (error) {
      logger.error('a request could not be brought to its end', { method: request.method, url: request.url, error });
      response.destroy();
    }
    // What is left of its body is not read for ever.
    if (!request.complete) clock.after(unreadMsMax, () => request.complete || request.destroy());
  }

  async #handle(exchange: Exchange & Asked): Promise<void> {
    const { clock, logger } = this.#options;
    const { request, response } = exchange;
    const controller = this.#open.track();
    response.once('close', () => this.#open.untrack(controller, response.writableFinished));
    if (this.#stopping) response.setHeader('connection', 'close');
    response.setHeader('audit-id', exchange.auditId);
    let parsed: ParsedRequest | undefined;
    try {
      parsed = parsedRequest(request);
      await this.#answer(exchange, parsed, controller.signal);
    } catch (error) {
      const status = failureOf(exchange, error);
      this.#logFailure('a request failed', request, error);
      await discarded(request, clock);
      await sendError(exchange, status).catch((late) => logger.debug('an error could not be sent', { error: late }));
    }
    await exchange.audit?.ended(response.statusCode);
    this.#counts.done(request, parsed, response.statusCode, clock.monotonicMs() - exchange.startMs);
  }

  /** For streams of pods, what is read over WebSockets, and proxies. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { podStreams, socketReads, proxy, logger, aggregated, api } = this.#options;
    socket.on('error', (error) => logger.debug('a stream’s connection broke', { error }));
    const controller = this.#open.track();
    socket.once('close', () => this.#open.untrack(controller));
    const asked: Asked = { request, auditId: this.#auditId(request), startMs: this.#options.clock.monotonicMs() };
    let parsed: ParsedRequest | undefined;
    let code: number | undefined;
    const begun = async (begunCode: number) => {
      code = begunCode;
      await asked.audit?.started(begunCode);
    };
    try {
      parsed = parsedRequest(request);
      const user = await this.#user(asked, parsed);
      const { path, query, attributes, segments } = parsed;
      const more = { request, socket, head, user, query, attributes, signal: controller.signal, audit: asked.audit };
      const target = aggregated.find(segments);
      if (target) await api.authorize(user, attributes, asked.audit);
      else if (!path || path.isLonger) throw noSuchPath();
      const upgrade = { ...more, path: path as ResourcePath };
      if (target) await aggregated.requests.upgrade({ ...more, target, begun });
      else if (proxy.covers(upgrade.path)) await proxy.upgrade({ ...upgrade, begun });
      else if (socketReads.covers(upgrade.path, attributes)) await socketReads.upgrade(upgrade);
      else await podStreams.upgrade(upgrade);
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
    this.#counts.done(request, parsed, ended, undefined);
  }

  async #answer(exchange: Exchange & Asked, parsed: ParsedRequest, signal: AbortSignal): Promise<void> {
    const { segments, query, path, attributes } = parsed;
    if (segments[0] === 'ui') return this.#options.dashboard.serve(exchange, segments.slice(1));
    const user = await this.#user(exchange, parsed);
    const { api, podStreams, proxy, resources, fixedPaths, aggregated } = this.#options;
    const far = aggregated.find(segments);
    if (far) return this.#passFar(far, { exchange, parsed, user, signal });
    const isStream = path && podStreams.covers(path);
    // These know more about what is to be allowed.
    if (path && (isStream || proxy.covers(path))) {
      const asked = { ...exchange, path, query, attributes, user, signal };
      return isStream ? podStreams.refuse(asked) : this.#longRunning(exchange, parsed, () => proxy.serve(asked));
    }
    await api.authorize(user, attributes, exchange.audit);
    if (!path) {
      if (attributes.verb !== 'get') throw wrongMethod();
      return this.#inTurn({ exchange, parsed, user, signal }, () => fixedPaths.serve(exchange, segments, query));
    }
    if (path.isLonger) throw noSuchPath();
    const kind = api.kinds.require(path.group, path.version, path.resource);
    if (kind.deprecation && isServedPart(kind, path.subresource)) {
      addWarning(exchange.response, kind.deprecation);
      exchange.audit?.deprecated(kind.removedRelease);
    }
    const body = hasBody(attributes) ? await this.#bodies.read(exchange, user.name) : noBody;
    const asked = { ...exchange, path, query, user, signal, body: body.bytes, verb: attributes.verb };
    const serve = (begun?: () => void) => resources.handle({ ...asked, begun });
    // Released in any case: whoever waited for a seat in vain waits no more.
    return this.#inTurn({ exchange, parsed, user, signal }, serve, body.release).finally(body.release);
  }

  /** To the server that answers for it, which has its own say about what is allowed within. */
  async #passFar(target: AggregatedVersion, asked: InTurn): Promise<void> {
    const { exchange, parsed, user, signal } = asked;
    await this.#options.api.authorize(user, parsed.attributes, exchange.audit);
    const body = mayHaveBody(exchange.request) ? await this.#bodies.read(exchange, user.name) : noBody;
    const passed = { ...exchange, target, user, signal, body: body.bytes, isLongRunning: isLongRunning(parsed) };
    const serve = (begun?: () => void) => this.#options.aggregated.requests.serve({ ...passed, begun });
    return this.#inTurn(asked, serve, body.release).finally(body.release);
  }

  /** Once it has a seat; streams that only wait need none, and a watch keeps its own until it has begun. */
  async #inTurn(
    { exchange, parsed, user, signal }: InTurn,
    serve: (begun?: () => void) => Promise<void>,
    seated?: () => void,
  ): Promise<void> {
    const { flowControl, clock } = this.#options;
    const isWatch = parsed.attributes.verb === 'watch';
    if (!isWatch && isLongRunning(parsed)) return this.#longRunning(exchange, parsed, serve);
    const seat = await timed(exchange.audit, 'apf-queue-wait', clock, () => flowControl.admit(user, parsed.attributes, signal));
    seated?.();
    if (seat) for (const [name, value] of Object.entries(seat.headers)) exchange.response.setHeader(name, value);
    try {
      if (isWatch) await this.#longRunning(exchange, parsed, () => serve(() => seat?.release()));
      else await serve(() => seat?.release());
    } finally {
      seat?.release();
    }
  }

  async #longRunning({ request }: Pick<Exchange, 'request'>, parsed: ParsedRequest, serve: () => Promise<void>): Promise<void> {
    const done = this.#counts.longRunning(request, parsed);
    try {
      await serve();
    } finally {
      done();
    }
  }

  /** Who asks, or who it asks for. From here on the request is told of in the audit log, also when its user proved nothing. */
  async #user(asked: Asked, parsed: ParsedRequest): Promise<User> {
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

  async #tell(asked: Asked, { path, attributes: { verb } }: ParsedRequest, user: User, impersonatedUser?: User): Promise<void> {
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
}
