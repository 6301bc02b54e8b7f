// The newest state of every object of one kind, with the recent events that let a watch resume. Everything here is
// synchronous, so a reader that looks and registers in one go can miss nothing. Kinds whose objects expire are left in the store:
// of those there are only the recent events here, as memory should follow what a cluster runs, not how long it has run.
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import { type KeyValue, SortedKeys, type StoreEvent } from '@berth/store';
import { expires } from './event-expiry.ts';
import { EventHistory } from './event-history.ts';
import { kindPrefix } from './keys.ts';
import { Entry, headOf, ownHead } from './object-codec.ts';
import { indexedFieldOf, type Selection } from './selection.ts';
import type { WatchItem } from './types.ts';
import { bookmarkItem, CacheEvent, watchItem } from './watch-events.ts';
import { WatchStream } from './watch-stream.ts';

/** Events a kind remembers for resuming watches. */
export const eventHistoryLimit = 10_000;
/** Of kinds whose objects expire. */
const expiringHistoryLimit = 2_000;

const none: ReadonlySet<string> = new Set();

export interface WatchStart {
  selection: Selection;
  namespace?: string;
  bookmarks: boolean;
  /** Resume after this revision, which may not exist yet; absent begins with `initialEvents`, or at now. */
  after?: number;
  /** What was read from the store as of `after`, to be sent first. */
  readBefore?: Entry[];
  initialEvents: boolean;
  /** Whether a bookmark marks the end of the initial events. */
  closingBookmark: boolean;
  /** The newest revision of the whole cache. */
  revision: number;
}

export class KindCache {
  readonly prefix: string;
  /** Otherwise the objects are in the store alone, and nothing but `watch` may be asked here. */
  readonly keepsObjects: boolean;
  #kind: KindDefinition;
  #head: Uint8Array;
  readonly #entries = new Map<string, Entry>();
  readonly #keys = new SortedKeys();
  /** Keys by the value of the field that the kind is asked for by most. */
  readonly #index = new Map<string, Set<string>>();
  readonly #indexed: ((object: KubeObject) => string) | undefined;
  readonly #history: EventHistory;
  #lastChange = 0;
  #isClosed = false;
  readonly #watchers = new Set<WatchStream>();
  readonly #onDropped: () => void;

  constructor(kind: KindDefinition, onDropped: () => void) {
    this.#kind = kind;
    this.#head = headOf(kind);
    this.prefix = kindPrefix(kind);
    this.#onDropped = onDropped;
    this.keepsObjects = !expires(kind);
    this.#history = new EventHistory(this.keepsObjects ? eventHistoryLimit : expiringHistoryLimit, this.keepsObjects);
    this.#indexed = kind.selectableFields[indexedFieldOf(kind) ?? ''];
  }

  get kind(): KindDefinition {
    return this.#kind;
  }

