// The HTTPS server under Nest. Requests go straight to the API, which says itself what is valid: Fastify's router, hooks and
// parsers would cost time on every request (some 4 % of a create, by profile) and decide nothing. Clients choose between HTTP/2 and
// HTTP/1.1 by ALPN; connections of the latter are served as if there were no other, so that they lose nothing by it.
import type { IncomingMessage } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { createServer as createProbe, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type ApiHttp, isWebSocket, type ServedResponse } from '@berth/apiserver';
import { StatusError } from '@berth/machinery';
import type { ServingCertificate } from '@berth/pki';
import type { Clock } from '@berth/telemetry';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Http2Sessions } from './http2-sessions.ts';

/** Of a connection with nothing under way. */
const keepAliveTimeoutMs = 90_000;
/** For a connection's handshake, and for the head of a request. How long a body may take is up to what is asked for. */
const handshakeTimeoutMs = 15_000;
const headersTimeoutMs = 30_000;
/** How often connections are looked at for it. */
const checkEveryMs = 5_000;

/** A port cannot be had; the message says what to do. */
export class ListenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ListenError';
  }
}

export interface Address {
  host: string;
  port: number;
}

/** Fastify opens and closes the server for Nest; `route` says who answers. */
export class HttpsAdapter extends FastifyAdapter {
  readonly server: Server;
  readonly #routed: { http?: ApiHttp };
  readonly #http2: Http2Sessions;

  constructor(serving: ServingCertificate, clock: Clock) {
    const routed: { http?: ApiHttp } = {};
    const server = createServer({
      ...serving.context,
      ALPNProtocols: ['h2', 'http/1.1'],
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      keepAliveTimeout: keepAliveTimeoutMs,
      handshakeTimeout: handshakeTimeoutMs,
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: checkEveryMs,
      requestTimeout: 0,
      // A client's wish for another protocol, where there is none, is no reason to refuse it.
      shouldUpgradeCallback: (request) => mayUpgrade(request) || (routed.http?.isForOthers(request) ?? false),
    } as ServerOptions);
    super({ serverFactory: () => server, clientErrorHandler: refuseUnread, logger: false });
    this.server = server;
    this.#routed = routed;
    this.#http2 = new Http2Sessions({
      clock,
      idleMs: keepAliveTimeoutMs,
      handle: (request, response) => server.emit('request', request, response),
      refuse: refuseHead,
    });
    dispatch(server, this.#http2);
    serving.onRenewed((context) => server.setSecureContext({ ...context, minVersion: 'TLSv1.2' }));
  }

  /** Must come before the adapter listens. */
  route(http: ApiHttp): void {
    this.#routed.http = http;
    this.server.on('request', (request, response) => void http.handle(request, response));
    // Whether the body is welcome, it is told once that is known.
    this.server.on('checkContinue', (request, response) => void http.handle(request, response));
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => void http.upgrade(request, socket, head));
  }

  /** Resolves when no connection is left. */
  override async close(): Promise<void> {
    await Promise.all([super.close(), this.#http2.stop()]);
  }
}

/** The listener that Node itself has for new connections goes on to serve those of HTTP/1.1. */
function dispatch(server: Server, http2: Http2Sessions): void {
  const serveHttp1 = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.accept(socket);
    else for (const serve of serveHttp1) serve.call(server, socket);
  });
}

const upgradable = /\/(?:exec|attach|portforward|proxy)(?:[/?]|$)/;
/** A log, and a watch, which is a list with a flag or below a path of its own. */
const readableBySocket = /\/log(?:\?|$)|[?&]watch=|^\/apis?\/(?:[^/?]+\/){1,2}watch\//;

function mayUpgrade(request: IncomingMessage): boolean {
  const { url = '' } = request;
  return upgradable.test(url) || (isWebSocket(request) && readableBySocket.test(url));
}

const headTooLarge: [number, string] = [431, 'RequestHeaderFieldsTooLarge'];

/** What is no HTTP at all, or too slow or too long in its head: answered as far as the connection still allows. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const codes: Record<string, [number, string]> = {
    ERR_HTTP_REQUEST_TIMEOUT: [408, 'Timeout'],
    HPE_HEADER_OVERFLOW: headTooLarge,
  };
  const [code, reason] = codes[error.code ?? ''] ?? [400, 'BadRequest'];
  const body = unread(code, reason, error.message);
  socket.end(
    `HTTP/1.1 ${code} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function refuseHead(response: ServedResponse): void {
  const [code, reason] = headTooLarge;
  const body = unread(code, reason, 'its headers are too large');
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}

function unread(code: number, reason: string, why: string): string {
  return JSON.stringify(new StatusError(code, reason, `the request could not be read: ${why}`).status);
}

/** Says early, before anything is opened, that a port is taken; finds a free one for port 0. @throws ListenError naming the option */
export function freeAddress(address: Address, option: string): Promise<Address> {
  return new Promise((resolve, reject) => {
    const probe = createProbe();
    probe.once('error', (error) => reject(listenError(error, address, option)));
    probe.listen({ ...address, exclusive: true }, () => {
      const bound = probe.address();
      const port = bound !== null && typeof bound === 'object' ? bound.port : address.port;
      probe.close(() => resolve({ host: address.host, port }));
    });
  });
}

export function listenError(error: unknown, { host, port }: Address, option: string): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const where = `cannot listen on ${host}:${port}`;
  if (code === 'EADDRINUSE') {
    return new ListenError(
      `${where}: already in use. Stop what listens there (ss -ltnp 'sport = :${port}' shows it), or choose another port with ${option}`,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new ListenError(`${where}: this machine has no such address. Choose one of its own with ${option}`);
  }
  if (code === 'EACCES') return new ListenError(`${where}: not permitted. Run as root, or choose a port above 1023 with ${option}`);
  return new ListenError(`${where}: ${message}`);
}
