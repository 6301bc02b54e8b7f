// How answers go out: JSON bytes, Status objects for errors, Warning headers, gzip for what is large. Nothing else writes
// a status line.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type Status, StatusError } from '@berth/machinery';
import type { AuditRecord } from '../audit/auditor.ts';

const compress = promisify(gzip);
/** As in Kubernetes: below, compression costs more than it saves. */
const gzipBytesMin = 128 * 1024;
const gzipLevel = constants.Z_BEST_SPEED;

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Where the request is told of, when it is. */
  audit?: AuditRecord | undefined;
}

export async function sendBytes(
  { request, response }: Exchange,
  code: number,
  contentType: string,
  bytes: Uint8Array,
  warnings: string[] = [],
): Promise<void> {
  if (response.destroyed) return;
  const headers: Record<string, string | number | string[]> = { 'content-type': contentType, 'cache-control': 'no-cache, private' };
  if (warnings.length > 0) headers.warning = warnings.map(warningHeader);
  let body = bytes;
  if (bytes.length >= gzipBytesMin && acceptsGzip(request)) {
    body = await compress(bytes, { level: gzipLevel });
    headers['content-encoding'] = 'gzip';
    headers.vary = 'Accept-Encoding';
  }
  headers['content-length'] = body.length;
  response.writeHead(code, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

export function sendJson(exchange: Exchange, code: number, value: unknown, contentType = 'application/json'): Promise<void> {
  return sendBytes(exchange, code, contentType, Buffer.from(`${JSON.stringify(value)}\n`));
}

export function sendText(exchange: Exchange, code: number, text: string, contentType = 'text/plain; charset=utf-8'): Promise<void> {
  return sendBytes(exchange, code, contentType, Buffer.from(text));
}

/** Answers with the error's Status; when the answer has begun already, only breaking it off can say that it failed. */
export async function sendError(exchange: Exchange, status: Status): Promise<void> {
  const { request, response, audit } = exchange;
  audit?.failed(status);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const retryAfterSeconds = status.details?.retryAfterSeconds;
  if (retryAfterSeconds) response.setHeader('retry-after', retryAfterSeconds);
  if (status.code === 401) response.setHeader('www-authenticate', 'Bearer realm="berth"');
  // What the client still sends is not read, so the connection cannot be used again.
  if (!request.complete) response.setHeader('connection', 'close');
  await sendJson(exchange, status.code ?? 500, status);
}

/** Anything thrown as a Status: what is not a StatusError is our fault, and only its being so is told. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  return StatusError.internal('the server failed to handle the request; its log says why').status;
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/.test(String(request.headers['accept-encoding'] ?? ''));
}

/** RFC 7234 warn-code 299 with the text quoted, free of what a header may not hold. */
export function warningHeader(text: string): string {
  const safe = [...text].map((char) => (char < ' ' || char === '\u007f' || char > '\u00ff' ? '?' : char)).join('');
  return `299 - "${safe.replace(/["\\]/g, '\\$&')}"`;
}

export function noSuchPath(): StatusError {
  return StatusError.noSuchResource();
}

export function wrongMethod(): StatusError {
  return StatusError.methodNotAllowed('the server does not allow this method on the requested resource');
}
