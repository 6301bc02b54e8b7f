// The answer on a stream of an HTTP/2 connection, with the methods of HTTP/1.1 that everything before it calls. What HTTP/1.1 says of a
// connection is left out: HTTP/2 forbids it, and says it otherwise.
import { type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { Writable } from 'node:stream';
import type { HeaderValue, ServedResponse } from '../../core/served-message.ts';

const highWaterMarkBytes = 64 * 1024;

/** RFC 9113, section 8.2.2. */
const connectionHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te']);
/** Answers that have no body whatever is written. */
const bodiless = new Set([204, 205, 304]);

export class StreamResponse extends Writable implements ServedResponse {
  statusCode = 200;
  /** HTTP/2 frames bodies itself. */
  readonly chunkedEncoding = false;
  /** True once the head is decided upon, sent or not. */
  headersSent = false;
  readonly #stream: ServerHttp2Stream;
  readonly #isHead: boolean;
  readonly #headers: Record<string, HeaderValue> = Object.create(null);
  #isBegun = false;
  /** Goes out with the end of the stream, in one frame. */
  #last: Uint8Array | string | undefined;

  constructor(stream: ServerHttp2Stream, method: string) {
    super({ highWaterMark: highWaterMarkBytes });
    this.#stream = stream;
    this.#isHead = method === 'HEAD';
    stream.once('close', () => this.destroy());
    // Whoever listens to the answer hears of it; the stream is closed by then.
    stream.on('error', (error) => this.destroy(error));
  }

  setHeader(name: string, value: HeaderValue): this {
    const key = name.toLowerCase();
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, String(one));
    if (!connectionHeaders.has(key)) this.#headers[key] = value;
    return this;
  }

  appendHeader(name: string, value: string): this {
    const before = this.#headers[name.toLowerCase()];
    return this.setHeader(name, before === undefined ? value : [...[before].flat().map(String), value]);
  }

  getHeader(name: string): HeaderValue | undefined {
    return this.#headers[name.toLowerCase()];
  }

  hasHeader(name: string): boolean {
    return name.toLowerCase() in this.#headers;
  }

  writeHead(statusCode: number, headers: OutgoingHttpHeaders = {}): this {
    this.statusCode = statusCode;
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) this.setHeader(name, value);
    this.headersSent = true;
    return this;
  }

  flushHeaders(): void {
    this.#begin(false);
  }

  writeContinue(): void {
    if (!this.#stream.destroyed) this.#stream.additionalHeaders({ ':status': constants.HTTP_STATUS_CONTINUE });
  }

  override end(...given: unknown[]): this {
    const [last] = given;
    // Written first, the last piece and the end of the stream would be two frames.
    if (typeof last === 'string' || last instanceof Uint8Array) {
      this.#last = last;
      const done = given.at(-1);
      return super.end(typeof done === 'function' ? (done as () => void) : undefined);
    }
    return super.end(...(given as []));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#hasNoBody || this.#stream.destroyed) {
      done();
      return;
    }
    this.#begin(false);
    this.#stream.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    const last = this.#hasNoBody ? undefined : this.#last;
    const isEmpty = last === undefined || last.length === 0;
    const wasBegun = this.#isBegun;
    this.#begin(isEmpty);
    if (this.#stream.destroyed || (isEmpty && !wasBegun)) done();
    else if (isEmpty) this.#stream.end(done);
    else this.#stream.end(last, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished && !this.#stream.closed) this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    done(error);
  }

  get #hasNoBody(): boolean {
    return this.#isHead || bodiless.has(this.statusCode);
  }

  #begin(endStream: boolean): void {
    if (this.#isBegun || this.#stream.destroyed) return;
    this.#isBegun = true;
    this.headersSent = true;
    this.#stream.respond({ ':status': this.statusCode, ...this.#headers }, { endStream: endStream || this.#hasNoBody });
  }
}
