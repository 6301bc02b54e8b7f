// One end of a tunnel over any carrier of frames. What must hold: bytes of a channel arrive in order and before its end,
// a sender never has more than the receiver's window on the way, and `finished` resolves once, after all data was handled.
import type { Tunnel } from './agent-link.ts';
import type { Input } from './descriptor.ts';
import type * as wire from './generated/agent.types.ts';

export type Frame = Input<wire.TunnelFrame>;
export type DataChannel = 'stdin' | 'stdout' | 'stderr';

/** What carries frames to the other end: a gRPC stream, or memory. Frames written after `end` or `destroy` are dropped. */
export interface FrameCarrier {
  /** Returns false when it takes no more for now, and calls `carrierDrained` once it does; one that never does is always ready. */
  write(frame: Frame): unknown;
  end(): void;
  destroy(error: Error): void;
}

/** Unhandled bytes a receiver holds at most; a sender that exceeds them breaks the tunnel. */
export const tunnelWindowBytes = 512 * 1024;
/** Bytes that callers may queue without awaiting `send`; beyond, the tunnel breaks. */
const sendQueueBytesMax = 16 * 1024 * 1024;
const frameBytesMax = 64 * 1024;
/** Frames without data that the other end may send: a few say all that there is to say. */
const controlFramesMax = 100;

const wireChannel = { stdin: 'STDIN', stdout: 'STDOUT', stderr: 'STDERR' } as const;
const localChannel: Partial<Record<wire.TunnelFrameChannel, DataChannel>> = { STDIN: 'stdin', STDOUT: 'stdout', STDERR: 'stderr' };

interface Pending {
  frame?: Frame;
  data?: { channel: DataChannel; bytes: Uint8Array };
  done(error?: Error): void;
}
type Result = { exitCode: number; error?: string };

export class FrameTunnel implements Tunnel {
  readonly finished: Promise<Result>;
  readonly #carrier: FrameCarrier;
  readonly #resolveFinished: (result: Result) => void;
  readonly #sending: Pending[] = [];
  #sendingBytes = 0;
  #credit = tunnelWindowBytes;
  readonly #received: Frame[] = [];
  #receivedBytes = 0;
  #handledBytes = 0;
  #handling = false;
  #controlFrames = 0;
  /** The carrier takes no more for now, and the newest size that waits for it. */
  #isFull = false;
  #size: { width: number; height: number } | undefined;
  #finishedHere = false;
  #closed = false;
  #error: Error | undefined;
  #onData: ((channel: DataChannel, data: Uint8Array) => void | Promise<void>) | undefined;
  #onEnd: (channel: DataChannel) => void = () => {};
  #onResize: (width: number, height: number) => void = () => {};

  constructor(carrier: FrameCarrier) {
    this.#carrier = carrier;
    const { promise, resolve } = Promise.withResolvers<Result>();
    this.finished = promise;
    this.#resolveFinished = resolve;
  }

