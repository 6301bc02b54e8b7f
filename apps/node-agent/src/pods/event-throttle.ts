// Keeps a pod that fails in a loop from filling the event stream: the same event at most once in ten seconds, and at most
// 256 different ones remembered for a pod (the oldest is forgotten first).
import type { Clock } from '@berth/telemetry';

const quietMs = 10_000;
const rememberedMax = 256;

export class EventThrottle {
  readonly #clock: Clock;
  readonly #sentAtMs = new Map<string, Map<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether to send this event now. */
  admit(podUid: string, event: string): boolean {
    const sent = this.#sentAtMs.get(podUid) ?? new Map<string, number>();
    this.#sentAtMs.set(podUid, sent);
    const nowMs = this.#clock.now();
    if (nowMs - (sent.get(event) ?? Number.NEGATIVE_INFINITY) < quietMs) return false;
    sent.delete(event);
    sent.set(event, nowMs);
    const [oldest] = sent.keys();
    if (sent.size > rememberedMax && oldest !== undefined) sent.delete(oldest);
    return true;
  }

  forget(podUid: string): void {
    this.#sentAtMs.delete(podUid);
  }
}
