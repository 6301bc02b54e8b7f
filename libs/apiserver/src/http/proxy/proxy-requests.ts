// pods/proxy, services/proxy and nodes/proxy: HTTP, and what it is upgraded to, passed on through the tunnel of a node. A client or a far
// side that goes away ends the exchange at both of its ends.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '@berth/machinery';
import { tunnelStream } from '@berth/protocol';
import type { Clock, Random } from '@berth/telemetry';
import type { ApiServer } from '../../core/api-server.ts';
import { componentUsers } from '../../core/component-users.ts';
import { streamOptions } from '../../core/pod-connection.ts';
import type { User } from '../../core/types.ts';
import { unreachable } from '../../core/webhooks/index.ts';
import { allowBody } from '../body-reader.ts';
import type { ResourcePath } from '../request-info.ts';
import { type Exchange, noSuchPath } from '../responses.ts';
import { EarlyBytes, switchedSockets } from '../upgraded-socket.ts';
import { FarRequest } from './far-request.ts';
import { passLastAnswer } from './last-answer.ts';
import { passAnswer } from './passed-answer.ts';
import { rawAnswerHead, requestHeaders } from './proxied-headers.ts';
import { type ProxyPath, proxyPath } from './proxy-path.ts';
import { proxyTarget } from './proxy-target.ts';

const verbs: Record<string, string> = {
  GET: 'get',
  HEAD: 'get',
  // No role names it, so only those with every verb may.
  OPTIONS: '',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

interface Asked {
  request: IncomingMessage;
  path: ResourcePath;
  user: User;
  signal: AbortSignal;
  audit?: Exchange['audit'];
}

interface ProxyUpgrade extends Asked {
  socket: Duplex;
  head: Buffer;
  /** Called with the answer's code before its first byte. */
  begun(code: number): Promise<void>;
}

interface Passed {
  far: FarRequest;
  place: ProxyPath;
  /** The far side, as its own links name it. */
  host: string;
}

export class ProxyRequests {
  readonly #api: ApiServer;
  readonly #random: Random;
  readonly #clock: Clock;

  constructor(api: ApiServer, random: Random, clock: Clock) {
    this.#api = api;
    this.#random = random;
    this.#clock = clock;
  }

  covers({ group, resource, subresource }: ResourcePath): boolean {
    return group === '' && subresource === 'proxy' && ['pods', 'services', 'nodes'].includes(resource);
  }

  /** Resolves when the answer has been passed on. @throws StatusError before its first byte */
  async serve(exchange: Exchange & Asked): Promise<void> {
    const { request, response, path, user, signal, audit } = exchange;
    const passed = await this.#pass({ request, path, user, signal, audit }, {});
    if (!passed) return redirect(exchange);
    const { far, place, host } = passed;
    try {
      allowBody(exchange);
      request.pipe(far.body);
      const { message, switched } = await far.answer;
      if (switched) throw unreachable('error trying to reach service: it switched protocols unasked');
      const page = { base: place.base, farHost: host, askedHost: request.headers.host ?? '' };
      await passAnswer({ message, response, method: request.method, page, begun: (code) => audit?.started(code) });
    } finally {
      far.close();
    }
  }

  /** Resolves when the answer has been passed on, or what was upgraded to is over. @throws StatusError before that has begun */
  async upgrade(asked: ProxyUpgrade): Promise<void> {
    const { socket, head, request, begun } = asked;
    const early = new EarlyBytes(socket, head);
    const passed = await this.#pass(asked, { connection: 'Upgrade', upgrade: request.headers.upgrade ?? '' });
    if (!passed) return;
    const { far } = passed;
    try {
      far.body.end();
      const { message, switched } = await far.answer;
      if (!switched) return await passLastAnswer(asked, message);
      await begun(101);
      socket.write(rawAnswerHead(message), 'latin1');
      await switchedSockets({ near: socket, early: early.handOver(), far: switched.stream, head: switched.head, clock: this.#clock });
    } finally {
      far.close();
    }
  }

  /** Undefined for what has to be asked for with a slash at the end. */
  async #pass(asked: Asked, more: Record<string, string>): Promise<Passed | undefined> {
    const { request, path, user, signal } = asked;
    const { resource, namespace, name } = path;
    const verb = verbs[request.method ?? 'GET'];
    if (verb === undefined) throw noSuchPath();
    await this.#api.authorize(user, { verb, group: '', resource, subresource: 'proxy', namespace, name }, asked.audit);
    const place = proxyPath(request.url ?? '');
    if (!place) throw StatusError.badRequest(`invalid ${resource.slice(0, -1)} request ${JSON.stringify(name ?? '')}`);
    const kind = this.#api.kinds.require('', 'v1', resource);
    const call = { user, audit: asked.audit, signal, kind, namespace, name: place.name, subresource: 'proxy' };
    await this.#api.admitStream(call, streamOptions(`${kind.kind}ProxyOptions`, { path: place.rest }));
    const client = this.#api.localClient(componentUsers.apiServer);
    const { nodeName, tunnel, host, secure } = await proxyTarget({ client, random: this.#random }, resource, namespace ?? '', place);
    // An upgrade does not care, as relative links are no part of it.
    if (place.isBare && verb === 'get' && more.upgrade === undefined) return undefined;
    const stream = tunnelStream(await this.#api.nodes.open(nodeName, tunnel, signal));
    const headers = { ...requestHeaders(request, place.base, place.rest), ...more };
    const far = new FarRequest(stream, { method: request.method, path: place.rest, headers, secure });
    const close = () => far.close();
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
    return { far, place, host };
  }
}

/** What is relative in the far side's pages has the proxy itself as its base. */
function redirect({ request, response }: Exchange): void {
  const [path = '', query] = (request.url ?? '').split(/\?(.*)/s);
  response.writeHead(301, { location: `${path}/${query === undefined ? '' : `?${query}`}`, 'content-length': 0 }).end();
}
