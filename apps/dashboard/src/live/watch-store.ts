// What the shown pages watch, and nothing else: a source is watched from its first user until its last, and not while the page
// is hidden. What it held is kept for a while, so that one who comes back only fetches what changed. Changes are handed on at most once a frame, and rarer when there are many objects.
import type { KubernetesObject, ListWatchApi } from './api-client.ts';
import type { TableColumn } from './table-form.ts';
import { type FeedPorts, type FeedState, type Source, WatchFeed } from './watch-feed.ts';

export interface Listing<T = KubernetesObject> {
  items: T[];
  state: FeedState;
  error?: string | undefined;
  /** Of a table. */
  columns?: TableColumn[];
}

export const emptyListing: Listing<never> = { items: [], state: 'loading' };

/**
 * Browsers open six connections to an HTTP/1.1 server, for all of their windows; lists and logs need some of them. Over HTTP/2 all windows
 * share the 250 streams of one connection. Who came first has a stream.
 */
const streamsMax = { http1: 4, http2: 24 };
const keptMs = 60_000;
const manyObjects = 1_000;
const manyObjectsPauseMs = 250;

interface Entry {
  key: string;
  feed: WatchFeed;
  users: number;
  running: AbortController | undefined;
  expiry: ReturnType<typeof setTimeout> | undefined;
  isScheduled: boolean;
}

export class WatchStore {
  readonly #api: ListWatchApi;
  readonly #publish: (key: string, listing: Listing) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #closed = new AbortController();

  constructor(api: ListWatchApi, publish: (key: string, listing: Listing) => void) {
    this.#api = api;
    this.#publish = publish;
    const options = { signal: this.#closed.signal };
    document.addEventListener('visibilitychange', () => this.#onVisibility(), options);
  }

  /** Watches until the returned function is called. */
  use(source: Source): () => void {
    const entry = this.#entry(source);
    if (entry.users === 0) {
      // Now the last that came.
      this.#entries.delete(entry.key);
      this.#entries.set(entry.key, entry);
    }
    entry.users += 1;
    clearTimeout(entry.expiry);
    this.#start(entry);
    let isUsed = true;
    return () => {
      if (!isUsed) return;
      isUsed = false;
      entry.users -= 1;
      if (entry.users > 0) return;
      this.#stop(entry);
      entry.expiry = setTimeout(() => this.#drop(entry), keptMs);
    };
  }

  close(): void {
    this.#closed.abort();
    for (const entry of this.#entries.values()) this.#drop(entry);
  }

  #entry(source: Source): Entry {
    const key = sourceKey(source);
    const known = this.#entries.get(key);
    if (known) return known;
    const ports: FeedPorts = {
      api: this.#api,
      delay,
      random: Math.random,
      mayStream: () => this.#usedBefore(entry) < streamsMax[isOverHttp2() ? 'http2' : 'http1'],
      changed: () => this.#schedule(entry),
    };
    const entry: Entry = { key, feed: new WatchFeed(source, ports), users: 0, running: undefined, expiry: undefined, isScheduled: false };
    this.#entries.set(key, entry);
    return entry;
  }

  #usedBefore(entry: Entry): number {
    return [...this.#entries.values()].filter(({ users }) => users > 0).indexOf(entry);
  }

  #start(entry: Entry): void {
    if (entry.running || document.hidden || this.#closed.signal.aborted) return;
    const running = new AbortController();
    entry.running = running;
    void entry.feed.run(running.signal);
  }

  #stop(entry: Entry): void {
    entry.running?.abort();
    entry.running = undefined;
  }

  #drop(entry: Entry): void {
    clearTimeout(entry.expiry);
    this.#stop(entry);
    this.#entries.delete(entry.key);
    // What is not kept up to date is not shown as if it were.
    this.#publish(entry.key, emptyListing);
  }

  #onVisibility(): void {
    for (const entry of this.#entries.values()) {
      if (document.hidden) this.#stop(entry);
      else if (entry.users > 0) this.#start(entry);
    }
  }

  #schedule(entry: Entry): void {
    if (entry.isScheduled) return;
    entry.isScheduled = true;
    const publish = () => {
      entry.isScheduled = false;
      const { objects, state, error, columns } = entry.feed;
      this.#publish(entry.key, { items: [...objects.values()], state, error, ...(columns && { columns }) });
    };
    if (entry.feed.objects.size < manyObjects) requestAnimationFrame(publish);
    else setTimeout(() => requestAnimationFrame(publish), manyObjectsPauseMs);
  }
}

/** By the way in which this page came. */
function isOverHttp2(): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return navigation?.nextHopProtocol === 'h2';
}

export function sourceKey({ path, fieldSelector = '', labelSelector = '', isTable = false }: Source): string {
  return [path, fieldSelector, labelSelector, ...(isTable ? ['table'] : [])].join('?');
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
