// Time in which signs of life could arrive: while the process is stopped or suspended, or the store does not answer, no agent
// can renew anything, so that time must not count against a node or its pods. It begins anew with every process, runs on the
// monotonic clock, and goes on for a short while only after the last proof that requests are served.
import type { Clock, Timer } from '@berth/telemetry';

const probeMs = 5_000;
/** Without a proof for longer than this, time stands still. */
const stallMs = 20_000;

/** How much attended time there has been, as controllers read it. */
export interface Attendance {
  /** Milliseconds of attended time since the start; only grows. */
  nowMs(): number;
  /** Of these, since the start or the end of the last stall. */
  sinceResumeMs(): number;
}

export class AttendedTime implements Attendance {
  readonly #clock: Clock;
  readonly #probe: () => Promise<void>;
  #countedMs = 0;
  #provenAtMs: number;
  #resumedMs = 0;
  #timer: Timer | undefined;
  #stopped = false;

  /** @param probe resolves when a request was served from the store, rejects when it was not */
  constructor(clock: Clock, probe: () => Promise<void>) {
    this.#clock = clock;
    this.#probe = probe;
    this.#provenAtMs = clock.monotonicMs();
  }

  start(): void {
    this.#timer = this.#clock.after(probeMs, () => void this.#tick());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  nowMs(): number {
    return this.#countedMs + Math.min(this.#unprovenMs(), stallMs);
  }

  sinceResumeMs(): number {
    return this.#unprovenMs() > stallMs ? 0 : this.nowMs() - this.#resumedMs;
  }

  async #tick(): Promise<void> {
    const isServed = await this.#probe().then(
      () => true,
      // Whoever asked for something says what is wrong; here it only means that time stands still.
      () => false,
    );
    if (this.#stopped) return;
    if (isServed) this.#proven();
    this.start();
  }

  #proven(): void {
    const unprovenMs = this.#unprovenMs();
    this.#countedMs += Math.min(unprovenMs, stallMs);
    this.#provenAtMs += unprovenMs;
    if (unprovenMs > stallMs) this.#resumedMs = this.#countedMs;
  }

  #unprovenMs(): number {
    return this.#clock.monotonicMs() - this.#provenAtMs;
  }
}
