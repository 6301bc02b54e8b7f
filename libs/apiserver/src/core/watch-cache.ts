// Everything in the store but kinds that expire, in memory, fed by one store watch. Reads are served from here at a proven revision:
// the cache has applied all that was committed before the read began.
import { groupResourceOf, type KindDefinition, StatusError, storedKind } from '@berth/machinery';
import { CompactedError, type KeyValue, type Store, type StoreEvent, type Watch, type WatchBatch } from '@berth/store';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import { everything, kindPrefix, splitKey } from './keys.ts';
import { KindCache } from './kind-cache.ts';
import { ReachedRevision } from './reached-revision.ts';
import { readRange } from './read-range.ts';
import { ReservedKeys } from './reserved-keys.ts';
import { tooLargeVersion, translated } from './store-errors.ts';
import type { CoreMetrics } from './types.ts';

const bookmarkIntervalMs = 60_000;
const backoffMsMin = 50;
const backoffMsMax = 5_000;

interface Joining {
  events: { event: StoreEvent; key: string }[];
  /** Whether changes were missed, so that it has to be read again. */
  isStale: boolean;
}

export interface WatchCacheOptions {
  store: Store;
  kinds: KindDefinition[];
  clock: Clock;
  logger: Logger;
  metrics: CoreMetrics;
}

export class WatchCache {
  readonly #options: WatchCacheOptions;
  readonly #kinds = new Map<string, KindCache>();
  /** The same, found without making a prefix. */
  readonly #byDefinition = new WeakMap<KindDefinition, KindCache>();
  readonly #reserved = new ReservedKeys();
  /** By prefix: kinds that are being read. */
  readonly #joining = new Map<string, Joining>();
  readonly #stopping = new AbortController();
  readonly #reached: ReachedRevision;
  #watch: Watch | undefined;
  #running: Promise<void> | undefined;
  #bookmarkTimer: Timer | undefined;
  #asking: Promise<number> | undefined;
  #askingNext: Promise<number> | undefined;

  constructor(options: WatchCacheOptions) {
    this.#options = options;
    this.#reached = new ReachedRevision(options.clock);
    for (const kind of options.kinds) this.#kinds.set(kindPrefix(kind), this.#cacheOf(kind));
  }

  #cacheOf(kind: KindDefinition): KindCache {
    return new KindCache(kind, () => this.#options.metrics.watcherDropped(groupResourceOf(kind)));
  }

  /**
   * Takes in a kind that came, or changed, while the cache runs; resolves once all of its objects are here. Watches of it go on
   * unless it is stored otherwise now.
   */
  async add(kind: KindDefinition): Promise<void> {
    const prefix = kindPrefix(kind);
    const former = this.#kinds.get(prefix);
    if (former?.holds(kind)) {
      former.redefine(kind);
      return;
    }
    if (!former && this.#hasNothing(prefix)) {
      const cache = this.#cacheOf(kind);
      cache.reset([], this.#reached.current);
      this.#kinds.set(prefix, cache);
      return;
    }
    const joining: Joining = { events: [], isStale: false };
    this.#joining.set(prefix, joining);
    try {
      do await this.#join(kind, prefix, joining);
      while (joining.isStale);
    } finally {
      this.#joining.delete(prefix);
    }
    former?.close();
  }

  /** Whether, as far as all that was committed has come here, nothing is stored of a kind that is not known. */
  #hasNothing(prefix: string): boolean {
    return this.#running !== undefined && this.#reserved.of(prefix).size === 0 && !this.#joining.has(prefix);
  }

