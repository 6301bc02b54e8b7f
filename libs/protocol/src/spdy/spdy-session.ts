// A SPDY/3.1 session over any byte stream, for either side. What must hold: memory is bounded (windows, or no more reading
// from the connection while a stream is full), and whatever the peer sends ends at worst this session, with a typed error.
import type { Duplex } from 'node:stream';
import { resetCodes, SpdyClosedError, SpdyProtocolError, SpdyResetError } from './errors.ts';
import { encode, type Frame, FrameParser, settingInitialWindow } from './frames.ts';
import { HeaderCodec, type SpdyHeaders } from './header-codec.ts';
import { SpdyStream, type StreamHost, windowBytes } from './spdy-stream.ts';

export interface SpdySessionOptions {
  role: 'client' | 'server';
  /**
   * Whether the peer grants windows as SPDY/3.1 asks. Peers built on Go's spdystream (containerd, kubectl) never do:
   * towards them only the connection itself slows the sender down, in both directions. Nor are windows granted to them: a
   * peer that closes with frames unread makes TCP reset the connection, and what it sent last would be lost.
   */
  peerGrantsWindows: boolean;
  /** Called for each stream that the peer opens; it is answered after this returns, unless destroyed. Absent refuses all. */
  onStream?: (stream: SpdyStream) => void;
}

const dataFrameBytesMax = 32 * 2 ** 10;
const peerStreamsMax = 256;
/** Small frames that the peer does not read, such as answers to its pings. */
const unsentBytesMax = 2 ** 20;
const windowMax = 0x7fffffff;

export class SpdySession {
  /** Resolves when the session is over: with the reason unless it was closed in good order. */
  readonly closed: Promise<Error | undefined>;
  readonly #transport: Duplex;
  readonly #options: SpdySessionOptions;
  readonly #codec = new HeaderCodec();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #unanswered = new Set<number>();
  readonly #full = new Set<SpdyStream>();
  readonly #host: StreamHost;
  readonly #pings = new Map<number, () => void>();
  /** Header blocks must leave in the order in which they are compressed. */
  #headersSent: Promise<void> = Promise.resolve();
  #waiters: (() => void)[] = [];
  #nextId: number;
  #nextPing: number;
  #lastPeerId = 0;
  #peerStreams = 0;
  #initialWindow = windowBytes;
  #sendWindow = windowBytes;
  #ungranted = 0;
  #goingAway = false;
  #over = false;
  #end!: (reason: Error | undefined) => void;

