// GET, LIST and WATCH. The present comes from the watch cache, at a revision proven to be new enough; the past (later pages
// of a list, exact revisions) and the kinds that the cache does not keep from the store.
import { type KindDefinition, StatusError, storedKind } from '@berth/machinery';
import { prefixEnd, type Store } from '@berth/store';
import type { Clock } from '@berth/telemetry';
import { continueExpired, decodeContinue, encodeContinue } from './continue-token.ts';
import { relativeKey } from './keys.ts';
import type { KindCache } from './kind-cache.ts';
import { ListAges } from './list-ages.ts';
import { checkListSettings, checkWatchSettings, parseVersion } from './list-options.ts';
import type { Entry } from './object-codec.ts';
import { beforeConversion, everything, type Selection, selectionOf } from './selection.ts';
import { tooLargeVersion, translated } from './store-errors.ts';
import type { ListAnswer, ListSettings, Target, WatchHandle, WatchSettings } from './types.ts';
import { ShownWatch, shownEntries, shownEntry } from './versions/index.ts';
import type { WatchCache } from './watch-cache.ts';

/** Keys read from the store at a time, when a selector lets few of them through. */
const historyPageSize = 500;

export class Reads {
  readonly #store: Store;
  readonly #cache: WatchCache;
  readonly #ages: ListAges;

  constructor(store: Store, cache: WatchCache, clock: Clock) {
    this.#store = store;
    this.#cache = cache;
    this.#ages = new ListAges(clock);
  }

  async get(kind: KindDefinition, namespace: string | undefined, name: string, resourceVersion?: string): Promise<Entry> {
    await this.#fresh(resourceVersion);
    const cache = this.#cache.of(storedKind(kind));
    const key = relativeKey(namespace, name);
    const entry = cache.keepsObjects ? cache.get(key) : await this.#stored(cache, key);
    if (!entry) throw StatusError.notFound(kind, name);
    return kind.conversion ? shownEntry(kind, entry, !resourceVersion) : entry;
  }

  async #stored(cache: KindCache, key: string): Promise<Entry | undefined> {
    const { kv } = await translated(this.#store.get(cache.prefix + key));
    return kv && cache.entry(key, kv);
  }

  async list(target: Target, settings: ListSettings): Promise<ListAnswer> {
    const { conversion } = target.kind;
    const list = conversion && !settings.metadataOnly ? await this.#shown(target, settings) : await this.#list(target, settings);
    if (list.continue) this.#ages.note(this.#cache.revision);
    return list;
  }

