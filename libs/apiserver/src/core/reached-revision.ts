// Up to which revision a cache has applied all changes, and who waits for it to get further.
import type { Clock } from '@berth/telemetry';

const catchUpTimeoutMs = 3_000;

interface Waiter {
  revision: number;
  resolve(): void;
}

export class ReachedRevision {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #current = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get current(): number {
    return this.#current;
  }

  /** Resolves to whether it is this far; false once that has taken too long. */
  reach(revision: number): Promise<boolean> {
    if (this.#current >= revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = this.#clock.after(catchUpTimeoutMs, () => {
        this.#waiters.delete(waiter);
        resolve(false);
      });
      const waiter: Waiter = {
        revision,
        resolve: () => {
          timer.cancel();
          resolve(true);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  advance(revision: number): void {
    this.#current = Math.max(this.#current, revision);
    for (const waiter of this.#waiters) {
      if (waiter.revision > this.#current) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