  constructor(transport: Duplex, options: SpdySessionOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#nextId = options.role === 'client' ? 1 : 2;
    this.#nextPing = this.#nextId;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#host = {
      sendData: (stream, chunk) => this.#sendData(stream, chunk),
      sendFin: (stream) => this.#sendFin(stream),
      wantsMore: (stream) => this.#full.delete(stream) && this.#wake(),
      grant: (stream, bytes) => this.#grant(stream.id, bytes),
      forget: (stream, code) => this.#forget(stream, code),
    };
    transport.on('drain', () => this.#wake());
    transport.once('close', () => this.#finish(new SpdyClosedError()));
    transport.on('error', (error) => this.#finish(new SpdyClosedError(error.message, { cause: error })));
    void this.#receive();
  }

  /** Streams that are open, of both sides. */
  get streamCount(): number {
    return this.#streams.size;
  }

  // One that is only read from ends as it opens: who writes to a peer that has closed loses what it said last.
  /** What is written is sent once the peer has accepted the stream. @throws SpdyClosedError */
  openStream(headers: SpdyHeaders, { readOnly = false } = {}): SpdyStream {
    if (this.#over || this.#goingAway) throw new SpdyClosedError(this.#over ? undefined : 'the peer takes no more streams');
    const stream = new SpdyStream(this.#host, this.#nextId, headers, { sendWindow: this.#initialWindow, readOnly });
    if (readOnly) stream.end();
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    this.#unanswered.add(stream.id);
    this.#sendHeaders(headers, (block) => encode.synStream(stream.id, block, readOnly));
    return stream;
  }

  /** Resolves when the peer has answered: it is alive, and has read what was sent before. */
  async ping(): Promise<void> {
    if (this.#over) throw new SpdyClosedError();
    const id = this.#nextPing;
    this.#nextPing += 2;
    await new Promise<void>((resolve, reject) => {
      this.#pings.set(id, resolve);
      this.#headersSent = this.#headersSent.then(() => this.#send(encode.ping(id)));
      void this.closed.then((reason) => reject(reason ?? new SpdyClosedError()));
    });
  }

  /** Ends all streams and the connection, after what is on its way out. */
  close(): void {
    if (this.#over) return;
    // The peer waits for the answers to the streams that it opened, which may still wait for their compression.
    void this.#headersSent.then(() => {
      this.#send(encode.goAway(this.#lastPeerId, 0));
      this.#finish(undefined);
    });
  }

  async #receive(): Promise<void> {
    const parser = new FrameParser();
    try {
      for await (const chunk of this.#transport) {
        for (const frame of parser.push(chunk)) {
          await this.#handle(frame);
          while (this.#full.size > 0 && !this.#over) await this.#wakened();
          if (this.#over) return;
        }
      }
      this.#finish(new SpdyClosedError('the peer closed the connection'));
    } catch (error) {
      if (error instanceof SpdyProtocolError && !this.#over) this.#send(encode.goAway(this.#lastPeerId, resetCodes.protocolError));
      this.#finish(error instanceof SpdyProtocolError ? error : new SpdyClosedError((error as Error).message, { cause: error }));
    }
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'data':
        return this.#onData(frame.streamId, frame.chunk, frame.fin);
      case 'synStream':
        return this.#onSynStream(frame.streamId, await this.#codec.decode(frame.block), frame);
      case 'synReply':
      case 'headers':
        await this.#codec.decode(frame.block);
        if (this.#unanswered.delete(frame.streamId)) this.#wake();
        if (frame.fin) this.#streams.get(frame.streamId)?.receive(Buffer.alloc(0), true);
        return;
      case 'rstStream':
        this.#streams.get(frame.streamId)?.cut(new SpdyResetError(frame.streamId, frame.code));
        return;
      case 'ping':
        // The lowest bit tells whose ping it is.
        if (frame.id % 2 !== this.#nextPing % 2) this.#send(encode.ping(frame.id));
        else this.#pings.get(frame.id)?.();
        this.#pings.delete(frame.id);
        return;
      case 'settings':
        return this.#onInitialWindow(frame.values.get(settingInitialWindow));
      case 'goAway':
        this.#goingAway = true;
        for (const stream of [...this.#streams.values()]) {
          const ours = stream.id % 2 === this.#nextId % 2;
          if (ours && stream.id > frame.lastStreamId && this.#unanswered.has(stream.id))
            stream.cut(new SpdyClosedError('the peer takes no more streams'));
        }
        return;
      case 'windowUpdate':
        return this.#onWindowUpdate(frame.streamId, frame.delta);
    }
  }

  #onData(streamId: number, chunk: Buffer, fin: boolean): void {
    this.#ungranted += chunk.length;
    if (this.#ungranted >= windowBytes / 2) {
      // What streams hold is bounded by their own windows, so the session's window is given back at once.
      this.#grant(0, this.#ungranted);
      this.#ungranted = 0;
    }
    const stream = this.#streams.get(streamId);
    // Data may still be on its way when this side has ended a stream.
    if (!stream) return;
    if (!stream.receive(chunk, fin) && !this.#options.peerGrantsWindows) this.#full.add(stream);
    if (this.#options.peerGrantsWindows && stream.overrunBytes > 0) stream.reset(resetCodes.flowControlError);
  }

  #onSynStream(id: number, headers: SpdyHeaders, { fin, unidirectional }: { fin: boolean; unidirectional: boolean }): void {
    if (id === 0 || id % 2 === this.#nextId % 2 || id <= this.#lastPeerId)
      throw new SpdyProtocolError(`the peer opened stream ${id} after ${this.#lastPeerId}`);
    this.#lastPeerId = id;
    if (!this.#options.onStream || this.#peerStreams >= peerStreamsMax) {
      this.#send(encode.rstStream(id, resetCodes.refusedStream));
      return;
    }
    const stream = new SpdyStream(this.#host, id, headers, { sendWindow: this.#initialWindow, readOnly: unidirectional });
    this.#streams.set(id, stream);
    this.#peerStreams++;
    this.#unanswered.add(id);
    this.#options.onStream(stream);
    if (fin) stream.receive(Buffer.alloc(0), true);
    if (stream.destroyed || unidirectional) return;
    this.#sendHeaders({}, (block) => {
      this.#unanswered.delete(id);
      this.#wake();
      return encode.synReply(id, block);
    });
  }

  #onInitialWindow(value: number | undefined): void {
    if (value === undefined) return;
    if (value > windowMax) throw new SpdyProtocolError(`an initial window of ${value} bytes`);
    for (const stream of this.#streams.values()) stream.sendWindow += value - this.#initialWindow;
    this.#initialWindow = value;
    this.#wake();
  }

  #onWindowUpdate(streamId: number, delta: number): void {
    const stream = this.#streams.get(streamId);
    const window = streamId === 0 ? this.#sendWindow : stream?.sendWindow;
    if (window === undefined) return;
    if (delta === 0 || window + delta > windowMax) throw new SpdyProtocolError(`a window update of ${delta} bytes on top of ${window}`);
    if (stream) stream.sendWindow += delta;
    else this.#sendWindow += delta;
    this.#wake();
  }

  async #sendData(stream: SpdyStream, chunk: Buffer): Promise<void> {
    // A stream that the peer opened is answered before anything comes on it.
    await this.#headersSent;
    for (let rest = chunk; rest.length > 0; ) {
      const room = this.#options.peerGrantsWindows ? Math.min(this.#sendWindow, stream.sendWindow) : dataFrameBytesMax;
      if (stream.cutOff || this.#over) return;
      if (room <= 0 || this.#unanswered.has(stream.id) || this.#transport.writableNeedDrain) {
        await this.#wakened();
        continue;
      }
      const part = rest.subarray(0, Math.min(room, dataFrameBytesMax));
      rest = rest.subarray(part.length);
      stream.sendWindow -= part.length;
      this.#sendWindow -= part.length;
      this.#transport.cork();
      this.#transport.write(encode.dataHeader(stream.id, part.length, false));
      this.#transport.write(part);
      this.#transport.uncork();
    }
  }

  async #sendFin(stream: SpdyStream): Promise<void> {
    await this.#headersSent;
    while (this.#unanswered.has(stream.id) && !stream.cutOff && !this.#over) await this.#wakened();
    if (!stream.cutOff) this.#send(encode.dataHeader(stream.id, 0, true));
  }

  #sendHeaders(headers: SpdyHeaders, frame: (block: Buffer) => Buffer): void {
    this.#headersSent = this.#headersSent
      .then(async () => {
        if (!this.#over) this.#send(frame(await this.#codec.encode(headers)));
      })
      .catch((error: Error) => this.#finish(error));
  }

  #send(frame: Buffer): void {
    if (this.#over) return;
    this.#transport.write(frame);
    if (this.#transport.writableLength > unsentBytesMax)
      this.#finish(new SpdyProtocolError(`the peer does not read; ${this.#transport.writableLength} bytes wait`));
  }

  #grant(streamId: number, bytes: number): void {
    if (this.#options.peerGrantsWindows) this.#send(encode.windowUpdate(streamId, bytes));
  }

  #forget(stream: SpdyStream, code: number | undefined): void {
    if (!this.#streams.delete(stream.id)) return;
    if (stream.id % 2 !== this.#nextId % 2) this.#peerStreams--;
    this.#unanswered.delete(stream.id);
    this.#full.delete(stream);
    if (code !== undefined) {
      // After the stream's SYN_STREAM or SYN_REPLY, which may still wait for its compression.
      this.#headersSent = this.#headersSent.then(() => this.#send(encode.rstStream(stream.id, code)));
    }
    this.#wake();
  }

  #finish(reason: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    const streams = [...this.#streams.values()];
    for (const stream of streams) stream.cut(reason ?? new SpdyClosedError('this side closed it'));
    this.#codec.close();
    this.#wake();
    this.#transport.end(() => this.#transport.destroy());
    // Not all transports call back when they are broken already, or while their peer does not read.
    if (reason) this.#transport.destroy();
    this.#end(reason);
  }

  #wakened(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}