  /** In the version that is asked for; what selects by what conversion may change looks at the converted objects. */
  async #shown(target: Target, settings: ListSettings): Promise<Page> {
    const { kind } = target;
    const before = beforeConversion(kind, settings);
    if (!before) {
      const page = await this.#list(target, settings);
      return { ...page, entries: await shownEntries(kind, page.entries) };
    }
    const selection = selectionOf(kind, settings);
    const { limit = 0, labelSelector: _labels, fieldSelector: _fields, ...rest } = settings;
    const isSameForAll = limit > 0 && Number(rest.resourceVersion || '0') > 0 && !rest.resourceVersionMatch && !rest.continue;
    const all = await this.#list(target, { ...rest, ...before, ...(isSameForAll && { resourceVersionMatch: 'Exact' }) });
    const entries = (await shownEntries(kind, all.entries)).filter(({ object }) => selection.matches(object));
    const next = limit > 0 && rest.resourceVersion !== '0' ? entries[limit] : undefined;
    if (!next) return { ...all, entries };
    return withContinue(entries.slice(0, limit), Number(all.resourceVersion), next.key, undefined);
  }

  async #list(target: Target, settings: ListSettings): Promise<Page> {
    checkListSettings(settings);
    const { kind, namespace } = target;
    const selection = selectionOf(kind, settings);
    const cache = this.#cache.of(storedKind(kind));
    if (settings.continue) return this.#nextPage(cache, namespace, selection, settings);
    const version = settings.resourceVersion || '0';
    const revision = parseVersion(version, 'invalid resource version: ');
    const isSingle = isNamed(kind, namespace, selection);
    if (isExact(settings, revision, isSingle)) {
      // Kubernetes asks etcd, which knows of no caches that are behind.
      await this.#reach(version, revision, false);
      return this.#at(cache, namespace, selection, { revision, start: '' }, settings.limit);
    }
    await this.#fresh(settings.resourceVersion, cache);
    // Whoever takes any state gets all of it at once, as informers expect.
    const limit = settings.resourceVersion === '0' ? undefined : settings.limit;
    return this.#now(cache, namespace, selection, '', limit);
  }

  /** Everything of a kind in a namespace, for decisions of the server itself. */
  async all(kind: KindDefinition, namespace: string | undefined): Promise<Entry[]> {
    await this.#cache.proven();
    return (await this.#now(this.#cache.of(storedKind(kind)), namespace, selectionOf(kind, {}), '')).entries;
  }

  async watch(target: Target, settings: WatchSettings): Promise<WatchHandle> {
    const { kind } = target;
    if (!kind.conversion || settings.metadataOnly) return this.#watch(target, settings);
    const before = beforeConversion(kind, settings);
    if (!before) return new ShownWatch(kind, await this.#watch(target, settings));
    const selection = selectionOf(kind, settings);
    const { labelSelector: _labels, fieldSelector: _fields, ...rest } = settings;
    return new ShownWatch(kind, await this.#watch(target, { ...rest, ...before }), selection);
  }

  async #watch(target: Target, settings: WatchSettings): Promise<WatchHandle> {
    checkWatchSettings(settings);
    const { kind, namespace } = target;
    const selection = selectionOf(kind, settings);
    const version = settings.resourceVersion || '';
    const isAny = /^0*$/.test(version);
    const initialEvents = settings.sendInitialEvents ?? isAny;
    const after = initialEvents || isAny ? undefined : parseVersion(version);
    // What follows a version can be told apart whether that version exists yet or not; what exists as of it cannot be sent before.
    if (after === undefined) await this.#fresh(version);
    const bookmarks = settings.allowWatchBookmarks ?? false;
    const cache = this.#cache.of(storedKind(kind));
    const { revision } = this.#cache;
    const closingBookmark = initialEvents && bookmarks && settings.marksInitialEnd !== false;
    const start = { selection, namespace, bookmarks, closingBookmark, initialEvents, revision };
    if (cache.keepsObjects || !initialEvents) return cache.watch({ ...start, after });
    const { entries } = await this.#past(cache, namespace, selection, { revision, start: '' });
    return cache.watch({ ...start, after: revision, readBefore: entries });
  }

  /** Waits until the cache may answer for this resourceVersion: any for '0', proven for none, reached for a number. */
  async #fresh(resourceVersion: string | undefined, cache?: KindCache): Promise<void> {
    if (resourceVersion === '0') return;
    if (resourceVersion) await this.#reach(resourceVersion, parseVersion(resourceVersion), cache?.keepsObjects);
    else await this.#cache.proven();
  }

  /** Nothing comes to be as large as what no number holds exactly, so that nobody waits for it. */
  async #reach(text: string, revision: number, isRetriable?: boolean): Promise<void> {
    if (!Number.isSafeInteger(revision)) throw tooLargeVersion(BigInt(text), this.#cache.revision, isRetriable);
    await this.#cache.reach(revision, isRetriable);
  }

  /** A page of the newest that the cache has heard of. */
  async #now(cache: KindCache, namespace: string | undefined, selection: Selection, start: string, limit?: number): Promise<Page> {
    const at = { revision: this.#cache.revision, start };
    return cache.keepsObjects ? this.#page(cache, namespace, selection, at, limit) : this.#past(cache, namespace, selection, at, limit);
  }

  /** A page from the cache, whose state is that of `at.revision`. */
  #page(cache: KindCache, namespace: string | undefined, selection: Selection, at: Position, limit = 0): Page {
    const entries: Entry[] = [];
    for (const entry of cache.select(selection, namespace, at.start || undefined)) {
      entries.push(entry);
      if (limit > 0 && entries.length === limit) break;
    }
    // As in Kubernetes, there is more as long as anything follows, whether it is selected or not.
    const last = limit > 0 && entries.length === limit && !isNamed(cache.kind, namespace, selection) ? entries.at(-1) : undefined;
    const [next] = last ? cache.select(everything, namespace, `${last.key}\0`) : [];
    if (next) return withContinue(entries, at.revision, listKey(namespace, next.key), remaining(cache, namespace, selection, next.key));
    return { entries, resourceVersion: String(at.revision) };
  }

  async #nextPage(cache: KindCache, namespace: string | undefined, selection: Selection, settings: ListSettings): Promise<Page> {
    const token = decodeContinue(settings.continue ?? '');
    const at = { revision: token.revision, start: absoluteKey(namespace, token.start) };
    if (settings.resourceVersion && settings.resourceVersion !== '0') {
      throw StatusError.badRequest('specifying resource version is not allowed when using continue');
    }
    if (at.revision < 0) {
      await this.#cache.proven();
      return this.#now(cache, namespace, selection, at.start, settings.limit);
    }
    await this.#cache.reach(at.revision);
    if (this.#ages.isOld(at.revision) && this.#cache.revision > at.revision) throw continueExpired(token.start);
    try {
      return await this.#at(cache, namespace, selection, at, settings.limit);
    } catch (error) {
      if (error instanceof StatusError && error.code === 410) throw continueExpired(token.start);
      throw error;
    }
  }

  /** A page as of a revision that the cache has reached. */
  async #at(cache: KindCache, namespace: string | undefined, selection: Selection, at: Position, limit?: number): Promise<Page> {
    // As long as nothing of this kind changed since, the cache still shows that revision.
    if (cache.keepsObjects && cache.lastChange <= at.revision) return this.#page(cache, namespace, selection, at, limit);
    return this.#past(cache, namespace, selection, at, limit);
  }

  /** A page from the store as it was. */
  async #past(cache: KindCache, namespace: string | undefined, selection: Selection, at: Position, limit = 0): Promise<Page> {
    const { first, end } = keysOf(cache, namespace, selection);
    const entries: Entry[] = [];
    let start = at.start ? cache.prefix + at.start : first;
    for (;;) {
      const options = { start, end, limit: historyPageSize, revision: at.revision };
      const page = await translated(this.#store.range(options));
      for (const [index, kv] of page.kvs.entries()) {
        const entry = cache.entry(kv.key.slice(cache.prefix.length), kv);
        if (limit > 0 && entries.length === limit) {
          return withContinue(entries, at.revision, listKey(namespace, entry.key), selection.everything ? page.count - index : undefined);
        }
        if (selection.everything || selection.matches(entry.object)) entries.push(entry);
      }
      const last = page.kvs.at(-1);
      if (!page.more || !last) return { entries, resourceVersion: String(at.revision) };
      start = `${last.key}\0`;
    }
  }
}

