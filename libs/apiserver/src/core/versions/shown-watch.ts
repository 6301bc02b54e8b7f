// A watch of a kind whose versions are converted: what has come is converted together, in order, when its reader asks for more, so that
// nothing piles up here and the watch cache waits for nobody. A conversion that fails ends this watch alone.
import type { KindDefinition } from '@berth/machinery';
import { type Entry, headOf } from '../object-codec.ts';
import type { Selection } from '../selection.ts';
import type { WatchHandle, WatchItem } from '../types.ts';
import { bookmarkIn, watchItem } from '../watch-events.ts';
import { shownEntries } from './shown-entries.ts';

/** Events that are converted together. */
const batchMax = 500;

export class ShownWatch implements WatchHandle {
  readonly #kind: KindDefinition;
  readonly #inner: WatchHandle;
  readonly #selection: Selection | undefined;
  #items: WatchItem[] = [];
  #error: unknown;
  #isClosed = false;

  /** @param selection what `inner` cannot tell by itself */
  constructor(kind: KindDefinition, inner: WatchHandle, selection?: Selection) {
    this.#kind = kind;
    this.#inner = inner;
    this.#selection = selection;
  }

  take(): WatchItem | undefined {
    const item = this.#items.shift();
    if (!item && this.#error !== undefined) throw this.#error;
    return item;
  }

  async ready(): Promise<void> {
    while (this.#items.length === 0 && !this.ended && this.#error === undefined) await this.#convert();
  }

  get ended(): boolean {
    if (this.#items.length > 0) return false;
    return this.#isClosed || this.#error !== undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#inner.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchItem> {
    try {
      for (;;) {
        const item = this.take();
        if (item) yield item;
        else if (this.ended) return;
        else await this.ready();
      }
    } finally {
      this.close();
    }
  }

  async #convert(): Promise<void> {
    try {
      const items = this.#taken();
      if (items.length > 0) this.#items = await this.#shown(items);
      else if (this.#inner.ended) this.#isClosed = true;
      else await this.#inner.ready();
    } catch (error) {
      this.#error = error;
      this.#inner.close();
    }
  }

  #taken(): WatchItem[] {
    const items: WatchItem[] = [];
    while (items.length < batchMax) {
      const item = this.#inner.take();
      if (!item) break;
      items.push(item);
    }
    return items;
  }

  async #shown(items: WatchItem[]): Promise<WatchItem[]> {
    const kind = this.#kind;
    const entries = items.flatMap(({ subject, previous, type }) => {
      if (type === 'BOOKMARK') return [];
      return this.#selection && previous ? [subject as Entry, previous as Entry] : [subject as Entry];
    });
    const shown = new Map((await shownEntries(kind, entries)).map((entry, i) => [entries[i], entry]));
    return items.flatMap((item) => {
      if (item.type === 'BOOKMARK') return [bookmarkIn(this.#kind, item)];
      const current = shown.get(item.subject as Entry);
      return (current && this.#seen(item, current, shown.get(item.previous as Entry))) ?? [];
    });
  }

  /** What a change is to this watcher: as `CacheEvent.seenBy`, of objects in this version. */
  #seen({ type }: WatchItem, current: Entry, previous: Entry | undefined): WatchItem | undefined {
    const matches = (entry: Entry) => this.#selection?.matches(entry.object) ?? true;
    const isIn = matches(current);
    if (!previous || type !== 'MODIFIED') return isIn ? watchItem(type, current) : undefined;
    const wasIn = matches(previous);
    if (isIn) return watchItem(wasIn ? 'MODIFIED' : 'ADDED', current);
    return wasIn ? watchItem('DELETED', previous.at(headOf(this.#kind), current.revision)) : undefined;
  }
}
