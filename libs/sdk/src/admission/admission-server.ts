// Serves admission webhooks over HTTPS, each handler at its path. The certificate's files are read anew while it runs, as mounted
// secrets change under a program; a new one that cannot be used leaves the former in place. Bodies and times are bounded.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isRecord, parseJson, StatusError } from '@berth/machinery';
import { type Clock, jsonLogger, type Logger, standardErrorLines, systemClock, type Timer } from '@berth/telemetry';
import type { Handler } from './handlers.ts';

/** Two objects of the most that an API server takes, in JSON, and what is around them. */
const bodyBytesMax = 16 * 2 ** 20;
/** Longer than an API server waits. */
const requestMsMax = 35_000;
const connectionsMax = 1_000;
const defaultReloadMs = 10_000;

export interface AdmissionOptions {
  /** 0 is any that is free. */
  port: number;
  host?: string;
  /** PEM, with the chain. */
  certificateFile: string;
  keyFile: string;
  /** By path, such as `/validate-websites`. */
  handlers: Record<string, Handler>;
  logger?: Logger;
  clock?: Clock;
  /** How often the files are looked at. */
  reloadMs?: number;
}

export interface AdmissionServer {
  port: number;
  /** Resolves when no request is under way any more. */
  stop(): Promise<void>;
}

/** Beside the handlers, it answers `/readyz`. @throws when the files cannot be read, or the port is taken */
export async function serveAdmission(options: AdmissionOptions): Promise<AdmissionServer> {
  const { clock = systemClock, handlers, reloadMs = defaultReloadMs } = options;
  const logger = options.logger ?? jsonLogger(clock, 'info', standardErrorLines());
  let used = await certificateOf(options);
  const server = createServer(used, (request, response) => void respond(handlers, request, response, logger));
  server.requestTimeout = requestMsMax;
  server.maxConnections = connectionsMax;
  await listening(server, options);
  let timer: Timer;
  const reload = async () => {
    try {
      const read = await certificateOf(options);
      if (read.cert === used.cert && read.key === used.key) return;
      server.setSecureContext(read);
      used = read;
    } catch (error) {
      logger.warn('the certificate cannot be read anew; the former is served on', { file: options.certificateFile, error });
    }
  };
  let reloading = Promise.resolve();
  const later = () => {
    timer = clock.after(reloadMs, () => {
      reloading = reload().finally(later);
    });
  };
  later();
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      timer.cancel();
      await reloading;
      timer.cancel();
      await closed;
    },
  };
}

/** @throws Error for files that are no pair, such as while they are written */
async function certificateOf({ certificateFile, keyFile }: AdmissionOptions): Promise<{ cert: string; key: string }> {
  const [cert, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error(`${keyFile} is not the key of ${certificateFile}`);
  return { cert, key };
}

function listening(server: Server, { port, host }: AdmissionOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host && { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function respond(
  handlers: Record<string, Handler>,
  request: IncomingMessage,
  response: ServerResponse,
  logger: Logger,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'https://webhook').pathname;
  try {
    if (path === '/readyz') return end(response, 200, 'ok');
    const handler = Object.hasOwn(handlers, path) ? handlers[path] : undefined;
    if (!handler) return end(response, 404, `no handler is at ${path}`);
    if (request.method !== 'POST') return end(response, 405, 'reviews are posted');
    const review = parseJson(await bodyOf(request));
    const asked = isRecord(review) && isRecord(review.request) ? review.request : undefined;
    if (!isRecord(review) || !asked || typeof asked.uid !== 'string')
      return end(response, 400, 'the body is no AdmissionReview with a request');
    const { apiVersion, kind } = review;
    const answer = { apiVersion, kind, response: { uid: asked.uid, ...(await handler(asked)) } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  } catch (error) {
    if (response.destroyed) return;
    if (error instanceof StatusError) return end(response, error.code, error.message);
    logger.error('a review could not be answered', { path, error });
    end(response, 500, error instanceof Error ? error.message : String(error));
  }
}

function end(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain' }).end(text);
}

/** @throws StatusError */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw StatusError.tooLarge(`a review is at most ${bodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
