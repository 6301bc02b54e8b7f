// One watcher's end of the cache. Its buffer is bounded: a watcher that does not keep up is ended, which costs it a new watch
// and costs the others nothing.
import type { StatusError } from '@berth/machinery';
import type { Selection } from './selection.ts';
import type { WatchHandle, WatchItem } from './types.ts';
import type { CacheEvent } from './watch-events.ts';

/** Undelivered events a watcher may have; initial events are not counted, they are shared with the cache. */
export const watcherBufferLimit = 10_000;

export interface StreamOptions {
  selection: Selection;
  /** The first part of the key, `namespace/` or ''. */
  keyPrefix: string;
  bookmarks: boolean;
  /** Only what is newer is delivered; it may lie in the future. */
  after: number;
  /** Delivered before anything else. */
  initial: Iterable<WatchItem>;
  onEnd(stream: WatchStream, dropped: boolean): void;
}

export class WatchStream implements WatchHandle {
  readonly #options: StreamOptions;
  #initial: Iterator<WatchItem> | undefined;
  #buffer: WatchItem[] = [];
  #next = 0;
  #wake: (() => void) | undefined;
  #ended = false;
  #error: StatusError | undefined;

  /** A watch that could not begin, and says so to its reader. */
  static failed(error: StatusError): WatchStream {
    const selection = { everything: true, matches: () => true };
    const stream = new WatchStream({ selection, keyPrefix: '', bookmarks: false, after: 0, initial: [], onEnd: () => undefined });
    stream.fail(error);
    return stream;
  }

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#initial = options.initial[Symbol.iterator]();
  }

  /** @param item a bookmark, of this revision */
  mark(item: WatchItem, revision: number): void {
    if (this.#options.bookmarks && revision > this.#options.after) this.push(item);
  }

  offer(event: CacheEvent): void {
    if (this.#ended || event.revision <= this.#options.after || !event.key.startsWith(this.#options.keyPrefix)) return;
    const item = event.seenBy(this.#options.selection);
    if (item) this.push(item);
  }

  push(item: WatchItem): void {
    if (this.#ended) return;
    if (this.#buffer.length - this.#next < watcherBufferLimit) {
      this.#buffer.push(item);
      this.#signal();
    } else {
      this.#end(true);
    }
  }

  /** Ends the watcher with an error that its reader gets after what is already buffered. */
  fail(error: StatusError): void {
    this.#error ??= error;
    this.#end(false);
  }

  close(): void {
    this.#initial = undefined;
    this.#buffer = [];
    this.#next = 0;
    this.#end(false);
  }

  #end(dropped: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd(this, dropped);
    this.#signal();
  }

  #signal(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  take(): WatchItem | undefined {
    const item = this.#take();
    if (!item && this.#error) throw this.#error;
    return item;
  }

  ready(): Promise<void> {
    if (this.#initial || this.#next < this.#buffer.length || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchItem> {
    try {
      for (;;) {
        const item = this.take();
        if (item) yield item;
        else if (this.#ended) return;
        else await this.ready();
      }
    } finally {
      this.close();
    }
  }

  #take(): WatchItem | undefined {
    const first = this.#initial?.next();
    if (first && !first.done) return first.value;
    this.#initial = undefined;
    const item = this.#buffer[this.#next];
    if (!item) return undefined;
    this.#next += 1;
    if (this.#next === this.#buffer.length || this.#next >= 1024) {
      this.#buffer = this.#buffer.slice(this.#next);
      this.#next = 0;
    }
    return item;
  }
}
