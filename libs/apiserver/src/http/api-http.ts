// One HTTP request from its first byte to its last: who asks, what for, the answer, and the count of it. Nothing a client
// sends may end in anything but an answer, and no failure here may end the process.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Status, StatusError } from '@berth/machinery';
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { Tracer } from '@berth/telemetry/tracing';
import type { Auditor } from '../audit/auditor.ts';
import { TracedRecord } from '../audit/traced-record.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import { impersonated, isImpersonating } from '../authentication/impersonation.ts';
import { anonymous } from '../authentication/names.ts';
import type { ApiServer } from '../core/api-server.ts';
import { timed } from '../core/latency.ts';
import { MalformedPath } from '../core/request-info.ts';
import type { ServedRequest, ServedResponse } from '../core/served-message.ts';
import type { User } from '../core/types.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { BodyReader, discarded } from './body-reader.ts';
import type { DashboardPaths } from './dashboard/paths.ts';
import { OpenRequests } from './open-requests.ts';
import { isLongRunning, type ParsedRequest, parsedRequest } from './parsed-request.ts';
import { checkTimeout } from './query-options.ts';
import { RequestCounts } from './request-counts.ts';
import { requestSpan } from './request-span.ts';
import { type Exchange, failureOf, sendError, sendMalformed } from './responses.ts';
import type { Routes } from './routes.ts';
import { Upgraded } from './upgraded.ts';

export interface ApiHttpOptions {
  api: ApiServer;
  authenticator: Authenticator;
  routes: Routes;
  dashboard: DashboardPaths;
  flowControl: FlowControl;
  /** Absent without an audit policy. */
  auditor?: Auditor | undefined;
  metrics: ApiMetrics;
  clock: Clock;
  random: Random;
  logger: Logger;
  tracer?: Tracer | undefined;
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
  isForOthers({ url = '' }: ServedRequest): boolean {
    return this.#options.routes.other((url.split('?', 1)[0] ?? '').split('/').slice(1)) !== undefined;
  }

  /** Ends watches and streams, and asks clients to leave with their next answer. */
  stop(): void {
    this.#stopping = true;
    this.#open.stop();
  }

  /** Never rejects. */
  async handle(request: ServedRequest, response: ServedResponse): Promise<void> {
    const { clock, logger } = this.#options;
    // A reset connection is no news; without a listener it would end the process.
    request.on('error', (error) => logger.debug('a request broke off', { error }));
    response.on('error', (error) => logger.debug('an answer broke off', { error }));
    await this.#whole({ request, response, auditId: this.#auditId(request), bodyWarnings: [], startMs: clock.monotonicMs() });
    // What is left of its body is not read for ever.
    if (!request.complete) clock.after(unreadMsMax, () => request.complete || request.destroy());
  }

  /** For what wants to switch protocols: streams of pods, watches over WebSockets, what is behind proxies. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { clock, logger } = this.#options;
    socket.on('error', (error) => logger.debug('a stream’s connection broke', { error }));
    const upgraded = new Upgraded(request, socket, head);
    const { response } = upgraded;
    await this.#whole({ request, response, upgraded, auditId: this.#auditId(request), startMs: clock.monotonicMs() });
  }

  /** From its head to its end, whatever it is answered with. Never rejects. */
  async #whole(exchange: Exchange & Asked): Promise<void> {
    const { logger } = this.#options;
    const { request, response, upgraded } = exchange;
    const controller = this.#open.track();
    if (upgraded) upgraded.socket.once('close', () => this.#open.untrack(controller));
    else response.once('close', () => this.#open.untrack(controller, response.writableFinished));
    try {
      await this.#handle(exchange, controller.signal);
    } catch (error) {
      logger.error('a request could not be brought to its end', { method: request.method, url: request.url, error });
      cutOff(exchange);
    }
  }

  async #handle(exchange: Exchange & Asked, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const { request, response, upgraded } = exchange;
    if (this.#stopping) response.setHeader('connection', 'close');
    response.setHeader('audit-id', exchange.auditId);
    let parsed: ParsedRequest | undefined;
    try {
      parsed = parsedRequest(request);
      if (!isLongRunning(parsed)) checkTimeout(parsed.query);
      await this.#answer(exchange, parsed, signal);
    } catch (error) {
      const status = failureOf(exchange, error);
      this.#logFailure('a request failed', request, error);
      if (!upgraded) await discarded(request, clock);
      await sendFailure(exchange, error, status).catch((late) => {
        logger.debug('an error could not be sent', { error: late });
        // Its client would wait for an answer that does not come.
        cutOff(exchange);
      });
    }
    const code = upgraded?.code ?? response.statusCode;
    if (upgraded && exchange.audit) await closed(upgraded.socket);
    await exchange.audit?.ended(code);
    this.#counts.done(request, parsed, code, clock.monotonicMs() - exchange.startMs);
  }

  async #answer(exchange: Exchange & Asked, parsed: ParsedRequest, signal: AbortSignal): Promise<void> {
    const { api, dashboard, routes } = this.#options;
    const { segments, query, attributes } = parsed;
    if (segments[0] === 'ui' && !exchange.upgraded) return dashboard.serve(exchange, segments.slice(1));
    const user = await this.#user(exchange, parsed);
    // Clients of registries show who they are only when asked.
    if (user === anonymous && (await routes.isOfImages(segments))) throw StatusError.unauthorized();
    await api.authorize(user, attributes, exchange.audit);
    const route = routes.find(exchange, parsed);
    const body = route.readsBody ? await this.#bodies.read(exchange, user.name) : noBody;
    const serve = (begun?: () => void) => route.serve({ ...exchange, segments, query, attributes, user, signal, body: body.bytes, begun });
    // Released in any case: whoever waited for a seat in vain waits no more.
    return this.#inTurn({ exchange, parsed, user, signal }, serve, body.release).finally(body.release);
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
    const { auditor, clock, tracer } = this.#options;
    const authenticationMs = clock.monotonicMs() - startMs;
    const told = path && verb ? verb : (request.method ?? 'GET').toLowerCase();
    asked.audit = await auditor?.begin({ request, auditId, verb: told, path, user, impersonatedUser, startMs });
    const span = tracer && requestSpan(tracer, { request, auditId, path, user: impersonatedUser ?? user, startMs });
    if (span?.context.isSampled) asked.audit = new TracedRecord(span, tracer as Tracer, asked.audit);
    asked.audit?.spent('authentication', authenticationMs);
  }

  /** What the audit log knows a request by, and its client. */
  #auditId({ headers }: ServedRequest): string {
    const given = headers['audit-id'];
    return typeof given === 'string' && given !== '' && given.length <= auditIdLengthMax ? given : this.#options.random.uuid();
  }

  /** What is our fault, in full; what a client or a node can bring about at will, in a line and no louder than a warning. */
  #logFailure(message: string, { method, url }: ServedRequest, error: unknown): void {
    const { logger } = this.#options;
    if (!(error instanceof StatusError)) logger.error(message, { method, url, error });
    else if ((error.status.code ?? 500) >= 500) logger.warn(message, { method, url, reason: error.message });
  }
}

async function sendFailure(exchange: Exchange, error: unknown, status: Status): Promise<void> {
  if (error instanceof MalformedPath) sendMalformed(exchange);
  else await sendError(exchange, status);
}

/** Resolves when nothing more can come or go. */
function closed(socket: Duplex): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.once('close', resolve));
}

function cutOff({ response, upgraded }: Pick<Exchange, 'response' | 'upgraded'>): void {
  if (upgraded) upgraded.socket.destroy();
  else response.destroy();
}
