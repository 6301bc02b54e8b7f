// Runs tasks one after another, each again with growing pauses until it succeeds: for writes that must not be lost while
// the API is away. Bounded: `add` says so when it is full.
import { isReason } from '@berth/machinery';
import type { Clock, Logger } from '@berth/telemetry';

const pauseMsFirst = 100;
const pauseMsMax = 5000;

export class RetryQueue {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limit: number;
  readonly #tasks: (() => Promise<void>)[] = [];
  readonly #stop = new AbortController();
  #running = false;

  constructor(clock: Clock, logger: Logger, limit: number) {
    this.#clock = clock;
    this.#logger = logger;
    this.#limit = limit;
  }

  /** False when `limit` tasks wait already. */
  add(task: () => Promise<void>): boolean {
    if (this.#stop.signal.aborted) return true;
    if (this.#tasks.length >= this.#limit) return false;
    this.#tasks.push(task);
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
    return true;
  }

  stop(): void {
    this.#stop.abort();
    this.#tasks.length = 0;
  }

  async #run(): Promise<void> {
    // A task never runs within `add`: whoever adds it has still to note that it did.
    await Promise.resolve();
    let pauseMs = pauseMsFirst;
    for (let task = this.#tasks[0]; task && !this.#stop.signal.aborted; task = this.#tasks[0]) {
      try {
        await task();
        this.#tasks.shift();
        pauseMs = pauseMsFirst;
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#logger.warn('a write failed and is tried again', { error, retryMs: pauseMs });
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMsMax, pauseMs * 2);
      }
    }
    this.#running = false;
  }

  /** Ends early when stopped. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(delayMs, () => {
        this.#stop.signal.removeEventListener('abort', onStop);
        resolve();
      });
      const onStop = () => {
        timer.cancel();
        resolve();
      };
      this.#stop.signal.addEventListener('abort', onStop, { once: true });
    });
  }
}

/** Worth another try: everything but what the API says is wrong for good. */
export function isTransient(error: unknown): boolean {
  return !['NotFound', 'Invalid', 'BadRequest', 'Forbidden', 'RequestEntityTooLarge'].some((reason) => isReason(error, reason));
}
