// The recent changes of one kind, from which watches resume: bounded in number and in bytes, the oldest going first.
import type { CacheEvent } from './watch-events.ts';

export const eventHistoryBytesLimit = 16 * 1024 * 1024;

export class EventHistory {
  readonly #limit: number;
  #events: CacheEvent[] = [];
  #bytes = 0;
  #oldest = 0;

  /** @param limit of events; whichever limit is hit first evicts the oldest */
  constructor(limit: number) {
    this.#limit = limit;
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
