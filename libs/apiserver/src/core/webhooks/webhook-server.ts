// A webhook for tests: an HTTPS server on the loopback address, with an authority of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { onTestFinished } from 'vitest';
import type { ServiceConnection } from './service-connections.ts';
import type { WebhookAddress } from './webhook-address.ts';

export interface WebhookServer {
  port: number;
  /** PEM in base64. */
  caBundle: string;
  /** By URL. */
  address: WebhookAddress;
  /** Connections that were accepted. */
  connections(): number;
  /** As of a cluster in which every service is this server. */
  connect(): Promise<ServiceConnection>;
  stop(): Promise<void>;
}

export type Handler = (body: unknown, response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

/** Stops with the test. @param names that its certificate is for */
export async function startWebhookServer(handler: Handler, names = ['127.0.0.1', 'hook.default.svc']): Promise<WebhookServer> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-webhook-'));
  const authority = await CertificateAuthority.open(directory, systemClock, 'webhook-ca');
  const { certificate, key } = await authority.issueServing('webhook', names);
  await rm(directory, { recursive: true });
  let connections = 0;
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    await handler(request.method === 'POST' ? await json(request) : undefined, response, request);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(authority.pem).toString('base64');
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  return {
    port,
    caBundle,
    address: { url: `https://127.0.0.1:${port}/hook`, caBundle },
    connections: () => connections,
    connect: async () => ({ stream: connect(port, '127.0.0.1'), host: `127.0.0.1:${port}` }),
    stop,
  };
}

export function answer(response: ServerResponse, body: unknown, code = 200): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
