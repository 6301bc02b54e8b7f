// The HTTPS server under Nest: Fastify with one route, whose handlers write to the raw response. Fastify parses no body and
// validates nothing, because the Kubernetes API says itself what is valid.
import type { IncomingMessage, Server } from 'node:http';
import { createServer as createProbe, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { StatusError } from '@berth/machinery';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiHttp } from './api/http/api-http.ts';
import { sendError } from './api/http/responses.ts';
import type { ServingCertificate } from './pki/serving-certificate.ts';

const keepAliveTimeoutMs = 90_000;
/** For a request to arrive as a whole; answers may take as long as they like. */
const requestTimeoutMs = 60_000;

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

export function httpsAdapter(serving: ServingCertificate): FastifyAdapter {
  const adapter = new FastifyAdapter({
    https: { ...serving.context, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    keepAliveTimeout: keepAliveTimeoutMs,
    requestTimeout: requestTimeoutMs,
    logger: false,
    frameworkErrors: refuse,
    clientErrorHandler: refuseUnread,
  });
  const server = adapter.getInstance().server as unknown as { setSecureContext(context: object): void };
  serving.onRenewed((context) => server.setSecureContext({ ...context, minVersion: 'TLSv1.2' }));
  return adapter;
}

/** Must come before the adapter listens. */
export function route(adapter: FastifyAdapter, http: ApiHttp): void {
  const instance = adapter.getInstance();
  instance.removeAllContentTypeParsers();
  // Bodies stay unread here: the handlers read them.
  instance.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  instance.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: '/*',
    errorHandler: refuse,
    handler: (request, reply) => {
      reply.hijack();
      void http.handle(request.raw, reply.raw);
    },
  });
  const server = instance.server as unknown as Server;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => void http.upgrade(request, socket, head));
}

/** What Fastify itself refuses: malformed URLs and content types. */
function refuse(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const code = error.statusCode ?? 400;
  const status = code === 415 ? StatusError.unsupportedMediaType(error.message) : StatusError.badRequest(error.message);
  void sendError({ request: request.raw, response: reply.raw }, status.status);
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
