// Events that differ in their message alone, such as one per attempt of the same failure, become one that is counted: after ten
// of them within ten minutes, as in Kubernetes (client-go, event correlation).
import { createHash } from 'node:crypto';
import type { AgentEvent } from '@berth/protocol';
import type { Clock } from '@berth/telemetry';

const windowMs = 10 * 60_000;
const distinctMax = 10;
const groupsMax = 4096;

export interface Correlated {
  /** Equal for events that are to be counted as one. */
  key: string;
  message: string;
}

interface Group {
  sinceMs: number;
  /** By digest: messages may be long. */
  messages: Set<string>;
}

export class SimilarEvents {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #groups = new Map<string, Group>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  correlate(nodeName: string, { kind, namespace, name, uid, fieldPath, type, reason, message }: AgentEvent): Correlated {
    const key = JSON.stringify([nodeName, kind, namespace, name, uid, type, reason]);
    const { messages } = this.#group(key);
    const digest = createHash('sha256').update(message).digest('base64');
    if (messages.size < distinctMax) messages.add(digest);
    if (messages.has(digest)) return { key: JSON.stringify([key, fieldPath, digest]), message };
    return { key: JSON.stringify([key, 'combined']), message: `(combined from similar events): ${message}` };
  }

  #group(key: string): Group {
    const nowMs = this.#clock.now();
    const known = this.#groups.get(key);
    this.#groups.delete(key);
    const group = known && nowMs - known.sinceMs < windowMs ? known : { sinceMs: nowMs, messages: new Set<string>() };
    this.#groups.set(key, group);
    const [oldest] = this.#groups.keys();
    if (this.#groups.size > groupsMax && oldest !== undefined) this.#groups.delete(oldest);
    return group;
  }
}
