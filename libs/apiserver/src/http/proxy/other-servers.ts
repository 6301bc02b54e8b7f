// Requests for versions that other servers answer for: passed to them with the user in headers, and their answers back. Who may do what
// within, they say themselves; a client or a server that goes away ends the exchange at both of its ends.
import type { OutgoingHttpHeaders } from 'node:http';
import { StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { OtherServer } from '../../core/other-servers.ts';
import type { ServedRequest } from '../../core/served-message.ts';
import { isLongRunning } from '../parsed-request.ts';
import { type Exchange, sendText } from '../responses.ts';
import type { Served } from '../routes.ts';
import type { Upgraded } from '../upgraded.ts';
import { EarlyBytes, switchedSockets } from '../upgraded-socket.ts';
import { passLastAnswer } from './last-answer.ts';
import { passAnswer } from './passed-answer.ts';
import { rawAnswerHead, requestHeaders } from './proxied-headers.ts';

/** For a request that is no watch or stream, as a whole; Kubernetes gives as much. */
const requestMsMax = 60_000;

export class OtherServersRequests {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  serve(asked: Served, other: OtherServer): Promise<void> {
    return asked.upgraded ? this.#upgrade(asked, asked.upgraded, other) : this.#serve(asked, other);
  }

  /** Resolves when the answer has been passed on, or broken off. @throws StatusError before its first byte */
  async #serve(asked: Served, other: OtherServer): Promise<void> {
    const { response, signal } = asked;
    if (!other.isAvailable) return unavailable(asked, 'service unavailable');
    const limit = new AbortController();
    const timer = isLongRunning(asked) ? undefined : this.#clock.after(requestMsMax, () => limit.abort(timedOut()));
    const done = new AbortController();
    try {
      await this.#pass(asked, other, AbortSignal.any([signal, limit.signal, done.signal]));
    } catch (error) {
      if (response.headersSent) response.destroy();
      else if (limit.signal.aborted) throw limit.signal.reason;
      else await unavailable(asked, worded(error));
    } finally {
      timer?.cancel();
      done.abort();
    }
  }

  async #pass(asked: Served, other: OtherServer, signal: AbortSignal): Promise<void> {
    const { request, response, user, body, audit, begun } = asked;
    const path = request.url ?? '/';
    const { 'content-length': _length, 'transfer-encoding': _coding, ...headers } = passedHeaders(request);
    const hasBody = body.length > 0 || ['POST', 'PUT', 'PATCH'].includes(request.method ?? '');
    const framed = hasBody ? { ...headers, 'content-length': body.length } : headers;
    // As in Go, only what may be sent again goes over a connection that may have ended unnoticed.
    const keeps = !isLongRunning(asked) && !hasBody && (request.method === 'GET' || request.method === 'HEAD');
    const send = async (isKept: boolean) => {
      const far = await other.request(user, { method: request.method, path, headers: framed, signal, keeps: isKept });
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
  async #upgrade(asked: Served, upgraded: Upgraded, other: OtherServer): Promise<void> {
    const { request, user, audit } = asked;
    const { socket, head } = upgraded;
    if (!other.isAvailable) throw new StatusError(503, 'ServiceUnavailable', 'service unavailable');
    const early = new EarlyBytes(socket, head);
    const done = new AbortController();
    const signal = AbortSignal.any([asked.signal, done.signal]);
    const path = request.url ?? '/';
    const headers = { ...passedHeaders(request), connection: 'Upgrade', upgrade: request.headers.upgrade ?? '' };
    try {
      const far = await other.request(user, { method: request.method, path, headers, signal });
      far.body.end();
      const { message, switched } = await far.answer;
      if (!switched) return await passLastAnswer(asked, upgraded, message);
      await upgraded.begun(101, audit);
      socket.write(rawAnswerHead(message), 'latin1');
      await switchedSockets({ near: socket, early: early.handOver(), far: switched.stream, head: switched.head, clock: this.#clock });
    } catch (error) {
      throw error instanceof StatusError ? error : new StatusError(503, 'ServiceUnavailable', worded(error));
    } finally {
      done.abort();
    }
  }
}

function passedHeaders(request: ServedRequest): OutgoingHttpHeaders {
  const { host: _host, ...passed } = requestHeaders(request, '', request.url ?? '/');
  return passed;
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
