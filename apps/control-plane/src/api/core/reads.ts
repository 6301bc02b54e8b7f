// GET, LIST and WATCH. The present comes from the watch cache, at a revision proven to be new enough; the past (later pages
// of a list, exact revisions) from the store.
import { type KindDefinition, StatusError, storedKind } from '@berth/machinery';
import { prefixEnd, type Store } from '@berth/store';
import type { Clock } from '@berth/telemetry';
import { continueExpired, decodeContinue, encodeContinue } from './continue-token.ts';
import { relativeKey } from './keys.ts';
import type { KindCache } from './kind-cache.ts';
import { ListAges } from './list-ages.ts';
import { checkListSettings, checkWatchSettings, parseVersion } from './list-options.ts';
import { Entry } from './object-codec.ts';
import { type Selection, selectionOf } from './selection.ts';
import { translated } from './store-errors.ts';
import type { ListAnswer, ListSettings, Target, WatchHandle, WatchSettings } from './types.ts';
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
    const entry = this.#cache.of(storedKind(kind)).get(relativeKey(namespace, name));
    if (!entry) throw StatusError.notFound(kind, name);
    return entry;
  }

  async list(target: Target, settings: ListSettings): Promise<ListAnswer> {
    const list = await this.#list(target, settings);
    if (list.continue) this.#ages.note(this.#cache.revision);
    return list;
  }

  async #list(target: Target, settings: ListSettings): Promise<ListAnswer> {
    checkListSettings(settings);
    const { kind, namespace } = target;
    const selection = selectionOf(kind, settings);
    const cache = this.#cache.of(storedKind(kind));
    if (settings.continue) return this.#nextPage(cache, namespace, selection, settings);
    const version = settings.resourceVersion || '0';
    const revision = parseVersion(version, 'invalid resource version: ');
    const isSingle = selection.name !== undefined && (namespace !== undefined || !kind.namespaced);
    if (isExact(settings, revision, isSingle)) {
      await this.#cache.reach(revision);
      return this.#at(cache, namespace, selection, { revision, start: '' }, settings.limit);
    }
    await this.#fresh(settings.resourceVersion);
    return this.#page(cache, namespace, selection, { revision: this.#cache.revision, start: '' }, settings.limit);
  }

  /** Everything of a kind in a namespace, for decisions of the server itself. */
  async all(kind: KindDefinition, namespace: string | undefined): Promise<Entry[]> {
    await this.#cache.proven();
    return [...this.#cache.of(storedKind(kind)).select(selectionOf(kind, {}), namespace)];
  }

  async watch(target: Target, settings: WatchSettings): Promise<WatchHandle> {
    checkWatchSettings(settings);
    const { kind, namespace } = target;
    const selection = selectionOf(kind, settings);
    const version = settings.resourceVersion || '';
    const isAny = version === '' || version === '0';
    const initialEvents = settings.sendInitialEvents ?? isAny;
    const after = initialEvents || isAny ? undefined : parseVersion(version);
    // What follows a version can be told apart whether that version exists yet or not; what exists as of it cannot be sent before.
    if (after === undefined) await this.#fresh(version);
    const bookmarks = settings.allowWatchBookmarks ?? false;
    return this.#cache.of(storedKind(kind)).watch({
      selection,
      namespace,
      bookmarks,
      closingBookmark: initialEvents && bookmarks,
      initialEvents,
      after,
      revision: this.#cache.revision,
    });
  }

  /** Waits until the cache may answer for this resourceVersion: any for '0', proven for none, reached for a number. */
  async #fresh(resourceVersion: string | undefined): Promise<void> {
    if (resourceVersion === '0') return;
    if (resourceVersion) await this.#cache.reach(parseVersion(resourceVersion));
    else await this.#cache.proven();
  }

  /** A page from the cache, whose state is that of `at.revision`. */
  #page(cache: KindCache, namespace: string | undefined, selection: Selection, at: Position, limit = 0): ListAnswer {
    const entries: Entry[] = [];
    for (const entry of cache.select(selection, namespace, at.start || undefined)) {
      if (limit > 0 && entries.length === limit)
        return withContinue(entries, at.revision, entry.key, remaining(cache, namespace, selection, entry.key));
      entries.push(entry);
    }
    return { entries, resourceVersion: String(at.revision) };
  }

  async #nextPage(cache: KindCache, namespace: string | undefined, selection: Selection, settings: ListSettings): Promise<ListAnswer> {
    const at = decodeContinue(settings.continue ?? '');
    if (settings.resourceVersion && settings.resourceVersion !== '0') {
      throw StatusError.badRequest('specifying resource version is not allowed when using continue');
    }
    if (namespace && !at.start.startsWith(`${namespace}/`))
      throw StatusError.badRequest('invalid continue token: continue key is not valid: it is for another namespace');
    if (at.revision < 0) {
      await this.#cache.proven();
      return this.#page(cache, namespace, selection, { revision: this.#cache.revision, start: at.start }, settings.limit);
    }
    await this.#cache.reach(at.revision);
    if (this.#ages.isOld(at.revision) && this.#cache.revision > at.revision) throw continueExpired(at.start);
    try {
      return await this.#at(cache, namespace, selection, at, settings.limit);
    } catch (error) {
      if (error instanceof StatusError && error.code === 410) throw continueExpired(at.start);
      throw error;
    }
  }

  /** A page as of a revision that the cache has reached. */
  async #at(cache: KindCache, namespace: string | undefined, selection: Selection, at: Position, limit?: number): Promise<ListAnswer> {
    // As long as nothing of this kind changed since, the cache still shows that revision.
    if (cache.lastChange <= at.revision) return this.#page(cache, namespace, selection, at, limit);
    return this.#past(cache, namespace, selection, at, limit);
  }

  /** A page from the store as it was. */
  async #past(cache: KindCache, namespace: string | undefined, selection: Selection, at: Position, limit = 0): Promise<ListAnswer> {
    const prefix = cache.prefix + (namespace ? `${namespace}/` : '');
    const entries: Entry[] = [];
    let start = at.start ? cache.prefix + at.start : prefix;
    for (;;) {
      const options = { start, end: prefixEnd(prefix), limit: historyPageSize, revision: at.revision };
      const page = await translated(this.#store.range(options));
      for (const [index, kv] of page.kvs.entries()) {
        const entry = Entry.stored(cache.head, kv.key.slice(cache.prefix.length), kv.modRevision, kv.value);
        if (!selection.everything && !selection.matches(entry.object)) continue;
        if (limit > 0 && entries.length === limit) {
          return withContinue(entries, at.revision, entry.key, selection.everything ? page.count - index : undefined);
        }
        entries.push(entry);
      }
      const last = page.kvs.at(-1);
      if (!page.more || !last) return { entries, resourceVersion: String(at.revision) };
      start = `${last.key}\0`;
    }
  }
}

interface Position {
  revision: number;
  /** Relative to the kind's prefix; '' is the beginning. */
  start: string;
}

function withContinue(entries: Entry[], revision: number, next: string, remainingItemCount: number | undefined): ListAnswer {
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
