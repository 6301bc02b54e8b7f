// Requests for versions that other servers answer for: passed to them with the user in headers, and their answers back. Who may do what
// within, they say themselves; a client or a server that goes away ends the exchange at both of its ends.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { User } from '../core/types.ts';
import { passLastAnswer } from '../http/proxy/last-answer.ts';
import { passAnswer } from '../http/proxy/passed-answer.ts';
import { rawAnswerHead, requestHeaders } from '../http/proxy/proxied-headers.ts';
import { type Exchange, sendText } from '../http/responses.ts';
import { EarlyBytes, switchedSockets } from '../http/upgraded-socket.ts';
import type { AggregatedVersion } from './api-service-table.ts';
import type { FarServers } from './far-servers.ts';
import { userHeaders, withoutUserHeaders } from './user-headers.ts';

/** For a request that is no watch or stream, as a whole; Kubernetes gives as much. */
const requestMsMax = 60_000;

export interface AggregatedRequest extends Exchange {
  target: AggregatedVersion;
  user: User;
  signal: AbortSignal;
  body: Buffer;
  /** Whether it may last for as long as its client wants. */
  isLongRunning: boolean;
  /** Called once the answer has begun. */
  begun?: (() => void) | undefined;
}

export interface AggregatedUpgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  target: AggregatedVersion;
  user: User;
  signal: AbortSignal;
  /** Called with the answer's code before its first byte. */
  begun(code: number): Promise<void>;
}

export class AggregatedRequests {
  readonly #servers: FarServers;
  readonly #clock: Clock;

  constructor(servers: FarServers, clock: Clock) {
    this.#servers = servers;
    this.#clock = clock;
  }

  /** Resolves when the answer has been passed on, or broken off. @throws StatusError before its first byte */
  async serve(asked: AggregatedRequest): Promise<void> {
    const { target, response, signal, isLongRunning } = asked;
    if (!target.isAvailable) return unavailable(asked, 'service unavailable');
    const limit = new AbortController();
    const timer = isLongRunning ? undefined : this.#clock.after(requestMsMax, () => limit.abort(timedOut()));
    const done = new AbortController();
    try {
      await this.#pass(asked, AbortSignal.any([signal, limit.signal, done.signal]));
    } catch (error) {
      if (response.headersSent) response.destroy();
      else if (limit.signal.aborted) throw limit.signal.reason;
      else await unavailable(asked, worded(error));
    } finally {
      timer?.cancel();
      done.abort();
    }
  }

  async #pass(asked: AggregatedRequest, signal: AbortSignal): Promise<void> {
    const { request, response, target, user, body, audit, begun, isLongRunning } = asked;
    const path = request.url ?? '/';
    const { 'content-length': _length, 'transfer-encoding': _coding, ...headers } = passedHeaders(request, user);
    const hasBody = body.length > 0 || ['POST', 'PUT', 'PATCH'].includes(request.method ?? '');
    const framed = hasBody ? { ...headers, 'content-length': body.length } : headers;
    // As in Go, only what may be sent again goes over a connection that may have ended unnoticed.
    const keeps = !isLongRunning && !hasBody && (request.method === 'GET' || request.method === 'HEAD');
    const send = async (isKept: boolean) => {
      const far = await this.#servers.request(target, { method: request.method, path, headers: framed, signal, keeps: isKept });
      far.body.end(body);
      return far;
    };
    const far = await send(keeps);
    const answered = far.answer.catch(async (error: unknown) => {
      if (!far.wasLost || signal.aborted) throw error;
      return (await send(false)).answer;
    });
    const { message, switched } = await answered;
    if (switched) throw new Error('it switched protocols unasked');
    const started = (code: number) => {
      begun?.();
      return audit?.started(code);
    };
    await passAnswer({ message, response, method: request.method, begun: started });
  }

  /** Resolves when the answer has been passed on, or what was upgraded to is over. @throws StatusError before that has begun */
  async upgrade(asked: AggregatedUpgrade): Promise<void> {
    const { request, socket, head, target, user, begun } = asked;
    if (!target.isAvailable) throw new StatusError(503, 'ServiceUnavailable', 'service unavailable');
    const early = new EarlyBytes(socket, head);
    const done = new AbortController();
    const signal = AbortSignal.any([asked.signal, done.signal]);
    const path = request.url ?? '/';
    const headers = { ...passedHeaders(request, user), connection: 'Upgrade', upgrade: request.headers.upgrade ?? '' };
    try {
      const far = await this.#servers.request(target, { method: request.method, path, headers, signal });
      far.body.end();
      const { message, switched } = await far.answer;
      if (!switched) return await passLastAnswer(asked, message);
      await begun(101);
      socket.write(rawAnswerHead(message), 'latin1');
      await switchedSockets({ near: socket, early: early.handOver(), far: switched.stream, head: switched.head, clock: this.#clock });
    } catch (error) {
      throw error instanceof StatusError ? error : new StatusError(503, 'ServiceUnavailable', worded(error));
    } finally {
      done.abort();
    }
  }
}

function passedHeaders(request: IncomingMessage, user: User): OutgoingHttpHeaders {
  const { host: _host, ...passed } = requestHeaders(request, '', request.url ?? '/');
  return { ...withoutUserHeaders(passed), ...userHeaders(user) };
}

function timedOut(): StatusError {
  return StatusError.timeout('Timeout: request did not complete within the allotted timeout');
}

function worded(error: unknown): string {
  // That there is nobody to ask, Kubernetes says no closer.
  if (error instanceof StatusError && error.status.reason === 'NotFound') return 'service unavailable';
  const { message } = error as Error;
  return message.startsWith('error trying to reach service') ? message : `error trying to reach service: ${message}`;
}

/** As Go's http.Error answers. */
async function unavailable(exchange: Exchange, text: string): Promise<void> {
  if (exchange.response.destroyed) return;
  exchange.response.setHeader('x-content-type-options', 'nosniff');
  await sendText(exchange, 503, `${text}\n`);
}