  /** Forgets a kind that is gone; whoever watches it is told to look again. */
  remove(kind: KindDefinition): void {
    const prefix = kindPrefix(kind);
    const cache = this.#kinds.get(prefix);
    cache?.close();
    this.#kinds.delete(prefix);
    // What is stored of it stays there until somebody removes it.
    if (cache)
      this.#reserved.replace(
        prefix,
        Array.from(cache.all(), ({ key }) => key),
      );
  }

  /** What the store has, and what has changed since it was read. */
  async #join(kind: KindDefinition, prefix: string, joining: Joining): Promise<void> {
    Object.assign(joining, { events: [], isStale: false });
    const kvs: KeyValue[] = [];
    const revision = await readRange(this.#options.store, { start: prefix, end: `${prefix.slice(0, -1)}0` }, (kv) => void kvs.push(kv));
    await this.reach(revision);
    if (joining.isStale) return;
    const cache = this.#cacheOf(kind);
    cache.reset(kvs, revision);
    for (const { event, key } of joining.events) if (event.kv.modRevision > revision) cache.apply(event, key);
    this.#reserved.forget(prefix);
    this.#kinds.set(prefix, cache);
  }

  /** Every change up to this revision has been applied. */
  get revision(): number {
    return this.#reached.current;
  }

  /** Whether there are stored objects of the kind. */
  keeps(kind: KindDefinition): boolean {
    return this.#kinds.has(kindPrefix(storedKind(kind)));
  }

  of(kind: KindDefinition): KindCache {
    const known = this.#byDefinition.get(kind);
    if (known && !known.isClosed) return known;
    const cache = this.#kinds.get(kindPrefix(kind));
    // Of kinds that users define, requests may still be under way when they go.
    if (!cache && kind.readContent) throw StatusError.noSuchResource();
    if (!cache) throw new RangeError(`${groupResourceOf(kind)} is not among the kinds this API server was given`);
    this.#byDefinition.set(kind, cache);
    return cache;
  }

  /** Those that users define, in the version that is stored. */
  customKinds(): KindDefinition[] {
    return Array.from(this.#kinds.values(), ({ kind }) => kind).filter((kind) => kind.readContent);
  }

  /** Keys present under a prefix that holds no kind, without the prefix; may lag behind the store. */
  reserved(prefix: string): ReadonlySet<string> {
    return this.#reserved.of(prefix);
  }

  async start(): Promise<void> {
    await this.#load();
    this.#running = this.#run();
    this.#scheduleBookmarks();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the watch cache is stopping'));
    this.#bookmarkTimer?.cancel();
    this.#watch?.close();
    for (const cache of this.#kinds.values()) cache.close();
    await this.#running;
  }

  /** Resolves once the cache holds all that was committed before this call, with a revision that proves it. */
  async proven(): Promise<number> {
    const revision = await translated(this.#ask());
    if (!(await this.#reached.reach(revision))) {
      throw StatusError.unavailable(`the watch cache is at revision ${this.#reached.current} and cannot reach the store's ${revision}`);
    }
    return this.#reached.current;
  }

  /** Resolves once the cache is not older than `revision`. @throws StatusError 504 when that takes too long. */
  async reach(revision: number, isRetriable = true): Promise<void> {
    if (!(await this.#reached.reach(revision))) throw tooLargeVersion(revision, this.#reached.current, isRetriable);
  }

  /** The store's revision, asked after this call began; callers that wait at the same time share one question. */
  #ask(): Promise<number> {
    if (!this.#asking) {
      this.#asking = this.#options.store.revision().finally(() => {
        this.#asking = undefined;
      });
      return this.#asking;
    }
    this.#askingNext ??= this.#asking
      .catch(() => 0)
      .then(() => {
        this.#askingNext = undefined;
        return this.#ask();
      });
    return this.#askingNext;
  }

  async #run(): Promise<void> {
    let backoffMs = backoffMsMin;
    while (!this.#stopping.signal.aborted) {
      const before = this.#reached.current;
      try {
        await this.#follow();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#options.logger.warn('the store watch broke, resuming', { error, revision: this.#reached.current });
        if (error instanceof CompactedError) await this.#reload();
      }
      backoffMs = this.#reached.current > before ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax);
      await this.#pause(backoffMs);
    }
  }

  async #follow(): Promise<void> {
    const watch = this.#options.store.watch({ ...everything, fromRevision: this.#reached.current + 1 });
    this.#watch = watch;
    // Iterating reports the same failure; this only keeps a rejected `ready` from going unhandled.
    watch.ready.catch(() => undefined);
    try {
      for await (const batch of watch) this.#apply(batch);
    } finally {
      watch.close();
    }
  }

  #apply(batch: WatchBatch): void {
    for (const event of batch.events) {
      const split = splitKey(event.kv.key);
      if (!split || event.kv.modRevision <= this.#reached.current) continue;
      this.#joining.get(split.prefix)?.events.push({ event, key: split.rest });
      const kind = this.#kinds.get(split.prefix);
      if (kind) kind.apply(event, split.rest);
      else if (event.type === 'put') this.#reserved.add(split.prefix, split.rest);
      else this.#reserved.remove(split.prefix, split.rest);
    }
    this.#reached.advance(batch.revision);
  }

  /** After the store forgot what we have not seen: everything anew, and every watcher starts over. */
  async #reload(): Promise<void> {
    try {
      await this.#load();
      this.#options.metrics.cacheReset();
    } catch (error) {
      this.#options.logger.warn('reading the store failed, trying again', { error });
    }
  }

  async #load(): Promise<void> {
    const byPrefix = new Map<string, KeyValue[]>();
    const revision = await readRange(this.#options.store, everything, (kv) => this.#sort(byPrefix, kv));
    this.#reserved.clear();
    for (const joining of this.#joining.values()) joining.isStale = true;
    for (const [prefix, cache] of this.#kinds) cache.reset(byPrefix.get(prefix) ?? [], revision);
    for (const [prefix, kvs] of byPrefix) {
      if (this.#kinds.has(prefix)) continue;
      this.#reserved.replace(
        prefix,
        kvs.map((kv) => kv.key.slice(prefix.length)),
      );
    }
    this.#reached.advance(revision);
  }

  #sort(byPrefix: Map<string, KeyValue[]>, kv: KeyValue): void {
    const split = splitKey(kv.key);
    if (!split || this.#kinds.get(split.prefix)?.keepsObjects === false) return;
    const kvs = byPrefix.get(split.prefix);
    if (kvs) kvs.push(kv);
    else byPrefix.set(split.prefix, [kv]);
  }

  async #pause(delayMs: number): Promise<void> {
    try {
      await this.#options.clock.sleep(delayMs, this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }

  #scheduleBookmarks(): void {
    this.#bookmarkTimer = this.#options.clock.after(bookmarkIntervalMs, () => {
      for (const cache of this.#kinds.values()) cache.sendBookmarks(this.#reached.current);
      this.#scheduleBookmarks();
    });
  }
}
