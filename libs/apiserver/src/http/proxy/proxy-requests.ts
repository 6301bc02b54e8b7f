// pods/proxy, services/proxy and nodes/proxy: HTTP, and what it is upgraded to, passed on through the tunnel of a node. A client or a far
// side that goes away ends the exchange at both of its ends.

import type { Clock } from '@berth/telemetry';
import type { ApiServer } from '../../core/api-server.ts';
import { streamOptions } from '../../core/pod-connection.ts';
import { type FarRequest, unreachable } from '../../core/webhooks/index.ts';
import { allowBody } from '../body-reader.ts';
import { refuseDryRun } from '../query-options.ts';
import { resourceCall } from '../resource-call.ts';
import { wrongMethod } from '../responses.ts';
import type { ServedResource, StreamAnswers } from '../routes.ts';
import type { Upgraded } from '../upgraded.ts';
import { EarlyBytes, switchedSockets } from '../upgraded-socket.ts';
import { passLastAnswer } from './last-answer.ts';
import { passAnswer } from './passed-answer.ts';
import { rawAnswerHead, requestHeaders } from './proxied-headers.ts';
import { type ProxyPath, proxyPath } from './proxy-path.ts';

/** Of these, whoever has every verb may send others as well; but nothing here knows what they mean. */
const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

interface Passed {
  far: FarRequest;
  place: ProxyPath;
  /** The far side, as its own links name it. */
  host: string;
}

export class ProxyRequests implements StreamAnswers {
  readonly resources = ['pods', 'services', 'nodes'];
  readonly #api: ApiServer;
  readonly #clock: Clock;

  constructor(api: ApiServer, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Resolves when the answer has been passed on, or what was upgraded to is over. @throws StatusError before that has begun */
  serve(asked: ServedResource): Promise<void> {
    const { upgraded } = asked;
    return upgraded ? this.#upgrade(asked, upgraded) : this.#serve(asked);
  }

  async #serve(asked: ServedResource): Promise<void> {
    const { request, response, audit } = asked;
    const passed = await this.#pass(asked, {});
    if (!passed) return redirect(asked);
    const { far, place, host } = passed;
    try {
      allowBody(asked);
      request.pipe(far.body);
      const { message, switched } = await far.answer;
      if (switched) throw unreachable('error trying to reach service: it switched protocols unasked');
      const page = { base: place.base, farHost: host, askedHost: request.headers.host ?? '' };
      await passAnswer({ message, response, method: request.method, page, begun: (code) => audit?.started(code) });
    } finally {
      far.close();
    }
  }

  async #upgrade(asked: ServedResource, upgraded: Upgraded): Promise<void> {
    const { request, audit } = asked;
    const { socket } = upgraded;
    const early = new EarlyBytes(socket, upgraded.head);
    const passed = await this.#pass(asked, { connection: 'Upgrade', upgrade: request.headers.upgrade ?? '' });
    if (!passed) return;
    const { far } = passed;
    try {
      far.body.end();
      const { message, switched } = await far.answer;
      if (!switched) return await passLastAnswer(asked, upgraded, message);
      await upgraded.begun(101, audit);
      socket.write(rawAnswerHead(message), 'latin1');
      await switchedSockets({ near: socket, early: early.handOver(), far: switched.stream, head: switched.head, clock: this.#clock });
    } finally {
      far.close();
    }
  }

  /** Undefined for what has to be asked for with a slash at the end. */
  async #pass(asked: ServedResource, more: Record<string, string>): Promise<Passed | undefined> {
    const { request, verb, signal } = asked;
    const { method = 'GET' } = request;
    if (!methods.includes(method)) throw wrongMethod();
    refuseDryRun(new URL(request.url ?? '', 'http://proxy').searchParams);
    const place = proxyPath(request.url ?? '');
    const call = resourceCall(this.#api, asked);
    const { host, request: send } = await this.#api.pass(call, verb, streamOptions(`${call.kind.kind}ProxyOptions`, { path: place.rest }));
    // An upgrade does not care, as relative links are no part of it.
    if (place.isBare && verb === 'get' && more.upgrade === undefined) return undefined;
    const headers = { ...requestHeaders(request, place.base, place.rest), ...more };
    return { far: await send({ method, path: place.rest, headers, signal }), place, host };
  }
}

/** What is relative in the far side's pages has the proxy itself as its base. */
function redirect({ request, response }: ServedResource): void {
  const [path = '', query] = (request.url ?? '').split(/\?(.*)/s);
  response.writeHead(301, { location: `${path}/${query === undefined ? '' : `?${query}`}`, 'content-length': 0 }).end();
}
