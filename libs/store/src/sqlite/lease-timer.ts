// Ends leases when their time has come: one timer for the whole store, for the lease that expires next.
import type { Clock, Timer } from '@berth/telemetry';
import type { Lease } from './lease-table.ts';

/** Timers of the platform cannot wait longer than 24 days; waking up once a day costs nothing. */
const delayMsMax = 86_400_000;
/** After a failed attempt. */
const retryMs = 1_000;

export class LeaseTimer {
  readonly #clock: Clock;
  readonly #leases: ReadonlyMap<number, Lease>;
  readonly #expire: (ids: number[]) => Promise<void>;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  /** `expire` reports its own failures and rejects only to be called again. */
  constructor(clock: Clock, leases: ReadonlyMap<number, Lease>, expire: (ids: number[]) => Promise<void>) {
    this.#clock = clock;
    this.#leases = leases;
    this.#expire = expire;
  }

  /** To be called when a lease was added. Prolonged ones are looked at again when they were due before. */
  expect(lease: Lease): void {
    if (this.#stopped || lease.expiresAtMs >= this.#dueMs) return;
    this.#dueMs = lease.expiresAtMs;
    this.#wait(lease.expiresAtMs - this.#clock.now());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(Math.min(Math.max(delayMs, 0), delayMsMax), () => void this.#fire());
  }

  async #fire(): Promise<void> {
    const nowMs = this.#clock.now();
    const due = [...this.#leases.values()].filter((lease) => lease.expiresAtMs <= nowMs).map((lease) => lease.id);
    const done = due.length === 0 || (await this.#expire(due).then(yes, no));
    this.#dueMs = Number.POSITIVE_INFINITY;
    if (this.#stopped) return;
    if (done) for (const lease of this.#leases.values()) this.expect(lease);
    else {
      this.#dueMs = this.#clock.now() + retryMs;
      this.#wait(retryMs);
    }
  }
}

const yes = () => true;
const no = () => false;
