// pods/proxy, services/proxy and nodes/proxy: HTTP, and what it is upgraded to, passed on to a pod through the tunnel of its node, or to
// the node itself.
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as tlsConnect } from 'node:tls';
import { Node, Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { tunnelStream } from '@berth/protocol';
import type { Random } from '@berth/telemetry';
import type { ApiServer } from '../../core/api-server.ts';
import { componentUsers } from '../../core/component-users.ts';
import { nodeConnection, podConnection } from '../../core/pod-connection.ts';
import type { User } from '../../core/types.ts';
import type { ResourcePath } from '../request-info.ts';
import type { ResourceRequest } from '../resource-requests.ts';
import { type Exchange, noSuchPath } from '../responses.ts';
import { type ProxyPath, proxyPath } from './proxy-path.ts';
import { nodePort, podTarget, serviceTarget, unreachable } from './proxy-target.ts';

/** About one connection, so never passed on (RFC 9110, section 7.6.1); and what proves a client to this server alone. */
const ownHeaders = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer'];
const hopHeaders = new Set([...ownHeaders, 'transfer-encoding', 'upgrade']);
const credentials = ['authorization', 'impersonate-user', 'impersonate-group', 'impersonate-uid'];

const verbs: Record<string, string> = {
  GET: 'get',
  HEAD: 'get',
  OPTIONS: 'get',
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

export class ProxyRequests {
  readonly #api: ApiServer;
  readonly #random: Random;

  constructor(api: ApiServer, random: Random) {
    this.#api = api;
    this.#random = random;
  }

  covers({ group, resource, subresource }: ResourcePath): boolean {
    return group === '' && subresource === 'proxy' && ['pods', 'services', 'nodes'].includes(resource);
  }

  /** Resolves when the answer has been passed on. @throws StatusError before its first byte */
  async serve({ request, response, path, user, signal, audit }: ResourceRequest): Promise<void> {
    const { passed, place } = await this.#pass({ request, path, user, signal, audit }, {});
    request.pipe(passed);
    const answer = await answered(passed);
    await audit?.started(answer.statusCode ?? 502);
    response.writeHead(answer.statusCode ?? 502, answerHeaders(answer.headers, place));
    try {
      await pipeline(answer, response);
    } catch (error) {
      // Half an answer can only be broken off, which pipeline did.
      passed.destroy(error instanceof Error ? error : undefined);
    }
  }

  /** @throws StatusError before the upgrade */
  async upgrade(asked: Asked & { socket: Duplex; head: Buffer }): Promise<void> {
    const { socket, head, request } = asked;
    const { passed } = await this.#pass(asked, { connection: 'Upgrade', upgrade: request.headers.upgrade ?? '' });
    passed.end();
    const [answer, far, farHead] = await upgraded(passed);
    const lines = rawHeaderLines(answer.rawHeaders);
    socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines}\r\n`);
    if (farHead.length > 0) socket.write(farHead);
    if (head.length > 0) far.write(head);
    socket.pipe(far).pipe(socket);
    far.once('error', () => socket.destroy());
    socket.once('close', () => far.destroy());
  }

  async #pass(asked: Asked, more: Record<string, string>): Promise<{ passed: ClientRequest; place: ProxyPath }> {
    const { request, path, user } = asked;
    const { resource, namespace = '', name = '' } = path;
    const verb = verbs[request.method ?? 'GET'];
    if (!verb) throw noSuchPath();
    await this.#api.authorize(
      user,
      { verb, group: '', resource, subresource: 'proxy', namespace: path.namespace, name: path.name },
      asked.audit,
    );
    const place = proxyPath(request.url ?? '');
    if (!place) throw StatusError.badRequest(`invalid ${resource.slice(0, -1)} request ${JSON.stringify(name)}`);
    const { stream, secure } = await this.#connect(resource, namespace, place, asked.signal);
    const passed = httpRequest({
      method: request.method,
      path: place.rest,
      headers: { ...requestHeaders(request), ...more },
      // Nobody can know which names a pod's certificate has; the tunnel itself is authenticated.
      createConnection: () => (secure ? tlsConnect({ socket: stream, rejectUnauthorized: false }) : stream),
    });
    return { passed, place };
  }

  async #connect(resource: string, namespace: string, place: ProxyPath, signal: AbortSignal): Promise<{ stream: Duplex; secure: boolean }> {
    const client = this.#api.localClient(componentUsers.apiServer);
    const secure = place.scheme === 'https';
    if (resource === 'nodes') {
      await client.get(Node, { name: place.name });
      const port = nodePort(place);
      const tunnel = await this.#api.openTunnel(place.name, nodeConnection(port), signal);
      // The way to an agent is encrypted already, whichever scheme is asked for.
      return { stream: tunnelStream(tunnel), secure: secure && port !== 0 };
    }
    const { pod, port } =
      resource === 'services'
        ? await serviceTarget(client, this.#random, namespace, place)
        : podTarget(await client.get(Pod, { namespace, name: place.name }), place);
    const kind = this.#api.kinds.require('', 'v1', 'pods');
    const call = { user: componentUsers.apiServer, kind, namespace, name: pod, subresource: 'portforward', signal };
    return { stream: tunnelStream(await this.#api.connectPod(call, podConnection({ port, stdin: true, stdout: true }))), secure };
  }
}

function requestHeaders({ headers, socket }: IncomingMessage): Record<string, string | string[]> {
  const passed = Object.entries(headers).filter(
    ([name]) => !hopHeaders.has(name) && !credentials.includes(name) && !name.startsWith('impersonate-extra-'),
  );
  const before = headers['x-forwarded-for'];
  const forwarded = [before, socket.remoteAddress].filter((item) => item !== undefined).join(', ');
  return { ...Object.fromEntries(passed), 'x-forwarded-for': forwarded } as Record<string, string | string[]>;
}

/** A redirect within the pod stays behind the proxy. */
function answerHeaders(headers: IncomingHttpHeaders, { base }: ProxyPath): Record<string, string | string[]> {
  const passed = Object.entries(headers).filter(([name]) => !hopHeaders.has(name));
  const shown = Object.fromEntries(passed) as Record<string, string | string[]>;
  const { location } = headers;
  if (location?.startsWith('/') && !location.startsWith('//')) shown.location = base + location;
  return shown;
}

function answered(passed: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    passed.once('response', resolve);
    passed.once('error', (error) => reject(failed(error)));
  });
}

function upgraded(passed: ClientRequest): Promise<[IncomingMessage, Duplex, Buffer]> {
  return new Promise((resolve, reject) => {
    passed.once('upgrade', (answer, socket, head) => resolve([answer, socket, head]));
    passed.once('response', (answer) => {
      answer.resume();
      reject(StatusError.badRequest(`the pod answered ${answer.statusCode} to the upgrade`));
    });
    passed.once('error', (error) => reject(failed(error)));
  });
}

function failed(error: Error): StatusError {
  return unreachable(`error trying to reach service: ${error.message}`);
}

function rawHeaderLines(raw: string[]): string {
  let lines = '';
  for (let index = 0; index + 1 < raw.length; index += 2) lines += `${raw[index]}: ${raw[index + 1]}\r\n`;
  return lines;
}
