// How answers go out: JSON bytes, Status objects for errors, Warning headers, gzip for what is large. Nothing else writes
// a status line.
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';
import { type Status, StatusError } from '@berth/machinery';
import type { RequestRecord } from '../audit/auditor.ts';
import { Refusal } from '../core/commit.ts';
import type { EncodedList } from '../core/list-encoding.ts';
import type { ServedRequest, ServedResponse } from '../core/served-message.ts';
import { noneAccepted, objectTypes } from './acceptable.ts';
import { written } from './back-pressure.ts';
import { boundedWarnings } from './bounded-warnings.ts';
import { indentedJson, wantsIndented } from './indented-json.ts';
import { type Available, negotiate } from './media-types.ts';
import { protobufContentType, protobufObject } from './protobuf-answers.ts';
import { isRegistryRequest } from './registry-path.ts';
import type { Upgraded } from './upgraded.ts';
import { yamlBytes } from './yaml-bytes.ts';

const compress = promisify(gzip);
/** As in Kubernetes: below, compression costs more than it saves. */
const gzipBytesMin = 128 * 1024;
const gzipLevel = constants.Z_BEST_SPEED;
const gzipChunkBytes = 64 * 1024;
const uncached = 'no-cache, private';

export interface Exchange {
  request: ServedRequest;
  response: ServedResponse;
  /** Where the request is told of, when it is. */
  audit?: RequestRecord | undefined;
  /** What is wrong with the request's body without being the error. */
  bodyWarnings?: string[];
  /** The connection of a client that wants to switch protocols; `response` is what it gets instead, if it does not. */
  upgraded?: Upgraded | undefined;
}

