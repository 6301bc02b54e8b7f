// Runs a step whenever it is woken, one at a time: calls while a step runs become one more step. A step that fails is repeated
// a little later, and nothing wakes the loop before that.
import type { Clock, Timer } from '@berth/telemetry';

const retryMsFirst = 2_000;
const retryMsMost = 10_000;
/** Timers cannot be set for longer than 2^31 ms; waking once a day for nothing is cheap. */
const timerMsMax = 86_400_000;

export class WakeLoop {
  readonly #clock: Clock;
  readonly #step: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #dirty = false;
  #detached = false;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #dueMs = 0;
  /** Failures in a row, and until when they keep the loop from running. */
  #failures = 0;
  #heldUntilMs = 0;

  /** @param step plans its own next look with `wakeAt`: due times are forgotten when it begins */
  constructor(clock: Clock, step: () => Promise<void>, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#step = step;
    this.#failed = failed;
  }

  wake(): void {
    if (this.#detached) return;
    this.#dirty = true;
    if (this.#isHeld) this.wakeAt(this.#heldUntilMs);
    else this.#running ??= this.#run();
  }

  /** The earliest due time wins. */
  wakeAt(atMs: number): void {
    if (this.#detached || (this.#timer && this.#dueMs <= atMs)) return;
    this.#timer?.cancel();
    this.#dueMs = atMs;
    const delayMs = Math.min(Math.max(0, atMs - this.#clock.now()), timerMsMax);
    this.#timer = this.#clock.after(delayMs, () => this.wake());
  }

  /** No more steps. Resolves when the one under way is done. */
  async detach(): Promise<void> {
    this.#detached = true;
    this.#dirty = false;
    this.#clearTimer();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#dirty && !this.#isHeld) {
        this.#dirty = false;
        this.#clearTimer();
        try {
          await this.#step();
          this.#failures = 0;
        } catch (error) {
          this.#failed(error);
          this.#heldUntilMs = this.#clock.now() + Math.min(retryMsFirst * 2 ** this.#failures++, retryMsMost);
          this.wakeAt(this.#heldUntilMs);
        }
      }
    } finally {
      this.#running = undefined;
    }
  }

  get #isHeld(): boolean {
    return this.#clock.now() < this.#heldUntilMs;
  }

  #clearTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
