// When what failed may be tried again, by stage: each failure in a row waits twice as long as the one before, and no wake-up
// undercuts that. A change of what the stage depends on brings the next try forward, but never to at once.
import type { Clock } from '@berth/telemetry';
import { BackOff } from './back-off.ts';

/** Transient troubles (an address to be freed, a claim to be bound) pass within seconds; lasting ones cost a try in a while. */
const stages = {
  // The kubelet's.
  volumes: { baseMs: 500, limitMs: 122_000, freeFailures: 0 },
  release: { baseMs: 500, limitMs: 122_000, freeFailures: 0 },
  sandbox: { baseMs: 1_000, limitMs: 60_000, freeFailures: 0 },
  network: { baseMs: 1_000, limitMs: 30_000, freeFailures: 0 },
  container: { baseMs: 1_000, limitMs: 300_000, freeFailures: 0 },
  end: { baseMs: 1_000, limitMs: 30_000, freeFailures: 0 },
};

/** The least time from a failure to the next try, whatever happens in between. */
const floorMs = 1_000;
/** How much sooner than planned a change brings the next try. */
const hastening = 10;

export type Stage = keyof typeof stages;

interface Failing {
  backOff: BackOff;
  failedAtMs: number;
  isHastened: boolean;
}

export class Retries {
  readonly #clock: Clock;
  readonly #failing = new Map<string, Failing>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In Unix milliseconds; 0 for what has not failed. @param name tells several of a stage apart */
  readyAtMs(stage: Stage, name = ''): number {
    const failing = this.#failing.get(`${stage}/${name}`);
    if (!failing) return 0;
    const { delayMs } = failing.backOff;
    return failing.failedAtMs + (failing.isHastened ? Math.max(floorMs, delayMs / hastening) : delayMs);
  }

  /** Whether it has to wait still. */
  waits(stage: Stage, name = ''): boolean {
    return this.readyAtMs(stage, name) > this.#clock.now();
  }

  /** @returns when to try again */
  failed(stage: Stage, name = ''): number {
    const key = `${stage}/${name}`;
    const nowMs = this.#clock.now();
    const backOff = this.#failing.get(key)?.backOff ?? new BackOff(stages[stage]);
    backOff.fail(nowMs);
    this.#failing.set(key, { backOff, failedAtMs: nowMs, isHastened: false });
    return this.readyAtMs(stage, name);
  }

  succeeded(stage: Stage, name = ''): void {
    this.#failing.delete(`${stage}/${name}`);
  }

  /** Something has changed that may have been the reason. */
  hasten(): void {
    for (const failing of this.#failing.values()) failing.isHastened = true;
  }
}