export async function sendBytes(
  { request, response }: Exchange,
  code: number,
  contentType: string,
  bytes: Uint8Array,
  warnings: string[] = [],
): Promise<void> {
  if (response.destroyed) return;
  const headers: Record<string, string | number | string[]> = { 'content-type': contentType };
  if (!response.hasHeader('cache-control')) headers['cache-control'] = uncached;
  addWarnings(response, warnings);
  let body = bytes;
  if (bytes.length >= gzipBytesMin && acceptsGzip(request)) {
    body = await compress(bytes, { level: gzipLevel });
    headers['content-encoding'] = 'gzip';
    headers.vary = 'Accept-Encoding';
  }
  headers['content-length'] = body.length;
  await endOfTurn();
  if (response.destroyed) return;
  response.writeHead(code, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

let turn: Promise<void> | undefined;

/**
 * Answers that are ready in one turn of the event loop go out together at its end. Each write wakes whoever waits for it, which
 * costs more than the write where processors are virtual; a reader that is awake already takes the next ones at no such cost.
 */
function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) =>
    setImmediate(() => {
      turn = undefined;
      resolve();
    }),
  );
  return turn;
}

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A body that is never in one place as a whole: its pieces are made as the client takes them. */
export async function sendPieces(
  exchange: Exchange,
  code: number,
  contentType: string,
  body: Pick<EncodedList, 'byteLength'> & { pieces: Pieces },
): Promise<void> {
  const { request, response, audit } = exchange;
  if (response.destroyed) return;
  const headers = { 'content-type': contentType, 'cache-control': uncached };
  const { byteLength } = body;
  const isCompressed = (byteLength === undefined || byteLength >= gzipBytesMin) && acceptsGzip(request);
  if (isCompressed) response.writeHead(code, { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
  else response.writeHead(code, { ...headers, ...(byteLength !== undefined && { 'content-length': byteLength }) });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const send = () => (isCompressed ? sendCompressed(response, body.pieces) : sendPlain(response, body.pieces));
  await (audit ? audit.timed('response-write', send) : send());
}

async function sendPlain(response: ServedResponse, pieces: Pieces): Promise<void> {
  for await (const piece of pieces) {
    if (response.destroyed) return;
    await written(response, piece);
  }
  response.end();
}

/** Piece by piece on another thread. */
async function sendCompressed(response: ServedResponse, pieces: Pieces): Promise<void> {
  const compressor = createGzip({ level: gzipLevel, chunkSize: gzipChunkBytes });
  // Who goes away in the middle of an answer does not want the rest of it.
  response.once('close', () => compressor.destroy());
  compressor.pipe(response);
  for await (const piece of pieces) {
    if (response.destroyed) return;
    await written(compressor, piece);
  }
  compressor.end();
}

export function sendJson(exchange: Exchange, code: number, value: unknown, contentType = 'application/json'): Promise<void> {
  const bytes = wantsIndented(exchange.request) ? indentedJson(value) : Buffer.from(`${JSON.stringify(value)}\n`);
  return sendBytes(exchange, code, contentType, bytes);
}

export function sendText(exchange: Exchange, code: number, text: string, contentType = 'text/plain; charset=utf-8'): Promise<void> {
  return sendBytes(exchange, code, contentType, Buffer.from(text));
}

/** Where there is nothing at all, not even an API that says so. */
export function sendNoSuchPage(exchange: Exchange): Promise<void> {
  exchange.response.setHeader('x-content-type-options', 'nosniff');
  return sendText(exchange, 404, '404 page not found\n');
}

/** As Go's server itself answers what is no request, before anybody sees it. */
export function sendMalformed({ response, upgraded }: Exchange): void {
  upgraded?.answer();
  response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end('400 Bad Request');
}

/** Answers with the error's Status; when the answer has begun already, only breaking it off can say that it failed. */
export async function sendError(exchange: Exchange, status: Status): Promise<void> {
  const { request, response, audit, bodyWarnings = [], upgraded } = exchange;
  audit?.failed(status);
  if (upgraded?.code !== undefined) {
    upgraded.socket.destroy();
    return;
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  upgraded?.answer();
  addWarnings(response, bodyWarnings);
  const retryAfterSeconds = status.details?.retryAfterSeconds;
  if (retryAfterSeconds) response.setHeader('retry-after', retryAfterSeconds);
  if (status.code === 401) response.setHeader('www-authenticate', `${isRegistryRequest(request) ? 'Basic' : 'Bearer'} realm="berth"`);
  // What the client still sends is not read, so the connection cannot be used again.
  if (!request.complete) response.setHeader('connection', 'close');
  await sendNegotiated(exchange, status.code ?? 500, status);
}

/**
 * What is no object of a kind, as the client wants it: errors and discovery. Who accepts nothing that there is gets errors in JSON.
 * @throws StatusError 406 where it is none
 */
export async function sendNegotiated(exchange: Exchange, code: number, value: { apiVersion?: string; kind?: string }): Promise<void> {
  const form = negotiate(exchange.request.headers.accept, plainForms);
  if (!form && code < 400) throw noneAccepted(objectTypes);
  if (!form) return sendBytes(exchange, code, 'application/json', indentedJson(value));
  if (form.format === 'protobuf') return sendBytes(exchange, code, protobufContentType, protobufObject(value));
  if (form.format === 'yaml') return sendBytes(exchange, code, 'application/yaml', yamlBytes(value));
  return sendJson(exchange, code, value);
}

const plainForms: Available = { formats: ['json', 'yaml', 'protobuf'], tables: [], converts: false };

/** Anything thrown as a Status: what is not a StatusError is our fault, and only its being so is told. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  return StatusError.internal('the server failed to handle the request; its log says why').status;
}

/** The same, for an exchange that fails: what was warned of before goes out as well. */
export function failureOf({ bodyWarnings }: Exchange, error: unknown): Status {
  if (error instanceof Refusal) bodyWarnings?.push(...error.warnings);
  return statusOf(error);
}

export function acceptsGzip(request: ServedRequest): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/.test(String(request.headers['accept-encoding'] ?? ''));
}

/** Beside those that the answer has already; before it begins. */
export function addWarning(response: ServedResponse, text: string): void {
  response.appendHeader('warning', warningHeader(text));
}

export function addWarnings(response: ServedResponse, texts: readonly string[]): void {
  for (const text of boundedWarnings(texts)) addWarning(response, text);
}

/** RFC 7234 warn-code 299 with the text quoted, free of what a header may not hold; Node writes headers in Latin-1, Go in UTF-8. */
export function warningHeader(text: string): string {
  const safe = text.replace(/\p{Cc}/gu, '?').replace(/["\\]/g, '\\$&');
  return `299 - "${Buffer.from(safe, 'utf8').toString('latin1')}"`;
}

export function noSuchPath(): StatusError {
  return StatusError.noSuchResource();
}

export function wrongMethod(): StatusError {
  return StatusError.methodNotAllowed('the server does not allow this method on the requested resource', {});
}
