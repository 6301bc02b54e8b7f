// The recent changes of one kind, from which watches resume: bounded in number and in bytes, the oldest going first. Objects and lines take
// several times what their bytes take, so only the newest changes keep them.
import type { CacheEvent } from './watch-events.ts';

export const eventHistoryBytesLimit = 16 * 1024 * 1024;

/** Changes whose objects stay parsed: those that watchers which are almost up to date may still ask for. */
export const parsedEventsMax = 100;

export class EventHistory {
  readonly #limit: number;
  readonly #keepsObjects: boolean;
  #events: CacheEvent[] = [];
  #bytes = 0;
  #oldest = 0;

  /**
   * @param limit of events; whichever limit is hit first evicts the oldest
   * @param keepsObjects whether the newest state of each object is kept beside the history
   */
  constructor(limit: number, keepsObjects: boolean) {
    this.#limit = limit;
    this.#keepsObjects = keepsObjects;
  }

  /** Watches can resume after this revision or any later one. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Nothing of before this revision is known any more. */
  reset(revision: number): void {
    this.#events = [];
    this.#bytes = 0;
    this.#oldest = revision;
  }

  add(event: CacheEvent): void {
    this.#events.push(event);
    this.#bytes += event.size;
    this.#events.at(-1 - parsedEventsMax)?.rest(!this.#keepsObjects);
    let evict = 0;
    while (this.#events.length - evict > this.#limit || this.#bytes > eventHistoryBytesLimit) {
      const oldest = this.#events[evict];
      if (!oldest) break;
      this.#forget(oldest);
      evict += 1;
    }
    // Evicting in blocks keeps the cost of moving the array off each event.
    if (evict > 0) this.#evict(evict);
  }

  /** What came after this revision, in order. */
  since(revision: number): CacheEvent[] {
    return this.#events.slice(this.#firstAfter(revision));
  }

  #evict(count: number): void {
    let extra = count;
    for (; extra < count + this.#limit / 10; extra++) {
      const oldest = this.#events[extra];
      if (!oldest) break;
      this.#forget(oldest);
    }
    this.#events = this.#events.slice(extra);
  }

  #forget({ size, revision }: CacheEvent): void {
    this.#bytes -= size;
    this.#oldest = revision;
  }

  #firstAfter(revision: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