  /** The revision of the newest change to this kind. */
  get lastChange(): number {
    return this.#lastChange;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** In no order. */
  all(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** Starts over from a full listing; what was watching must watch again. */
  reset(kvs: KeyValue[], revision: number): void {
    for (const watcher of [...this.#watchers]) watcher.fail(StatusError.expired(`too old resource version: the watch cache was rebuilt`));
    this.#entries.clear();
    this.#keys.clear();
    this.#index.clear();
    for (const kv of this.keepsObjects ? kvs : []) {
      const entry = this.entry(kv.key.slice(this.prefix.length), kv);
      this.#entries.set(entry.key, entry);
      this.#keys.add(entry.key);
      this.#reindex(entry.key, undefined, entry);
    }
    this.#history.reset(revision);
    this.#lastChange = revision;
  }

  apply(event: StoreEvent, key: string): void {
    const previous = this.keepsObjects ? this.#entries.get(key) : event.previous && this.entry(key, event.previous);
    const revision = event.kv.modRevision;
    const current = event.type === 'put' ? this.entry(key, event.kv) : undefined;
    if (!current && !previous) return;
    if (this.keepsObjects) this.#keep(key, previous, current);
    this.#lastChange = revision;
    this.#publish(new CacheEvent(previous ? this.#headOf(previous.bytes) : this.#head, revision, current, previous));
  }

  /** What stored objects start with; of kinds in several versions, what these do. */
  #headOf(stored: Uint8Array): Uint8Array {
    return (this.#kind.conversion && ownHead(stored)) ?? this.#head;
  }

  /** A stored object as it is shown here: in the version that it was written in. */
  entry(key: string, { modRevision, value }: Pick<KeyValue, 'modRevision' | 'value'>): Entry {
    return this.#withDefaults(Entry.stored(this.#headOf(value), key, modRevision, value));
  }

  /** Those of the version that it was written in. */
  #withDefaults(entry: Entry): Entry {
    const { conversion } = this.#kind;
    const kind = conversion?.versions.find((version) => entry.isOf(headOf(version))) ?? this.#kind;
    return kind.lacksDefaults ? entry.withDefaults(kind) : entry;
  }

  /** The kind's definition is another one now, as kinds are that users define; what is stored of it is not. */
  redefine(kind: KindDefinition): void {
    this.#kind = kind;
    this.#head = headOf(kind);
    for (const [key, entry] of this.#entries) {
      const isOther = !kind.conversion && !entry.isOf(this.#head);
      this.#entries.set(key, this.#withDefaults(isOther ? entry.at(this.#head, entry.revision) : entry));
    }
  }

  #keep(key: string, previous: Entry | undefined, current: Entry | undefined): void {
    if (current) this.#entries.set(key, current);
    else this.#entries.delete(key);
    if (current && !previous) this.#keys.add(key);
    if (!current) this.#keys.delete(key);
    this.#reindex(key, previous, current);
  }

  #publish(event: CacheEvent): void {
    this.#history.add(event);
    for (const watcher of this.#watchers) watcher.offer(event);
  }

  /** Keys of the objects whose indexed field has this value. */
  withValue(value: string): ReadonlySet<string> {
    return this.#index.get(value) ?? none;
  }

  #reindex(key: string, previous: Entry | undefined, current: Entry | undefined): void {
    const read = this.#indexed;
    if (!read) return;
    const before = previous && read(previous.object);
    const after = current && read(current.object);
    if (before === after) return;
    if (before !== undefined) this.#unindex(before, key);
    if (after === undefined) return;
    const keys = this.#index.get(after);
    if (keys) keys.add(key);
    else this.#index.set(after, new Set([key]));
  }

  #unindex(value: string, key: string): void {
    const keys = this.#index.get(value);
    keys?.delete(key);
    if (keys?.size === 0) this.#index.delete(value);
  }

  /** Entries that the selection lets through, in key order, from the first key not less than `from`. */
  *select(selection: Selection, namespace?: string, from?: string): Generator<Entry> {
    for (const key of this.#candidates(selection, namespace, from)) {
      const entry = this.#entries.get(key);
      if (entry && (selection.everything || selection.matches(entry.object))) yield entry;
    }
  }

  /** How many objects there are behind this position. */
  countFrom(key: string, namespace?: string): number {
    return this.#keys.count(key, endOf(namespace));
  }

  #candidates(selection: Selection, namespace: string | undefined, from: string | undefined): string[] {
    if (selection.name !== undefined && (namespace || !this.kind.namespaced)) {
      const key = namespace ? `${namespace}/${selection.name}` : selection.name;
      return from !== undefined && key < from ? [] : [key];
    }
    if (selection.indexed !== undefined && this.#indexed) {
      const keys = [...this.withValue(selection.indexed)].sort();
      return keys.filter((key) => (!namespace || key.startsWith(`${namespace}/`)) && (from === undefined || key >= from));
    }
    const start = namespace ? `${namespace}/` : '';
    return [...this.#keys.between(from !== undefined && from > start ? from : start, endOf(namespace))];
  }

  /** @throws StatusError Expired when the events after `start.after` are no longer known. */
  watch(start: WatchStart): WatchStream {
    if (start.after !== undefined && start.after < this.#history.oldest) {
      throw StatusError.expired(`too old resource version: ${start.after} (${this.#history.oldest})`);
    }
    const stream = new WatchStream({
      selection: start.selection,
      keyPrefix: start.namespace ? `${start.namespace}/` : '',
      bookmarks: start.bookmarks,
      after: start.after ?? start.revision,
      initial: start.after === undefined ? this.#initial(start) : this.#replay(start, start.after),
      onEnd: (ended, dropped) => {
        this.#watchers.delete(ended);
        if (dropped) this.#onDropped();
      },
    });
    this.#watchers.add(stream);
    return stream;
  }

  #replay(start: WatchStart, after: number): WatchItem[] {
    const before = start.readBefore && this.#added(start.readBefore, start);
    const prefix = start.namespace ? `${start.namespace}/` : '';
    const missed = this.#history.since(after).filter((event) => event.key.startsWith(prefix));
    const seen = missed.map((event) => event.seenBy(start.selection)).filter((item) => item !== undefined);
    return before ? [...before, ...seen] : seen;
  }

  #initial(start: WatchStart): WatchItem[] {
    if (!start.initialEvents) return [];
    return this.#added(this.select(start.selection, start.namespace), start);
  }

  #added(entries: Iterable<Entry>, { closingBookmark, revision }: WatchStart): WatchItem[] {
    const items = Array.from(entries, (entry) => watchItem('ADDED', entry));
    if (closingBookmark) items.push(this.bookmark(revision, true));
    return items;
  }

  bookmark(revision: number, initialEventsEnd = false): WatchItem {
    return bookmarkItem(this.kind, revision, initialEventsEnd);
  }

  /** Tells watchers that asked for it how far they are, so that they can resume from there. */
  sendBookmarks(revision: number): void {
    const item = this.bookmark(revision);
    for (const watcher of this.#watchers) watcher.mark(item, revision);
  }

  /** Whether objects of this kind are kept just as they are here. */
  holds(kind: KindDefinition): boolean {
    return indexedFieldOf(this.kind) === indexedFieldOf(kind);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends every watcher. */
  close(): void {
    this.#isClosed = true;
    for (const watcher of [...this.#watchers]) watcher.close();
  }
}

/** The first key that is not of the namespace: `0` comes right after `/`. */
function endOf(namespace: string | undefined): string | undefined {
  return namespace && `${namespace}0`;
}