  send(channel: DataChannel, bytes: Uint8Array): Promise<void> {
    if (this.#finishedHere) return Promise.reject(new Error('nothing can be sent on a tunnel after finish()'));
    if (this.#closed) return this.#error ? Promise.reject(this.#error) : Promise.resolve();
    if (bytes.length === 0) return Promise.resolve();
    if (this.#sendingBytes + bytes.length > sendQueueBytesMax && this.#sending.length > 0) {
      const error = new Error(`more than ${sendQueueBytesMax} bytes wait to be sent: await each send`);
      this.#break(error);
      return Promise.reject(error);
    }
    this.#sendingBytes += bytes.length;
    return new Promise((resolve, reject) => {
      this.#sending.push({ data: { channel, bytes }, done: (error) => (error ? reject(error) : resolve()) });
      this.#pump();
    });
  }

  end(channel: DataChannel): void {
    this.#control({ channel: 'CLOSE', closes: wireChannel[channel] });
  }

  resize(width: number, height: number): void {
    // Unlike data, a resize matters at once and needs no order; of several, only the newest matters.
    if (this.#closed) return;
    if (this.#isFull) this.#size = { width, height };
    else this.#write({ channel: 'RESIZE', width, height });
  }

  finish(exitCode: number, error?: string): void {
    if (this.#finishedHere) return;
    this.#control({ channel: 'EXIT', exitCode, ...(error && { error }) });
    this.#finishedHere = true;
  }

  abort(error: Error): void {
    this.#break(error);
  }

  onData(handler: (channel: DataChannel, data: Uint8Array) => void | Promise<void>): void {
    this.#onData = handler;
    this.#handle();
  }

  onEnd(handler: (channel: DataChannel) => void): void {
    this.#onEnd = handler;
  }

  onResize(handler: (width: number, height: number) => void): void {
    this.#onResize = handler;
  }

  /** The carrier delivers what the other end wrote, in order. */
  receive(frame: Frame): void {
    if (this.#closed) return;
    if (frame.channel === 'WINDOW') {
      this.#credit += Math.max(0, frame.credit ?? 0);
      this.#pump();
      return;
    }
    if (frame.channel === 'RESIZE') {
      this.#onResize(frame.width ?? 0, frame.height ?? 0);
      return;
    }
    const bytes = frame.data?.length ?? 0;
    if (bytes === 0 && ++this.#controlFrames > controlFramesMax) {
      this.#break(new Error(`the other end sent more than ${controlFramesMax} frames without data`));
      return;
    }
    this.#receivedBytes += bytes;
    if (this.#receivedBytes > tunnelWindowBytes) {
      this.#break(new Error('the other end sent more than the tunnel’s window'));
      return;
    }
    this.#received.push(frame);
    this.#handle();
  }

  /** The carrier takes more. */
  carrierDrained(): void {
    this.#isFull = false;
    const size = this.#size;
    this.#size = undefined;
    if (size) this.resize(size.width, size.height);
  }

  /** The carrier ended without an error: normal once either end has finished. */
  carrierEnded(): void {
    // After what came before it, even when that still waits for whoever handles data.
    if (this.#handling || this.#received.length > 0) this.#received.push({ channel: 'OPEN' });
    else this.#ended();
  }

  carrierBroke(error: Error): void {
    this.#settle({ exitCode: 0, error: error.message }, error);
  }

  #write(frame: Frame): void {
    if (this.#carrier.write(frame) === false) this.#isFull = true;
  }

  #control(frame: Frame): void {
    if (this.#closed || this.#finishedHere) return;
    this.#sending.push({ frame, done: () => {} });
    this.#pump();
  }

  #pump(): void {
    while (!this.#closed) {
      const next = this.#sending[0];
      if (!next) return;
      if (next.data && !this.#sendData(next.data)) return;
      if (next.frame) {
        this.#write(next.frame);
        if (next.frame.channel === 'EXIT') this.#carrier.end();
      }
      this.#sending.shift();
      next.done();
    }
  }

  /** Sends what the window allows; true once all of it went. */
  #sendData(data: { channel: DataChannel; bytes: Uint8Array }): boolean {
    while (data.bytes.length > 0) {
      const size = Math.min(data.bytes.length, this.#credit, frameBytesMax);
      if (size === 0) return false;
      this.#credit -= size;
      this.#sendingBytes -= size;
      this.#write({ channel: wireChannel[data.channel], data: data.bytes.subarray(0, size) });
      data.bytes = data.bytes.subarray(size);
    }
    return true;
  }

  #handle(): void {
    if (this.#handling) return;
    this.#handling = true;
    this.#drain().catch((error: Error) => this.#break(error));
  }

  async #drain(): Promise<void> {
    try {
      for (let frame = this.#take(); frame; frame = this.#take()) {
        const channel = localChannel[frame.channel ?? 'OPEN'];
        if (channel && frame.data) {
          await this.#onData?.(channel, frame.data);
          this.#handled(frame.data.length);
        } else this.#obey(frame);
      }
    } finally {
      // In the turn in which nothing was left: a frame that came any later would find nobody to handle it.
      this.#handling = false;
    }
  }

  #take(): Frame | undefined {
    const [next] = this.#received;
    // Data waits for whoever handles it; the window bounds it.
    if (this.#closed || (localChannel[next?.channel ?? 'OPEN'] && !this.#onData)) return undefined;
    return this.#received.shift();
  }

  #obey(frame: Frame): void {
    if (frame.channel === 'CLOSE') {
      const closes = localChannel[frame.closes ?? 'OPEN'];
      if (closes) this.#onEnd(closes);
    } else if (frame.channel === 'EXIT') {
      this.#carrier.end();
      this.#settle({ exitCode: frame.exitCode ?? 0, ...(frame.error && { error: frame.error }) });
    } else if (frame.channel === 'OPEN') this.#ended();
  }

  /** Gives credit back in halves of the window, so that windows cost few frames. */
  #handled(bytes: number): void {
    this.#receivedBytes -= bytes;
    this.#handledBytes += bytes;
    if (this.#handledBytes < tunnelWindowBytes / 2 || this.#closed) return;
    this.#write({ channel: 'WINDOW', credit: this.#handledBytes });
    this.#handledBytes = 0;
  }

  #ended(): void {
    if (this.#finishedHere) this.#settle({ exitCode: 0 });
    else this.#settle({ exitCode: 0, error: 'the tunnel ended before the other end finished' });
  }

  #break(error: Error): void {
    if (this.#closed) return;
    this.#carrier.destroy(error);
    this.#settle({ exitCode: 0, error: error.message }, error);
  }

  /** Without an error the other end is merely done: what it did not read is dropped, as a process drops its input. */
  #settle(result: Result, error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.#received.length = 0;
    for (const pending of this.#sending.splice(0)) pending.done(error);
    this.#resolveFinished(result);
  }
}
