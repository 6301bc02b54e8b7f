// Turns what agents say happened into core/v1 Events. The same thing again counts up one Event instead of adding another.
// Best effort and bounded: under a flood the oldest waiting ones are dropped, and said to be.
import { Event } from '@berth/api';
import { type Client, EventNames } from '@berth/client';
import { isReason } from '@berth/machinery';
import type { AgentEvent } from '@berth/protocol';
import { type Clock, type Logger, type Random, timestamp } from '@berth/telemetry';
import { SimilarEvents } from './similar-events.ts';

/** Events waiting to be written, over all nodes. */
const waitingMax = 2000;
/** Events remembered to be counted up. */
const recentMax = 4096;
/** Probes may say ten thousand bytes. */
const messageCharactersMax = 16 * 1024;
/** Of names, reasons and whatever else an event consists of: nothing that the API takes is longer. */
const wordCharactersMax = 1024;

export class AgentEventWriter {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #names: EventNames;
  readonly #similar: SimilarEvents;
  readonly #recent = new Map<string, Event>();
  readonly #waiting: { nodeName: string; event: AgentEvent }[] = [];
  #writing = false;
  #dropped = 0;

  constructor(client: Client, { clock, random, logger }: { clock: Clock; random: Random; logger: Logger }) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
    this.#names = new EventNames(clock, random);
    this.#similar = new SimilarEvents(clock);
  }

  /** What an agent sends may be as long as it likes; what is kept is not. */
  add(nodeName: string, sent: AgentEvent): void {
    const event = { ...sent, message: sent.message.slice(0, messageCharactersMax) };
    const { namespace, kind, name, uid, fieldPath, reason, at } = event;
    if ([namespace, kind, name, uid, fieldPath, reason, at].some(({ length }) => length > wordCharactersMax)) {
      this.#logger.warn('an event with overlong names was dropped', { node: nodeName, reason: reason.slice(0, wordCharactersMax) });
      return;
    }
    if (this.#waiting.length >= waitingMax) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#waiting.push({ nodeName, event });
    if (this.#writing) return;
    this.#writing = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        await this.#write(next.nodeName, next.event);
      } catch (error) {
        this.#logger.warn('an event was not written', { reason: next.event.reason, object: next.event.name, error });
      }
    }
    this.#writing = false;
    if (this.#dropped > 0) this.#logger.warn('events were dropped: agents send more than can be written', { dropped: this.#dropped });
    this.#dropped = 0;
  }

  async #write(nodeName: string, event: AgentEvent): Promise<void> {
    const { key, message } = this.#similar.correlate(nodeName, event);
    const times = Math.max(1, event.count);
    const known = this.#recent.get(key);
    if (known) {
      try {
        const counted = { ...known, message, count: (known.count ?? 1) + times, lastTimestamp: event.at || timestamp(this.#clock) };
        this.#remember(key, await this.#client.update(Event, counted));
        return;
      } catch (error) {
        // Expired meanwhile, or changed by someone: a new one then.
        if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
      }
    }
    this.#remember(key, await this.#client.create(Event, this.#event(nodeName, { ...event, message })));
  }

  #event(nodeName: string, event: AgentEvent): Event {
    const namespace = event.namespace || 'default';
    const at = event.at || timestamp(this.#clock);
    const involvedObject = {
      apiVersion: 'v1',
      kind: event.kind,
      name: event.name,
      uid: event.uid,
      ...(event.namespace && { namespace: event.namespace }),
      ...(event.fieldPath && { fieldPath: event.fieldPath }),
    };
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: this.#names.next(event.name), namespace },
      involvedObject,
      reason: event.reason,
      message: event.message,
      type: event.type,
      source: { component: 'kubelet', host: nodeName },
      reportingComponent: 'kubelet',
      reportingInstance: nodeName,
      firstTimestamp: at,
      lastTimestamp: at,
      count: Math.max(1, event.count),
    };
  }

  #remember(key: string, event: Event): void {
    this.#recent.delete(key);
    this.#recent.set(key, event);
    const oldest = this.#recent.keys().next().value;
    if (this.#recent.size > recentMax && oldest !== undefined) this.#recent.delete(oldest);
  }
}
