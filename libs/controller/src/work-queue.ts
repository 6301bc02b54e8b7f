// Keys waiting for a worker: each key at most once, never on two workers at a time, and after a failure only when its
// back-off is over. Bounded by the number of objects, as a key stands in it once.
import type { Clock, Random, Timer } from '@berth/telemetry';

const backOffMsMin = 50;
const backOffMsMax = 60_000;

export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ready: string[] = [];
  readonly #queued = new Set<string>();
  readonly #active = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { timer: Timer; dueMs: number }>();
  readonly #failures = new Map<string, number>();
  readonly #onReady: () => void;

  /** @param onReady called whenever a key can be taken */
  constructor(deps: { clock: Clock; random: Random }, onReady: () => void) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#onReady = onReady;
  }

  get length(): number {
    return this.#ready.length;
  }

  add(key: string): void {
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
    if (this.#active.has(key)) {
      this.#again.add(key);
      return;
    }
    if (this.#queued.has(key)) return;
    this.#queued.add(key);
    this.#ready.push(key);
    this.#onReady();
  }

  /** The earliest of several delays for a key wins. */
  addAfter(key: string, delayMs: number): void {
    const dueMs = this.#clock.now() + delayMs;
    const known = this.#delayed.get(key);
    if (this.#queued.has(key) || (known && known.dueMs <= dueMs)) return;
    known?.timer.cancel();
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { timer, dueMs });
  }

  take(): string | undefined {
    const key = this.#ready.shift();
    if (key === undefined) return undefined;
    this.#queued.delete(key);
    this.#active.add(key);
    return key;
  }

  /** The worker is through with the key; a failure earns it a growing wait. */
  done(key: string, succeeded: boolean): void {
    this.#active.delete(key);
    if (succeeded) this.#failures.delete(key);
    const again = this.#again.delete(key);
    if (!succeeded) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const waitMs = Math.min(backOffMsMin * 2 ** Math.min(failures - 1, 20), backOffMsMax);
      this.addAfter(key, waitMs * (0.5 + this.#random.next() / 2));
    } else if (again) this.add(key);
  }

  close(): void {
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.length = 0;
    this.#queued.clear();
  }
}
