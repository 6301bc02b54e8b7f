// pods/exec and pods/attach over WebSocket, in any version of its channels, or over SPDY. pods/portforward over SPDY, by itself or
// inside of a WebSocket. What is wrong with the request is answered before the upgrade, as HTTP; what goes wrong later, on the error channel.
import type { Duplex } from 'node:stream';
import { type KubeObject, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { ApiServer } from '../core/api-server.ts';
import { streamOptions } from '../core/pod-connection.ts';
import type { Connection } from '../core/resource.ts';
import type { ServedRequest } from '../core/served-message.ts';
import { commandSocketProtocols, portSocketProtocols } from './channel-framing.ts';
import { connectChannels } from './channel-socket.ts';
import { servePortForward } from './port-forward.ts';
import { flag, refuseDryRun } from './query-options.ts';
import { resourceCall } from './resource-call.ts';
import { noSuchPath, wrongMethod } from './responses.ts';
import type { ServedResource, StreamAnswers } from './routes.ts';
import { commandProtocols, serveSpdyCommand } from './spdy-channels.ts';
import type { Upgraded } from './upgraded.ts';
import { serveWebSocketPortForward } from './websocket-port-forward.ts';
import { checkOrigin, isWebSocket, offers, offersOneOf, switchedToWebSocket } from './websocket-request.ts';

const portForwardProtocol = 'portforward.k8s.io';
/** SPDY's bytes as the WebSocket's binary messages. */
const portForwardTunnel = `SPDY/3.1+${portForwardProtocol}`;
/** Each has two of the 256 channels. */
const forwardedPortsMax = 100;
const messageBytesMax = 4 * 1024 * 1024;

/** Of exec and attach. */
interface CommandOptions extends KubeObject {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** What is to be switched to: resolves when the stream is over. */
type Switch = (upgraded: Upgraded) => Promise<void>;

export class PodStreams implements StreamAnswers {
  readonly resources = ['pods'];
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

  /** Resolves when the stream is over. @throws StatusError before the upgrade: what is wrong, or that there is none */
  async serve(asked: ServedResource): Promise<void> {
    const { request, path, verb, query, upgraded, audit } = asked;
    if (upgraded) checkOrigin(request);
    if (!path.name) throw noSuchPath();
    if ((verb !== 'get' && verb !== 'create') || request.method === 'HEAD') throw wrongMethod();
    refuseDryRun(query);
    const call = resourceCall(this.#api, asked);
    const isForward = path.subresource === 'portforward';
    const options = isForward ? forwardOptions(query) : commandOptions(query, path.subresource === 'exec');
    const connection = await this.#api.connect(call, verb, options);
    if (!upgraded) throw StatusError.badRequest('Upgrade request required');
    const begin = isForward ? this.#portForward(asked, connection) : this.#command(asked, connection, options as CommandOptions);
    await upgraded.begun(101, audit);
    await begin(upgraded);
  }

  /** @param options as admission left them */
  #command({ request, signal }: ServedResource, { open }: Connection, options: CommandOptions): Switch {
    if (isSpdy(request)) {
      const protocol = spdyCommandProtocol(request);
      return ({ socket, head }) => {
        switchToSpdy(socket, head, protocol);
        return serveSpdyCommand(socket, { protocol, connection: options, clock: this.#clock, signal, openTunnel: () => open() });
      };
    }
    if (!isWebSocket(request) || !offersOneOf(request, commandSocketProtocols)) {
      throw StatusError.badRequest(
        `unable to upgrade: use a WebSocket that offers one of the protocols ${commandSocketProtocols.join(', ')}, or none, or SPDY/3.1 with one of ${commandProtocols.join(', ')}`,
      );
    }
    return this.#webSocket((webSocket) => {
      const opening = open();
      signal.addEventListener('abort', () => webSocket.close(1001), { once: true });
      // Every failure of the stream itself is told on its error channel.
      return connectChannels(webSocket, opening, { tty: options.tty });
    });
  }

  #portForward({ request, query, path, signal }: ServedResource, { open }: Connection): Switch {
    const serve = (transport: Duplex) =>
      servePortForward(transport, { clock: this.#clock, podName: path.name ?? '', signal, openTunnel: (port) => open(port) });
    if (isWebSocket(request) && offers(request, portForwardTunnel)) {
      return this.#webSocket((webSocket) => serve(createWebSocketStream(webSocket)));
    }
    if (isWebSocket(request) && offersOneOf(request, portSocketProtocols)) {
      const ports = portsOf(query);
      return this.#webSocket((webSocket) => {
        signal.addEventListener('abort', () => webSocket.close(1001), { once: true });
        return serveWebSocketPortForward(webSocket, { ports, openTunnel: (port) => open(port) });
      });
    }
    if (!isSpdy(request) || !streamProtocols(request).includes(portForwardProtocol)) {
      throw StatusError.badRequest(
        `unable to upgrade: use a WebSocket with the protocol ${portForwardTunnel}, or SPDY/3.1 with ${portForwardProtocol}`,
      );
    }
    return ({ socket, head }) => {
      switchToSpdy(socket, head, portForwardProtocol);
      return serve(socket);
    };
  }

  #webSocket(serve: (webSocket: WebSocket) => Promise<void>): Switch {
    return (upgraded) => switchedToWebSocket(this.#sockets, upgraded, serve);
  }
}

function forwardOptions(query: URLSearchParams): KubeObject {
  const ports = query.getAll('ports').flatMap((text) => text.split(',').map(Number));
  return streamOptions('PodPortForwardOptions', ports.length > 0 ? { ports } : {});
}

function portsOf(query: URLSearchParams): number[] {
  const given = query.getAll('ports').flatMap((text) => text.split(','));
  const ports = given.map((text) => (/^\d{1,5}$/.test(text) ? Number(text) : 0));
  if (ports.length === 0) throw StatusError.badRequest('query parameter "ports" is required');
  const isOff = ports.some((port) => port < 1 || port > 65_535) || ports.length > forwardedPortsMax;
  if (isOff) throw StatusError.badRequest(`query parameter "ports" must name at most ${forwardedPortsMax} ports from 1 to 65535`);
  return ports;
}

function isSpdy(request: ServedRequest): boolean {
  return request.headers.upgrade?.toLowerCase() === 'spdy/3.1';
}

function streamProtocols(request: ServedRequest): string[] {
  const names = String(request.headers['x-stream-protocol-version'] ?? '').split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

function spdyCommandProtocol(request: ServedRequest): (typeof commandProtocols)[number] {
  const offered = streamProtocols(request);
  // A client that names none speaks the first version.
  const protocol = offered.length === 0 ? 'channel.k8s.io' : commandProtocols.find((name) => offered.includes(name));
  if (protocol) return protocol;
  throw new StatusError(403, 'Forbidden', `unable to upgrade: none of the stream protocols ${offered.join(', ')} is supported`);
}

function switchToSpdy(socket: Duplex, head: Buffer, protocol: string): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
}

function commandOptions(query: URLSearchParams, isExec: boolean): KubeObject {
  const tty = flag(query, 'tty') ?? false;
  const command = query.getAll('command');
  if (isExec && command.length === 0) throw StatusError.badRequest('you must specify at least 1 command for the container');
  const stdin = flag(query, 'stdin') ?? false;
  const stdout = flag(query, 'stdout') ?? false;
  // A terminal has one output.
  const stderr = (flag(query, 'stderr') ?? false) && !tty;
  if (!stdin && !stdout && !stderr) throw StatusError.badRequest('you must specify at least one of stdin, stdout, stderr');
  const container = query.get('container');
  const asked = { stdin, stdout, stderr, tty, ...(container && { container }), ...(isExec && { command }) };
  return streamOptions(isExec ? 'PodExecOptions' : 'PodAttachOptions', asked);
}
