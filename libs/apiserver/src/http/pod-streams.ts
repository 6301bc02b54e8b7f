// pods/exec and pods/attach over WebSocket, in any version of its channels, or over SPDY. pods/portforward over SPDY, by itself or inside of a WebSocket. What is wrong with the request is answered before the
// upgrade, as HTTP; what goes wrong later, on the error channel.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { Tunnel, TunnelRequest } from '@berth/protocol';
import type { Clock } from '@berth/telemetry';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { ApiServer } from '../core/api-server.ts';
import type { Attributes } from '../core/authorizer.ts';
import { componentUsers } from '../core/component-users.ts';
import { type PodConnection, planConnection, podConnection, streamOptions } from '../core/pod-connection.ts';
import type { Annotated, Call, User } from '../core/types.ts';
import { commandSocketProtocols, portSocketProtocols } from './channel-framing.ts';
import { connectChannels } from './channel-socket.ts';
import { servePortForward } from './port-forward.ts';
import { flag } from './query-options.ts';
import type { ResourcePath } from './request-info.ts';
import { noSuchPath, wrongMethod } from './responses.ts';
import { commandProtocols, serveSpdyCommand } from './spdy-channels.ts';
import { serveWebSocketPortForward } from './websocket-port-forward.ts';
import { checkOrigin, isWebSocket, offers, offersOneOf } from './websocket-request.ts';

const portForwardProtocol = 'portforward.k8s.io';
/** SPDY's bytes as the WebSocket's binary messages. */
const portForwardTunnel = `SPDY/3.1+${portForwardProtocol}`;
/** Each has two of the 256 channels. */
const forwardedPortsMax = 100;
const messageBytesMax = 4 * 1024 * 1024;

export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  path: ResourcePath;
  query: URLSearchParams;
  attributes: Attributes;
  user: User;
  signal: AbortSignal;
  audit?: Annotated | undefined;
}

type Checked = Pick<Upgrade, 'path' | 'query' | 'attributes' | 'user' | 'audit'>;

