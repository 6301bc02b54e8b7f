// The HTTPS server under Nest. Requests go straight to the API, which says itself what is valid: Fastify's router, hooks and
// parsers would cost time on every request (some 4 % of a create, by profile) and decide nothing.
import type { IncomingMessage } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { createServer as createProbe, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ApiHttp, isWebSocket } from '@berth/apiserver';
import { StatusError } from '@berth/machinery';
import type { ServingCertificate } from '@berth/pki';
import { FastifyAdapter } from '@nestjs/platform-fastify';

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

  constructor(serving: ServingCertificate) {
    const routed: { http?: ApiHttp } = {};
    const server = createServer({
      ...serving.context,
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
}

const upgradable = /\/(?:exec|attach|portforward|proxy)(?:[/?]|$)/;
/** A log, and a watch, which is a list with a flag or below a path of its own. */
const readableBySocket = /\/log(?:\?|$)|[?&]watch=|^\/apis?\/(?:[^/?]+\/){1,2}watch\//;

function mayUpgrade(request: IncomingMessage): boolean {
  const { url = '' } = request;
  return upgradable.test(url) || (isWebSocket(request) && readableBySocket.test(url));
}

/** What is no HTTP at all, or too slow or too long in its head: answered as far as the connection still allows. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const codes: Record<string, [number, string]> = {
    ERR_HTTP_REQUEST_TIMEOUT: [408, 'Timeout'],
    HPE_HEADER_OVERFLOW: [431, 'RequestHeaderFieldsTooLarge'],
  };
  const [code, reason] = codes[error.code ?? ''] ?? [400, 'BadRequest'];
  const { status } = new StatusError(code, reason, `the request could not be read: ${error.message}`);
  const body = JSON.stringify(status);
  socket.end(
    `HTTP/1.1 ${code} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
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
