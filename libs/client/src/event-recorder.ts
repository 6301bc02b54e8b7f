// Events about objects, as `kubectl describe` shows them. The same event again raises a count instead of making a new object.
// Recording never fails and never waits: the queue is bounded, and what does not fit is dropped and told in the log. Several
// objects' events are written at once, so that a burst fits; one object's are written one after the other, in their order.
// A loop does not fill the stream: see event-correlator.ts. What it keeps back is counted by the next write.
import { Event } from '@berth/api';
import { isReason, type KubeObject } from '@berth/machinery';
import { type Clock, type Logger, type Random, timestamp } from '@berth/telemetry';
import type { Client } from './client.ts';
import { EventCorrelator } from './event-correlator.ts';
import { EventNames } from './event-names.ts';

/** Events waiting to be written. */
const queueMax = 1_000;
/** Events being written at the same time. */
const writesMax = 16;
/** Events remembered for aggregation. */
const rememberedMax = 4_096;
const messageCharactersMax = 1024;

export interface EventSource {
  component: string;
  host?: string;
}

export interface EventAbout {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; uid?: string; resourceVersion?: string };
}

interface Waiting {
  /** Whom the event is about, over all kinds and namespaces. */
  object: string;
  about: EventAbout;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  fieldPath: string;
  at: string;
  count: number;
}

export class EventRecorder {
  readonly #deps: { client: Client; clock: Clock; random: Random; logger: Logger };
  readonly #source: EventSource;
  readonly #names: EventNames;
  readonly #correlator: EventCorrelator;
  readonly #queue = new Map<string, Waiting>();
  readonly #written = new Map<string, { name: string; namespace: string; count: number }>();
  /** Objects of which an event is being written. */
  readonly #busy = new Set<string>();

  constructor(deps: { client: Client; clock: Clock; random: Random; logger: Logger }, source: EventSource) {
    this.#deps = deps;
    this.#source = source;
    this.#names = new EventNames(deps.clock, deps.random);
    this.#correlator = new EventCorrelator(deps.clock);
  }

  record(about: KubeObject | EventAbout, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath = ''): void {
    const { uid, namespace = '', name } = about.metadata;
    const object = uid ?? [about.kind, namespace, name].join('/');
    const { key, message: text } = this.#correlator.correlate({ object, fieldPath, type, reason, message });
    const waiting = this.#queue.get(key);
    if (waiting) {
      Object.assign(waiting, { count: waiting.count + 1, message: cut(text), at: timestamp(this.#deps.clock) });
      return;
    }
    if (!this.#correlator.spend({ object, type })) {
      const known = this.#written.get(key);
      if (known) known.count++;
      return;
    }
    if (this.#queue.size >= queueMax) {
      this.#deps.logger.warn('too many events are waiting; one was dropped', { reason, about: about.metadata.name });
      return;
    }
    this.#queue.set(key, { object, about, type, reason, message: cut(text), fieldPath, at: timestamp(this.#deps.clock), count: 1 });
    this.#writeNext();
  }

  /** Starts as many writes as may run: the oldest first, but of each object only one. */
  #writeNext(): void {
    for (const [key, waiting] of this.#queue) {
      if (this.#busy.size >= writesMax) return;
      if (this.#busy.has(waiting.object)) continue;
      this.#queue.delete(key);
      this.#busy.add(waiting.object);
      void this.#writeOne(key, waiting);
    }
  }

  async #writeOne(key: string, waiting: Waiting): Promise<void> {
    try {
      await this.#write(key, waiting);
    } catch (error) {
      // A namespace that is going away takes no events; anything else is worth a line.
      if (!isReason(error, 'Forbidden') && !isReason(error, 'NotFound'))
        this.#deps.logger.warn('an event could not be written', { reason: waiting.reason, error });
    }
    this.#busy.delete(waiting.object);
    this.#writeNext();
  }

  async #write(key: string, waiting: Waiting): Promise<void> {
    const known = this.#written.get(key);
    if (known) {
      known.count += waiting.count;
      this.#remember(key, known);
      const patch = { count: known.count, lastTimestamp: waiting.at, message: waiting.message };
      try {
        await this.#deps.client.patch(Event, { namespace: known.namespace, name: known.name }, 'merge', patch);
        return;
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
        this.#written.delete(key);
      }
    }
    const { about } = waiting;
    const namespace = about.metadata.namespace ?? 'default';
    const name = this.#names.next(about.metadata.name);
    await this.#deps.client.create(Event, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name: about.metadata.name,
        ...(about.metadata.namespace && { namespace: about.metadata.namespace }),
        ...(about.metadata.uid && { uid: about.metadata.uid }),
        ...(about.metadata.resourceVersion && { resourceVersion: about.metadata.resourceVersion }),
        ...(waiting.fieldPath && { fieldPath: waiting.fieldPath }),
      },
      reason: waiting.reason,
      message: waiting.message,
      type: waiting.type,
      source: { component: this.#source.component, ...(this.#source.host && { host: this.#source.host }) },
      firstTimestamp: waiting.at,
      lastTimestamp: waiting.at,
      count: waiting.count,
      reportingComponent: this.#source.component,
      reportingInstance: this.#source.host ?? '',
    });
    this.#remember(key, { name, namespace, count: waiting.count });
  }

  /** As the one used last. */
  #remember(key: string, written: { name: string; namespace: string; count: number }): void {
    this.#written.delete(key);
    this.#written.set(key, written);
    const [oldest] = this.#written.keys();
    if (this.#written.size > rememberedMax && oldest !== undefined) this.#written.delete(oldest);
  }
}

function cut(message: string): string {
  return message.slice(0, messageCharactersMax);
}
