// The baseline, in a process of its own: node's own server with the least that can be done for a request, over HTTPS and over
// plain HTTP. It answers with the
// bytes of files that its parent names.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type BareCommand = { type: 'start'; tls: { key: string; cert: string } } | { type: 'serve'; path: string; file: string };
export type BareReport = { type: 'listening'; https: number; http: number } | { type: 'serving' };

/** As the control plane's: connections wait for their turn. */
const keepAliveTimeoutMs = 90_000;
const bodies = new Map<string, Buffer>();

const answer: RequestListener = (request, response) => {
  if (request.method === 'GET') return send(response, request.url ?? '', 200);
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'));
    send(response, request.url ?? '', 201);
  });
};

function send(response: ServerResponse, path: string, code: number): void {
  const body = bodies.get(path) ?? Buffer.alloc(0);
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

function report(message: BareReport): void {
  process.send?.(message);
}

process.on('message', async (command: BareCommand) => {
  if (command.type === 'serve') {
    bodies.set(command.path, await readFile(command.file));
    report({ type: 'serving' });
    return;
  }
  const https = createTlsServer({ ...command.tls, keepAliveTimeout: keepAliveTimeoutMs }, answer).listen(0, '127.0.0.1');
  const http = createServer({ keepAliveTimeout: keepAliveTimeoutMs }, answer).listen(0, '127.0.0.1');
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  await Promise.all([https, http].map((server) => server.listening || once(server, 'listening')));
  report({ type: 'listening', https: port(https), http: port(http) });
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
