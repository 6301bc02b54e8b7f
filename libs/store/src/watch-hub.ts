// The live watches of a store: each committed batch goes to every one of them, cut to its keys and its first revision.
import type { WatchBatch, WatchOptions } from './store.ts';
import { WatchQueue, watchEventsMax } from './watch-queue.ts';

export class WatchHub {
  readonly #live = new Map<WatchQueue, WatchOptions>();
  readonly #open = new Set<WatchQueue>();
  /** Events that may wait in one watch. */
  readonly #eventsMax: number;

  constructor(eventsMax = watchEventsMax) {
    this.#eventsMax = eventsMax;
  }

  /** A watch that is not live yet: its past is replayed into it first. */
  open(): WatchQueue {
    const queue: WatchQueue = new WatchQueue(() => {
      this.#live.delete(queue);
      this.#open.delete(queue);
    }, this.#eventsMax);
    this.#open.add(queue);
    return queue;
  }

  /** From here on it gets every batch. To be called in the same turn as the end of its replay. */
  goLive(queue: WatchQueue, options: WatchOptions): void {
    if (queue.ended) return;
    this.#live.set(queue, options);
    queue.established();
  }

  dispatch(batch: WatchBatch): void {
    for (const [queue, options] of [...this.#live]) push(queue, options, batch);
  }

  fail(error: Error): void {
    for (const queue of [...this.#open]) queue.fail(error);
  }

  close(): void {
    for (const queue of [...this.#open]) queue.close();
  }
}

/** An empty batch still says how far this watch has seen. */
export function push(queue: WatchQueue, { start, end, fromRevision = 0 }: WatchOptions, batch: WatchBatch): void {
  if (batch.revision < fromRevision) return;
  const events = batch.events.filter(({ kv }) => kv.key >= start && kv.key < end && kv.modRevision >= fromRevision);
  queue.push({ revision: batch.revision, events });
}
