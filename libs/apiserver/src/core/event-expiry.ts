// Events are kept for an hour after their last change, as in Kubernetes, so that they cannot fill the store. Many share one
// lease: a lease an event would make writing events as expensive as writing them twice.
import type { KindDefinition } from '@berth/machinery';
import type { Store } from '@berth/store';
import type { Clock } from '@berth/telemetry';
import { translated } from './store-errors.ts';

export const eventTtlSeconds = 3_600;
/** How long new events join the same lease; they are kept this much longer at most. */
const sharedForSeconds = 60;

/** Kinds whose objects come in great number, and go by themselves. */
export function expires({ group, kind }: Pick<KindDefinition, 'group' | 'kind'>): boolean {
  return kind === 'Event' && (group === '' || group === 'events.k8s.io');
}

export class EventExpiry {
  readonly #store: Store;
  readonly #clock: Clock;
  #lease: Promise<string> | undefined;
  #renewAtMs = 0;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** After the store said that the lease is no more: it expired while the machine slept, or the store is another one. */
  forget(): void {
    this.#lease = undefined;
  }

  /** The lease to attach to a new version of an object of this kind; undefined for all that is kept. */
  async leaseFor(kind: KindDefinition): Promise<string | undefined> {
    if (!expires(kind)) return undefined;
    const nowMs = this.#clock.monotonicMs();
    if (!this.#lease || nowMs >= this.#renewAtMs) {
      this.#renewAtMs = nowMs + sharedForSeconds * 1000;
      this.#lease = translated(this.#store.grantLease(eventTtlSeconds + sharedForSeconds));
      // A lease that was not granted is asked for again by the next event.
      this.#lease.catch(() => {
        this.#lease = undefined;
      });
    }
    return this.#lease;
  }
}
