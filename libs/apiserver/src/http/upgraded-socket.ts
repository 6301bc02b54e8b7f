// Sockets that HTTP has let go of for an upgrade. From then on nobody notices when their client leaves, or takes what it sends already:
// that is done here, until a protocol takes over.
import type { Duplex } from 'node:stream';
import type { Clock } from '@berth/telemetry';

/** What a client may send before it has an answer. One that sends more is cut off: where nobody reads on, nobody would see it leave. */
const earlyBytesMax = 64 * 1024;

/** Takes what comes early, and closes a socket whose client leaves before it has its answer. */
export class EarlyBytes {
  readonly #socket: Duplex;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  readonly #take = (chunk: Buffer) => {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > earlyBytesMax) this.#socket.destroy();
  };
  readonly #leave = () => void this.#socket.destroy();

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    if (head.length > 0) this.#take(head);
    socket.on('data', this.#take);
    socket.on('end', this.#leave);
    socket.resume();
  }

  /** Hands the socket over, paused, with what came early. */
  handOver(): Buffer {
    this.#socket.pause();
    this.#socket.off('data', this.#take);
    this.#socket.off('end', this.#leave);
    return Buffer.concat(this.#chunks.splice(0));
  }
}

/** For what was said last to reach who does not read it at once. */
const lastWordsMs = 10_000;

export interface SwitchedSockets {
  near: Duplex;
  early: Buffer;
  far: Duplex;
  head: Buffer;
  clock: Clock;
}

/** Joins two sockets until either is done or breaks, then closes both. */
export async function switchedSockets({ near, early, far, head, clock }: SwitchedSockets): Promise<void> {
  if (head.length > 0) near.write(head);
  if (early.length > 0) far.write(early);
  const over = new Promise<void>((resolve) => {
    for (const end of [near, far]) {
      end.on('error', () => resolve());
      end.once('end', resolve);
      end.once('close', resolve);
    }
  });
  near.pipe(far);
  far.pipe(near);
  await over;
  await Promise.all([closed(near, clock), closed(far, clock)]);
}

/** Once what was written is out, or nobody takes it. */
async function closed(stream: Duplex, clock: Clock): Promise<void> {
  if (stream.destroyed) return;
  const done = new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.end(resolve);
  });
  const timer = clock.after(lastWordsMs, () => void stream.destroy());
  await done;
  timer.cancel();
  stream.destroy();
}
