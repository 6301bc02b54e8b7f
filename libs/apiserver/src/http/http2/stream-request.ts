// A request that came as a stream of an HTTP/2 connection, in the form of HTTP/1.1 that everything behind it reads. Node's own form of it
// ends a body that was cut off as if it were whole, and does not name the connection that the request came on.
import type { IncomingMessage } from 'node:http';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ServedRequest } from '../../core/served-message.ts';

const highWaterMarkBytes = 64 * 1024;

export interface StreamHead {
  headers: IncomingHttpHeaders;
  /** Names and values by turns, in the order in which they came. */
  rawHeaders: readonly string[];
}

export class StreamRequest extends Readable implements ServedRequest {
  readonly httpVersion = '2.0';
  readonly httpVersionMajor = 2;
  readonly httpVersionMinor = 0;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: string[];
  readonly socket: TLSSocket;
  /** Whether all of the body has come, read or not. */
  complete: boolean;
  readonly #stream: ServerHttp2Stream;
  #isRead = false;

  /** @param socket of its connection, which HTTP/2 reads: for its addresses and its client certificate only */
  constructor(stream: ServerHttp2Stream, { headers, rawHeaders }: StreamHead, socket: TLSSocket) {
    super({ highWaterMark: highWaterMarkBytes });
    this.#stream = stream;
    this.socket = socket;
    const { ':method': method = '', ':path': path = '/', ':authority': authority, ':scheme': _scheme, ...others } = headers;
    this.method = method;
    this.url = path;
    this.complete = stream.endAfterHeaders;
    this.headers = others;
    if (authority !== undefined) this.headers.host = authority;
    // A body of unknown length, as HTTP/1.1 says it and as whoever passes it on has to know.
    if (!this.complete && this.headers['content-length'] === undefined) this.headers['transfer-encoding'] = 'chunked';
    this.rawHeaders = rawHeaders.slice();
    if (this.complete) this.push(null);
    // An empty body ends before anybody reads it.
    stream.once('end', () => this.#ended());
    // Before it is read, the end of a body is one with the end of its stream.
    stream.once('close', () => this.#closed());
  }

  get headersDistinct(): NodeJS.Dict<string[]> {
    const distinct: NodeJS.Dict<string[]> = Object.create(null);
    for (let index = 0; index + 1 < this.rawHeaders.length; index += 2) {
      const [name = '', value = ''] = this.rawHeaders.slice(index, index + 2);
      if (!name.startsWith(':')) distinct[name] = [...(distinct[name] ?? []), value];
    }
    return distinct;
  }

  override _read(): void {
    const stream = this.#stream;
    if (this.#isRead) {
      stream.resume();
      return;
    }
    this.#isRead = true;
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const stream = this.#stream;
    if (!this.complete && !stream.closed) stream.close(constants[stream.writableFinished ? 'NGHTTP2_NO_ERROR' : 'NGHTTP2_CANCEL']);
    done(error);
  }

  #ended(): void {
    // What its client called off ends as well, and is not whole.
    if (this.complete || this.#stream.aborted || this.destroyed) return;
    this.complete = true;
    this.push(null);
  }

  #closed(): void {
    if (this.complete || this.destroyed) return;
    // Without an answer that is complete, somebody may wait for the rest of the body.
    this.destroy(this.#stream.aborted ? Object.assign(new Error('aborted'), { code: 'ECONNRESET' }) : undefined);
  }
}