/** Where the objects are that can be meant. */
function keysOf({ kind, prefix }: KindCache, namespace: string | undefined, selection: Selection): { first: string; end: string } {
  const { name } = selection;
  if (name !== undefined && isNamed(kind, namespace, selection)) {
    const key = prefix + relativeKey(namespace, name);
    return { first: key, end: `${key}\0` };
  }
  const first = prefix + (namespace ? `${namespace}/` : '');
  return { first, end: prefixEnd(first) };
}

/** Whether a single object is meant. */
function isNamed(kind: KindDefinition, namespace: string | undefined, { name }: Selection): boolean {
  return name !== undefined && (namespace !== undefined || !kind.namespaced);
}

/** A key as a list of one namespace names it, and back: names have no slashes, and tokens once had the namespace in them. */
function listKey(namespace: string | undefined, key: string): string {
  return namespace ? key.slice(namespace.length + 1) : key;
}

function absoluteKey(namespace: string | undefined, key: string): string {
  return namespace && !key.startsWith(`${namespace}/`) ? `${namespace}/${key}` : key;
}

interface Page extends ListAnswer {
  entries: Entry[];
}

interface Position {
  revision: number;
  /** Relative to the kind's prefix; '' is the beginning. */
  start: string;
}

function withContinue(entries: Entry[], revision: number, next: string, remainingItemCount: number | undefined): Page {
  return {
    entries,
    resourceVersion: String(revision),
    continue: encodeContinue({ revision, start: next }),
    ...(remainingItemCount !== undefined && { remainingItemCount }),
  };
}

/** A limit makes of a version the one that is shown, so that all pages show the same; a single object has no pages. */
function isExact({ resourceVersionMatch: match, limit = 0 }: ListSettings, revision: number, isSingle: boolean): boolean {
  if (match) return match === 'Exact';
  return limit > 0 && revision > 0 && !isSingle;
}

/** As in Kubernetes, only lists without selectors say how much is left. */
function remaining(cache: KindCache, namespace: string | undefined, selection: Selection, key: string): number | undefined {
  return selection.everything ? cache.countFrom(key, namespace) : undefined;
}
