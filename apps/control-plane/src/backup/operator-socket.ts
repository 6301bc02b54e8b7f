// What only this machine's administrator may ask of a running control plane: a backup holds every key of the cluster, so that no right in the
// API is enough for it. A socket in the data directory that only its owner can open.
import { createHash } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isAbsolute, join } from 'node:path';
import type { Logger } from '@berth/telemetry';

/** Linux allows 107 bytes for a socket's path. */
const socketPathMax = 107;
/** A file's name, and no more. */
const bodyBytesMax = 8192;

/** The same in `berth`, which asks: below /run for a data directory whose own path is too long. */
export function operatorSocketPath(dataDirectory: string): string {
  const own = join(dataDirectory, 'operator.sock');
  if (own.length <= socketPathMax) return own;
  return `/run/berth-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16)}.sock`;
}

export interface OperatorRequests {
  /** @param file absolute */
  backup(file: string): Promise<object>;
}

/** @returns how to stop */
export async function listenForOperator(path: string, requests: OperatorRequests, logger: Logger): Promise<() => Promise<void>> {
  await rm(path, { force: true });
  const server = createServer((request, response) => {
    answer(request, requests).then(
      (result) => respond(response, 200, result),
      (error: Error) => {
        logger.warn('what the operator asked for failed', { error });
        respond(response, 400, { message: error.message });
      },
    );
  });
  await listening(server, path);
  return () => new Promise((resolve) => server.close(() => resolve()));
}

async function listening(server: Server, path: string): Promise<void> {
  // Nobody else may open it in between: the data directory is its owner's alone, and below /run the mask does.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  await chmod(path, 0o600);
}

async function answer(request: IncomingMessage, requests: OperatorRequests): Promise<object> {
  if (request.method !== 'POST' || request.url !== '/backup') throw new Error(`there is no ${request.method} ${request.url} here`);
  const { file } = JSON.parse(await bodyOf(request)) as { file?: unknown };
  if (typeof file !== 'string' || !isAbsolute(file)) throw new Error('file: an absolute path is needed');
  return requests.backup(file);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk;
    if (body.length > bodyBytesMax) throw new Error('the request is too large');
  }
  return body;
}

function respond(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
