// Keeps a loop from filling the event stream, with the figures of client-go's correlator. Events of one object that differ in
// their message alone become one that is counted, from the tenth of them within ten minutes; and of one object a source writes 25
// of a type in a burst and one more every five minutes, whatever they say. What it remembers is bounded; the longest unused goes first.
import type { Clock } from '@berth/telemetry';

const windowMs = 10 * 60_000;
const distinctMax = 10;
const burst = 25;
const refillMs = 5 * 60_000;
const objectsMax = 4_096;

export interface Correlated {
  /** Equal for events that are to be counted as one. */
  key: string;
  message: string;
}

export interface CorrelatedEvent {
  /** Whom the event is about, over all kinds and namespaces. */
  object: string;
  fieldPath: string;
  type: string;
  reason: string;
  message: string;
}

interface Group {
  lastMs: number;
  messages: Set<string>;
}

export class EventCorrelator {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #groups = new Map<string, Group>();
  readonly #credits = new Map<string, { left: number; atMs: number }>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  correlate({ object, fieldPath, type, reason, message }: CorrelatedEvent): Correlated {
    const groupKey = JSON.stringify([object, type, reason]);
    const { messages } = this.#group(groupKey);
    if (messages.size < distinctMax - 1) messages.add(message);
    if (messages.has(message)) return { key: JSON.stringify([groupKey, fieldPath, message]), message };
    return { key: JSON.stringify([groupKey, 'combined']), message: `(combined from similar events): ${message}` };
  }

  /** Whether one more write of this type about this object is allowed now; it then counts. */
  spend({ object, type }: Pick<CorrelatedEvent, 'object' | 'type'>): boolean {
    const nowMs = this.#clock.now();
    const key = JSON.stringify([object, type]);
    const credit = this.#credits.get(key) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, credit.left + Math.max(nowMs - credit.atMs, 0) / refillMs);
    const isAllowed = left >= 1;
    remember(this.#credits, key, { left: isAllowed ? left - 1 : left, atMs: nowMs });
    return isAllowed;
  }

  #group(key: string): Group {
    const nowMs = this.#clock.now();
    const known = this.#groups.get(key);
    const group = known && nowMs - known.lastMs < windowMs ? known : { lastMs: nowMs, messages: new Set<string>() };
    group.lastMs = nowMs;
    remember(this.#groups, key, group);
    return group;
  }
}

/** As the one used last. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > objectsMax && oldest !== undefined) map.delete(oldest);
}
