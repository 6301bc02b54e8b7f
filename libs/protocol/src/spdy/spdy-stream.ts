// One stream of a SPDY session, as a Duplex with half-close: `end()` sends FLAG_FIN, `destroy()` sends RST_STREAM. What has
// arrived before a reset or the connection's loss can still be read; the error follows it.
import { Duplex } from 'node:stream';
import { resetCodes } from './errors.ts';
import type { SpdyHeaders } from './header-codec.ts';

/** SPDY's initial window, and the most that a stream keeps for a reader that is slow. */
export const windowBytes = 64 * 2 ** 10;

/** What a stream needs of its session. */
export interface StreamHost {
  sendData(stream: SpdyStream, chunk: Buffer): Promise<void>;
  sendFin(stream: SpdyStream): Promise<void>;
  /** The reader wants more, so that the session may read on. */
  wantsMore(stream: SpdyStream): void;
  grant(stream: SpdyStream, bytes: number): void;
  /** Forgets the stream; with a code, tells the peer by RST_STREAM. */
  forget(stream: SpdyStream, code: number | undefined): void;
}

export class SpdyStream extends Duplex {
  readonly id: number;
  /** As the side that opened the stream sent them. */
  readonly headers: SpdyHeaders;
  /** Makes a reset or a lost connection look like the data's end, as peers end streams that way when all is said. */
  resetEnds = false;
  /** Bytes that the peer is ready to take; its owner is the session. */
  sendWindow: number;
  readonly #host: StreamHost;
  #localEnded: boolean;
  #remoteEnded = false;
  #received = 0;
  #granted = 0;
  /** The error to end with once what has arrived is read. */
  #failure: Error | undefined;
  #resetCode: number = resetCodes.cancel;

  constructor(host: StreamHost, id: number, headers: SpdyHeaders, options: { sendWindow: number; readOnly: boolean }) {
    super({ readableHighWaterMark: windowBytes / 2, writableHighWaterMark: windowBytes / 2, allowHalfOpen: true, decodeStrings: true });
    this.#host = host;
    this.id = id;
    this.headers = headers;
    this.sendWindow = options.sendWindow;
    this.#localEnded = options.readOnly;
  }

  /** Ends both directions at once and tells the peer the code. */
  reset(code: number): void {
    this.#resetCode = code;
    this.destroy();
  }

  /** True when nothing more can be sent: ended, or cut off by the peer. */
  get cutOff(): boolean {
    return this.#failure !== undefined || this.destroyed;
  }

  /** Bytes that the peer has sent beyond what it was granted. */
  get overrunBytes(): number {
    return this.#received - this.#granted - windowBytes;
  }

  /** @returns whether more may come before the reader has taken some */
  receive(chunk: Buffer, fin: boolean): boolean {
    if (this.#remoteEnded || this.cutOff) return true;
    this.#received += chunk.length;
    const more = chunk.length === 0 || this.push(chunk);
    if (fin) {
      this.#remoteEnded = true;
      this.push(null);
    } else this.#afterRead();
    return more || fin;
  }

  /** The peer or the connection has ended this stream. */
  cut(error: Error): void {
    if (this.cutOff) return;
    this.#failure = error;
    this.#host.forget(this, undefined);
    if (this.resetEnds || this.#remoteEnded) {
      // A writer finds out by its next write, whose bytes go nowhere.
      if (!this.#remoteEnded) this.push(null);
      this.#remoteEnded = true;
      this.end();
    } else if (this.readableLength === 0) this.destroy(error);
  }

  /** Every way to consume a stream comes through here; `_read` would not be called again while it waits for a push. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    if (chunk !== null) this.#afterRead();
    return chunk;
  }

  override _read(): void {
    // The peer sends by itself.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.cutOff || this.#localEnded) {
      done();
      return;
    }
    this.#host.sendData(this, chunk).then(
      () => done(),
      (error: Error) => done(this.cutOff ? null : error),
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.cutOff || this.#localEnded) {
      done();
      return;
    }
    this.#host.sendFin(this).then(
      () => {
        this.#localEnded = true;
        done();
      },
      (error: Error) => done(this.cutOff ? null : error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const over = this.#failure !== undefined || (this.#localEnded && this.#remoteEnded);
    this.#host.forget(this, over ? undefined : this.#resetCode);
    done(error);
  }

  #afterRead(): void {
    if (this.destroyed) return;
    if (this.#failure && !this.#remoteEnded && this.readableLength === 0) {
      this.destroy(this.#failure);
      return;
    }
    if (this.readableLength < this.readableHighWaterMark) this.#host.wantsMore(this);
    const taken = this.#received - this.readableLength - this.#granted;
    if (taken < windowBytes / 2 || this.#remoteEnded) return;
    this.#granted += taken;
    this.#host.grant(this, taken);
  }
}
