// Keeps a pod that fails in a loop from filling the event stream, and counts what it keeps back. The same event is sent at once,
// then after 10 s at the earliest, 20 s … 5 min; of different ones of a type a pod may send 25, and one more each 5 min (client-go's
// spam filter has these figures). At most 256 different ones are remembered for a pod, the oldest is forgotten first.
import type { Clock } from '@berth/telemetry';

const gapMsFirst = 10_000;
const gapMsMost = 300_000;
/** After this long without it, an event is news again. */
const quietMs = 600_000;
const burst = 25;
const refillMs = 300_000;
const rememberedMax = 256;

interface Sent {
  sentAtMs: number;
  seenAtMs: number;
  gapMs: number;
  /** Since it was last sent. */
  keptBack: number;
}

interface PodEvents {
  events: Map<string, Sent>;
  /** By type: what may still be sent, and when that was true. */
  credits: Map<string, { left: number; atMs: number }>;
}

export class EventThrottle {
  readonly #clock: Clock;
  readonly #pods = new Map<string, PodEvents>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether to send this event now, and if so how often it has happened since it was last sent; 0 keeps it back.
   * @param event what tells it from others of the pod
   */
  admit(podUid: string, type: string, event: string): number {
    const pod = this.#pods.get(podUid) ?? { events: new Map(), credits: new Map() };
    this.#pods.set(podUid, pod);
    const nowMs = this.#clock.now();
    const sent = this.#remember(pod.events, event, nowMs);
    if (nowMs - sent.sentAtMs < sent.gapMs || !spend(pod.credits, type, nowMs)) {
      sent.keptBack++;
      return 0;
    }
    const count = sent.keptBack + 1;
    const isFirst = sent.gapMs === 0;
    Object.assign(sent, { sentAtMs: nowMs, keptBack: 0, gapMs: isFirst ? gapMsFirst : Math.min(sent.gapMs * 2, gapMsMost) });
    return count;
  }

  forget(podUid: string): void {
    this.#pods.delete(podUid);
  }

  #remember(events: Map<string, Sent>, event: string, nowMs: number): Sent {
    const known = events.get(event);
    events.delete(event);
    const isNews = !known || nowMs - known.seenAtMs > quietMs;
    const sent = isNews ? { sentAtMs: nowMs, seenAtMs: nowMs, gapMs: 0, keptBack: 0 } : { ...known, seenAtMs: nowMs };
    events.set(event, sent);
    const [oldest] = events.keys();
    if (events.size > rememberedMax && oldest !== undefined) events.delete(oldest);
    return sent;
  }
}

/** Whether there was a credit of this type. */
function spend(credits: PodEvents['credits'], type: string, nowMs: number): boolean {
  const credit = credits.get(type) ?? { left: burst, atMs: nowMs };
  const left = Math.min(burst, credit.left + (nowMs - credit.atMs) / refillMs);
  credits.set(type, { left: left >= 1 ? left - 1 : left, atMs: nowMs });
  return left >= 1;
}
