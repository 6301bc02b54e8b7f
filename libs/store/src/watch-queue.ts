// A watch's buffer: batches wait here until its reader takes them. Bounded; a reader that falls behind is told so.
import { SlowWatcherError, type Watch, type WatchBatch } from './store.ts';

/** Events that may wait for one reader. */
export const watchEventsMax = 100_000;

export class WatchQueue implements Watch {
  readonly ready: Promise<void>;
  readonly #limit: number;
  readonly #onClose: (() => void)[];
  #resolveReady: () => void = () => {};
  #rejectReady: (error: Error) => void = () => {};
  #batches: WatchBatch[] = [];
  #events = 0;
  #waiting: (() => void) | undefined;
  #onTaken: (() => void) | undefined;
  #error: Error | undefined;
  #closed = false;

  constructor(onClose: () => void, limit = watchEventsMax) {
    this.#limit = limit;
    this.#onClose = [onClose];
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // A reader may learn of the failure from the iteration alone.
    this.ready.catch(() => {});
  }

  /** Nothing more can be delivered: closed by its reader, or failed. */
  get ended(): boolean {
    return this.#closed || this.#error !== undefined;
  }

  /** Resolves when at most this many events wait, or when it ended; lets a replay go no faster than its reader. */
  async drained(eventsMax: number): Promise<void> {
    while (!this.ended && this.#events > eventsMax) {
      await new Promise<void>((resolve) => {
        this.#onTaken = resolve;
      });
    }
  }

  /** Called when it was closed or failed. */
  onEnd(callback: () => void): void {
    this.#onClose.push(callback);
  }

  established(): void {
    this.#resolveReady();
  }

  push(batch: WatchBatch): void {
    if (this.#closed || this.#error) return;
    this.#events += batch.events.length;
    if (this.#events > this.#limit) {
      this.fail(new SlowWatcherError(this.#limit));
      return;
    }
    this.#batches.push(batch);
    this.#waiting?.();
  }

  /** Ends the iteration with this error, after what waits has been read. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#rejectReady(error);
    this.#waiting?.();
    this.#onTaken?.();
    for (const callback of this.#onClose) callback();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#batches = [];
    this.#resolveReady();
    this.#waiting?.();
    this.#onTaken?.();
    for (const callback of this.#onClose) callback();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch> {
    try {
      while (!this.#closed) {
        const batch = this.#batches.shift();
        if (batch) {
          this.#events -= batch.events.length;
          this.#onTaken?.();
          yield batch;
        } else if (this.#error) throw this.#error;
        else
          await new Promise<void>((resolve) => {
            this.#waiting = resolve;
          });
      }
    } finally {
      this.close();
    }
  }
}
