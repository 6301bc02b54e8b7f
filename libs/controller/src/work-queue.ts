// Keys waiting for a worker: each key at most once, never on two workers at a time, and after a failure only when its
// back-off is over. A change brings the next try forward, but never below a floor: what fails and changes something by failing
// would else be tried again at once, for ever. Bounded by the number of objects, as a key stands in it once.
import type { Clock, Random, Timer } from '@berth/telemetry';

const backOffMsMin = 50;
const backOffMsMax = 60_000;
/** The longest that a change waits behind a failure. */
const floorMsMax = 5_000;
/** The shortest planned wait: one that is computed from times may come out as nothing. */
const delayMsMin = 10;
/** A longer wait is cut short: looking early changes nothing, and a time may be corrected meanwhile. */
const delayMsMax = 24 * 3_600_000;

/** How long to wait after so many failures in a row (from 1): twice as long each time, up to a minute, and never all at once. */
export function backOffMs(failures: number, random: Random): number {
  return Math.min(backOffMsMin * 2 ** Math.min(failures - 1, 20), backOffMsMax) * (0.5 + random.next() / 2);
}

/** What is counted of a queue, as client-go counts it. */
export interface QueueMetrics {
  /** A key that can be taken, and could not before. */
  added(): void;
  taken(waitedSeconds: number): void;
  done(workedSeconds: number): void;
  /** A key that is to be looked at again, after a failure or as planned. */
  retried(): void;
}

/** What can be asked of a queue at any time. */
export interface QueueState {
  /** Keys that can be taken. */
  readonly length: number;
  /** How long each key under way has been so. */
  workingSeconds(): number[];
}

export interface WorkQueueDeps {
  clock: Clock;
  random: Random;
  /** Called once, for whoever counts; nobody does where it is absent. */
  queueMetrics?: ((queue: QueueState) => QueueMetrics) | undefined;
}

export class WorkQueue implements QueueState {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #metrics: QueueMetrics | undefined;
  readonly #ready: string[] = [];
  /** Since when, in ms of the monotonic clock; as for `#active`. */
  readonly #queued = new Map<string, number>();
  readonly #active = new Map<string, number>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { timer: Timer; dueMs: number }>();
  readonly #failures = new Map<string, { count: number; floorMs: number }>();
  readonly #onReady: () => void;

  /** @param onReady called whenever a key can be taken */
  constructor({ clock, random, queueMetrics }: WorkQueueDeps, onReady: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#metrics = queueMetrics?.(this);
    this.#onReady = onReady;
  }

  get length(): number {
    return this.#ready.length;
  }

  workingSeconds(): number[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#active.values()].map((sinceMs) => (nowMs - sinceMs) / 1_000);
  }

  /** At once, but not before the floor of a failed try is over. */
  add(key: string): void {
    if (this.#active.has(key)) {
      this.#again.add(key);
      return;
    }
    if (this.#queued.has(key)) return;
    const restMs = (this.#failures.get(key)?.floorMs ?? 0) - this.#clock.monotonicMs();
    if (restMs > 0) {
      this.#delay(key, restMs);
      return;
    }
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
    this.#queued.set(key, this.#clock.monotonicMs());
    this.#ready.push(key);
    this.#metrics?.added();
    this.#onReady();
  }

  /**
   * The earliest of several delays for a key wins.
   * @throws RangeError for a delay that is no number
   */
  addAfter(key: string, delayMs: number): void {
    if (Number.isNaN(delayMs)) throw new RangeError(`${key} cannot be looked at again after a time that is no number`);
    this.#metrics?.retried();
    this.#delay(key, Math.min(Math.max(delayMs, delayMsMin), delayMsMax));
  }

  take(): string | undefined {
    const key = this.#ready.shift();
    if (key === undefined) return undefined;
    const nowMs = this.#clock.monotonicMs();
    this.#metrics?.taken((nowMs - (this.#queued.get(key) ?? nowMs)) / 1_000);
    this.#queued.delete(key);
    this.#active.set(key, nowMs);
    return key;
  }

  /** The worker is through with the key; a failure earns it a growing wait. */
  done(key: string, succeeded: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    this.#metrics?.done((nowMs - (this.#active.get(key) ?? nowMs)) / 1_000);
    this.#active.delete(key);
    const again = this.#again.delete(key);
    if (succeeded) {
      this.#failures.delete(key);
      if (again) this.add(key);
      return;
    }
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const waitMs = backOffMs(count, this.#random);
    const floorMs = Math.min(waitMs, floorMsMax);
    this.#failures.set(key, { count, floorMs: nowMs + floorMs });
    this.#metrics?.retried();
    this.#delay(key, again ? floorMs : waitMs);
  }

  close(): void {
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.length = 0;
    this.#queued.clear();
  }

  #delay(key: string, delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const known = this.#delayed.get(key);
    if (this.#queued.has(key) || (known && known.dueMs <= dueMs)) return;
    known?.timer.cancel();
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { timer, dueMs });
  }
}
