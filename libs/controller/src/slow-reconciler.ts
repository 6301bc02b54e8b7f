// For work that takes time, which a plan does not have, such as signing: keys off a queue of its own, one at a time. Whoever
// looks at a key looks at what there is then, and so is right after any crash; what fails is tried again.
import { isReason } from '@berth/machinery';
import type { Clock, Logger, Random } from '@berth/telemetry';
import { WorkQueue } from './work-queue.ts';

export interface SlowReconcilerOptions {
  /** What is looked at, for the log. */
  what: string;
  look(key: string): Promise<void>;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export class SlowReconciler {
  readonly #options: SlowReconcilerOptions;
  readonly #queue: WorkQueue;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SlowReconcilerOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ clock: options.clock, random: options.random }, () => this.#wake());
  }

  add(key: string): void {
    this.#queue.add(key);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue.close();
    await this.#working;
  }

  #wake(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      if (this.#queue.length > 0 && !this.#stopped) this.#wake();
    });
  }

  async #work(): Promise<void> {
    // Whoever adds a key goes on first.
    await Promise.resolve();
    for (let key = this.#queue.take(); key !== undefined && !this.#stopped; key = this.#queue.take()) {
      try {
        await this.#options.look(key).catch(unlessOvertaken);
        this.#queue.done(key, true);
      } catch (error) {
        this.#options.logger.warn(`${this.#options.what} is tried again`, { key, error });
        this.#queue.done(key, false);
      }
    }
  }
}

/** Another write was first, whose event brings us back; or nobody waits any more. */
function unlessOvertaken(error: unknown): void {
  if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
}