export class PodStreams {
  readonly #api: ApiServer;
  readonly #clock: Clock;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
    handleProtocols: (offered, { url = '' }) => {
      const known = /\/portforward(\?|$)/.test(url) ? [portForwardTunnel, ...portSocketProtocols] : commandSocketProtocols;
      return known.find((protocol) => offered.has(protocol)) ?? false;
    },
  });

  constructor(api: ApiServer, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  covers(path: ResourcePath): boolean {
    return path.group === '' && path.resource === 'pods' && ['exec', 'attach', 'portforward'].includes(path.subresource ?? '');
  }

  /** A request without an upgrade: says what is wrong with it, or else that it needs one. */
  async refuse(asked: Checked): Promise<never> {
    await this.#check(asked);
    throw StatusError.badRequest('Upgrade request required');
  }

  /** @throws StatusError before the upgrade */
  async upgrade(upgrade: Upgrade): Promise<void> {
    const { request, socket, head, path, signal } = upgrade;
    if (!this.covers(path)) throw noSuchPath();
    checkOrigin(request);
    const { call, connection } = await this.#check(upgrade);
    const asked = { ...call, signal };
    if (path.subresource === 'portforward') return this.#portForward(upgrade, asked);
    if (isSpdy(request)) return this.#spdyCommand(upgrade, asked, connection);
    if (!isWebSocket(request) || !offersOneOf(request, commandSocketProtocols)) {
      throw StatusError.badRequest(
        `unable to upgrade: use a WebSocket that offers one of the protocols ${commandSocketProtocols.join(', ')}, or none, or SPDY/3.1 with one of ${commandProtocols.join(', ')}`,
      );
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      // Every failure of the stream itself is told on its error channel by connectChannels.
      void this.#serve(webSocket, asked, connection);
    });
  }

  #spdyCommand({ request, socket, head }: Upgrade, call: Call, connection: PodConnection): void {
    const offered = streamProtocols(request);
    // A client that names none speaks the first version.
    const protocol = offered.length === 0 ? 'channel.k8s.io' : commandProtocols.find((name) => offered.includes(name));
    if (!protocol)
      throw new StatusError(403, 'Forbidden', `unable to upgrade: none of the stream protocols ${offered.join(', ')} is supported`);
    switchToSpdy(socket, head, protocol);
    void serveSpdyCommand(socket, {
      protocol,
      connection,
      clock: this.#clock,
      signal: call.signal,
      openTunnel: () => this.#api.connectPod(call, connection),
    });
  }

  #portForward({ request, socket, head, query }: Upgrade, call: Call): void {
    const serve = (transport: Duplex) =>
      servePortForward(transport, {
        clock: this.#clock,
        podName: call.name ?? '',
        signal: call.signal,
        openTunnel: (port) => this.#api.connectPod(call, podConnection({ port, stdin: true, stdout: true })),
      });
    if (isWebSocket(request) && offers(request, portForwardTunnel)) {
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => void serve(createWebSocketStream(webSocket)));
      return;
    }
    if (isWebSocket(request) && offersOneOf(request, portSocketProtocols)) {
      const ports = portsOf(query);
      const openTunnel = (port: number) => this.#api.connectPod(call, podConnection({ port, stdin: true, stdout: true }));
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        call.signal?.addEventListener('abort', () => webSocket.close(1001), { once: true });
        void serveWebSocketPortForward(webSocket, { ports, openTunnel });
      });
      return;
    }
    if (!isSpdy(request) || !streamProtocols(request).includes(portForwardProtocol)) {
      throw StatusError.badRequest(
        `unable to upgrade: use a WebSocket with the protocol ${portForwardTunnel}, or SPDY/3.1 with ${portForwardProtocol}`,
      );
    }
    switchToSpdy(socket, head, portForwardProtocol);
    void serve(socket);
  }

  async #serve(webSocket: WebSocket, call: Call, connection: PodConnection): Promise<void> {
    const opening: Promise<Tunnel> = this.#api.connectPod(call, connection);
    call.signal?.addEventListener('abort', () => webSocket.close(1001), { once: true });
    await connectChannels(webSocket, opening, { tty: connection.tty });
  }

  /** The checks that come before the upgrade: may the user, is there such a pod and container. */
  async #check({ path, query, attributes, user, audit }: Checked): Promise<{ call: Call; connection: PodConnection }> {
    const { group, version, resource, subresource, namespace, name } = path;
    const kind = this.#api.kinds.require(group, version, resource);
    if (!namespace || !name) throw noSuchPath();
    await this.#api.authorize(user, attributes, audit);
    const { verb } = attributes;
    if (verb !== 'get' && verb !== 'create') throw wrongMethod();
    // Whatever a WebSocket begins with, which is a GET, a stream into a pod is more than a read.
    if (verb === 'get') await this.#api.authorize(user, { verb: 'create', group, resource, subresource, namespace, name }, audit);
    const call: Call = { user, kind, namespace, name, subresource, audit };
    const connection = await this.#admitted(call, query);
    const pod = await this.#api.localClient(componentUsers.apiServer).get(Pod, { namespace, name });
    planConnection(subresource as TunnelRequest['kind'], pod, connection);
    return { call, connection };
  }

  /** What is asked for, as webhooks leave it. */
  async #admitted(call: Call, query: URLSearchParams): Promise<PodConnection> {
    const { subresource } = call;
    if (subresource === 'portforward') {
      const ports = query.getAll('ports').flatMap((text) => text.split(',').map(Number));
      await this.#api.admitStream(call, streamOptions('PodPortForwardOptions', ports.length > 0 ? { ports } : {}));
      return podConnection({});
    }
    const { stdin, stdout, stderr, tty, container, command } = connectionOf(query, subresource === 'exec');
    const asked = { stdin, stdout, stderr, tty, ...(container && { container }), ...(subresource === 'exec' && { command }) };
    const options = streamOptions(subresource === 'exec' ? 'PodExecOptions' : 'PodAttachOptions', asked);
    await this.#api.admitStream(call, options);
    const { kind: _kind, apiVersion: _apiVersion, metadata: _metadata, ...connection } = options;
    return podConnection(connection);
  }
}

function portsOf(query: URLSearchParams): number[] {
  const given = query.getAll('ports').flatMap((text) => text.split(','));
  const ports = given.map((text) => (/^\d{1,5}$/.test(text) ? Number(text) : 0));
  if (ports.length === 0) throw StatusError.badRequest('query parameter "ports" is required');
  const isOff = ports.some((port) => port < 1 || port > 65_535) || ports.length > forwardedPortsMax;
  if (isOff) throw StatusError.badRequest(`query parameter "ports" must name at most ${forwardedPortsMax} ports from 1 to 65535`);
  return ports;
}

function isSpdy(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'spdy/3.1';
}

function streamProtocols(request: IncomingMessage): string[] {
  const names = String(request.headers['x-stream-protocol-version'] ?? '').split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

function switchToSpdy(socket: Duplex, head: Buffer, protocol: string): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
}

function connectionOf(query: URLSearchParams, isExec: boolean): PodConnection {
  const tty = flag(query, 'tty') ?? false;
  const command = query.getAll('command');
  if (isExec && command.length === 0) throw StatusError.badRequest('you must specify at least 1 command for the container');
  const stdin = flag(query, 'stdin') ?? false;
  const stdout = flag(query, 'stdout') ?? false;
  // A terminal has one output.
  const stderr = (flag(query, 'stderr') ?? false) && !tty;
  if (!stdin && !stdout && !stderr) throw StatusError.badRequest('you must specify at least one of stdin, stdout, stderr');
  return podConnection({ container: query.get('container') ?? '', command: isExec ? command : [], stdin, stdout, stderr, tty });
}
