// A watch that lives through the loss of its connection: it goes on behind the last whole revision it has seen.
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { Etcd3, IEvent, IKeyValue, IWatchResponse } from 'etcd3';
import { CompactedError, type KeyValue, type Origin, type StoreEvent, type WatchOptions } from '../store.ts';
import { push } from '../watch-hub.ts';
import type { WatchQueue } from '../watch-queue.ts';
import type { Layout } from './layout.ts';
import type { OwnWrites } from './own-writes.ts';
import { etcdRevisionOf, storeRevision, wholeRevision } from './revisions.ts';

const backoffMsMin = 50;
const backoffMsMax = 2_000;

export interface EtcdWatchParts {
  client: Etcd3;
  layout: Layout;
  ownWrites: OwnWrites;
  clock: Clock;
  random: Random;
  logger: Logger;
  queue: WatchQueue;
  options: WatchOptions;
  signal: AbortSignal;
}

export class EtcdWatch {
  readonly #parts: EtcdWatchParts;
  /** etcd's revision to go on from; 0 is now. */
  #next: number;
  #seen = 0;

  constructor(parts: EtcdWatchParts) {
    this.#parts = parts;
    this.#next = parts.options.fromRevision === undefined ? 0 : Math.max(1, etcdRevisionOf(parts.options.fromRevision));
  }

  /** The newest revision it has delivered. */
  get seen(): number {
    return this.#seen;
  }

  /** Until its reader closed it, or its start was compacted away. */
  async run(): Promise<void> {
    const { queue, clock, random, logger, signal } = this.#parts;
    let backoffMs = backoffMsMin;
    while (!queue.ended) {
      const before = this.#next;
      try {
        await this.#follow();
      } catch (error) {
        if (error instanceof CompactedError) return queue.fail(error);
        if (queue.ended || signal.aborted) return;
        logger.warn('the watch of etcd broke, going on', { error, revision: this.#next });
      }
      backoffMs = this.#next > before ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax);
      // The sleep is cut short when the watch ends.
      if (!queue.ended) await clock.sleep(backoffMs * (0.5 + random.next()), signal).catch(() => undefined);
    }
  }

  /** One stream, until it ends. */
  async #follow(): Promise<void> {
    const { client, layout, signal } = this.#parts;
    const stream = await client.watchClient.watch();
    const stop = () => stream.cancel();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        let hasFailed = false;
        stream.on('data', (response) => {
          // What follows one that could not be taken would leave a gap; the next stream begins with it.
          if (hasFailed) return;
          try {
            this.#take(response);
          } catch (error) {
            hasFailed = true;
            reject(error);
          }
        });
        stream.on('error', reject);
        stream.on('end', resolve);
        const start = this.#next > 0 && { start_revision: this.#next };
        stream.write({ create_request: { ...layout.everything, ...start, prev_kv: true, progress_notify: true } });
        if (signal.aborted) stream.cancel();
      });
    } finally {
      signal.removeEventListener('abort', stop);
      stream.cancel();
    }
  }

  #take(response: IWatchResponse): void {
    const { queue, options } = this.#parts;
    if (response.compact_revision !== '0') {
      throw new CompactedError(options.fromRevision ?? this.#seen, wholeRevision(Number(response.compact_revision) - 1));
    }
    if (response.canceled) throw new Error('etcd ended the watch');
    if (response.created) {
      if (this.#next === 0) this.#next = Number(response.header.revision) + 1;
      queue.established();
      return;
    }
    // A response holds whole revisions; its header may be ahead of them while the past is being replayed.
    const last = response.events.at(-1)?.kv.mod_revision ?? response.header.revision;
    if (Number(last) < this.#next) return;
    // One that cannot be read is not behind us.
    const events = this.#events(response.events);
    this.#next = Number(last) + 1;
    this.#seen = wholeRevision(last);
    push(queue, options, { revision: this.#seen, events });
  }

  #events(events: IEvent[]): StoreEvent[] {
    const { layout, options } = this.#parts;
    const found: StoreEvent[] = [];
    let noted: { revision: string; place: number; origin?: Origin } = { revision: '', place: 0 };
    for (const { type, kv, prev_kv } of events) {
      const note = layout.noteIn(kv);
      if (note) noted = { ...note, revision: kv.mod_revision };
      const key = layout.storeKey(kv.key);
      if (key === undefined) continue;
      // Without a note it is a lease's end: one transaction, alone in its revision.
      const own = noted.revision === kv.mod_revision ? noted : undefined;
      const modRevision = storeRevision(kv.mod_revision, own?.place ?? 0);
      const origin = options.withOrigins ? (type === 'Put' ? layout.origin(kv) : own?.origin) : undefined;
      const more = { ...(prev_kv && { previous: layout.keyValue(prev_kv) }), ...(origin && { origin }) };
      if (type === 'Put') found.push({ type: 'put', kv: this.#written(kv), ...more });
      else found.push({ type: 'delete', kv: { key, value: new Uint8Array(), createRevision: 0, modRevision, version: 0 }, ...more });
    }
    return found;
  }

  #written(kv: IKeyValue): KeyValue {
    const { layout, ownWrites } = this.#parts;
    const written = layout.keyValue(kv);
    return { ...written, value: ownWrites.recognize(written.key, written.value) };
  }
}
