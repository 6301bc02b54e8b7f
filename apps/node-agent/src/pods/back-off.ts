// How long to wait before the next try: doubling from a base to a limit, forgotten after a quiet while.
// Kubernetes' figures: restarts 10 s to 5 min with the first one free, image pulls the same without, reset after 10 minutes.

export interface BackOffOptions {
  baseMs: number;
  limitMs: number;
  /** How many failures cost nothing. */
  freeFailures: number;
}

export const restartBackOff: BackOffOptions = { baseMs: 10_000, limitMs: 300_000, freeFailures: 1 };
export const pullBackOff: BackOffOptions = { baseMs: 10_000, limitMs: 300_000, freeFailures: 0 };
const quietMs = 600_000;

export class BackOff {
  readonly #options: BackOffOptions;
  #failures: number;
  #failedAtMs = 0;

  /** @param failures that happened before this object was made */
  constructor(options: BackOffOptions, failures = 0) {
    this.#options = options;
    this.#failures = failures;
  }

  /** The wait that the newest failure earned. */
  get delayMs(): number {
    const costly = this.#failures - this.#options.freeFailures;
    // 2 ** 30 seconds is past any limit; the exponent is capped so that the number stays finite.
    return costly <= 0 ? 0 : Math.min(this.#options.baseMs * 2 ** Math.min(costly - 1, 30), this.#options.limitMs);
  }

  /** When the next try may begin, in Unix milliseconds. */
  get readyAtMs(): number {
    return this.#failedAtMs + this.delayMs;
  }

  /** @param ranMs how long it went well before it failed */
  fail(nowMs: number, ranMs = 0): void {
    this.#failures = ranMs >= quietMs ? 1 : this.#failures + 1;
    this.#failedAtMs = nowMs;
  }

  reset(): void {
    this.#failures = 0;
    this.#failedAtMs = 0;
  }
}
