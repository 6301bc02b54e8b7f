// Everything in the store but kinds that expire, in memory, fed by one store watch. Reads are served from here at a proven revision:
// the cache has applied all that was committed before the read began.
import { groupResourceOf, type KindDefinition, StatusError } from '@berth/machinery';
import { CompactedError, type KeyValue, type Store, type Watch, type WatchBatch } from '@berth/store';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import { everything, kindPrefix, splitKey } from './keys.ts';
import { KindCache } from './kind-cache.ts';
import { tooLargeVersion, translated } from './store-errors.ts';
import type { CoreMetrics } from './types.ts';

const pageSize = 1_000;
const catchUpTimeoutMs = 3_000;
const bookmarkIntervalMs = 60_000;
const backoffMsMin = 50;
const backoffMsMax = 5_000;

interface Waiter {
  revision: number;
  resolve(): void;
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
  /** Keys under prefixes that hold no objects, such as allocations; key → nothing but its presence. */
  readonly #reserved = new Map<string, Set<string>>();
  readonly #waiters = new Set<Waiter>();
  readonly #stopping = new AbortController();
  #revision = 0;
  #watch: Watch | undefined;
  #running: Promise<void> | undefined;
  #bookmarkTimer: Timer | undefined;
  #asking: Promise<number> | undefined;
  #askingNext: Promise<number> | undefined;

  constructor(options: WatchCacheOptions) {
    this.#options = options;
    for (const kind of options.kinds) {
      const dropped = () => options.metrics.watcherDropped(groupResourceOf(kind));
      this.#kinds.set(kindPrefix(kind), new KindCache(kind, dropped));
    }
  }

  /** Every change up to this revision has been applied. */
  get revision(): number {
    return this.#revision;
  }

  of(kind: KindDefinition): KindCache {
    const known = this.#byDefinition.get(kind);
    if (known) return known;
    const cache = this.#kinds.get(kindPrefix(kind));
    if (!cache) throw new RangeError(`${groupResourceOf(kind)} is not among the kinds this API server was given`);
    this.#byDefinition.set(kind, cache);
    return cache;
  }

  /** Keys present under a prefix that holds no kind, without the prefix; may lag behind the store. */
  reserved(prefix: string): ReadonlySet<string> {
    return this.#reserved.get(prefix) ?? new Set();
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
    if (!(await this.#caughtUp(revision))) {
      throw StatusError.unavailable(`the watch cache is at revision ${this.#revision} and cannot reach the store's ${revision}`);
    }
    return this.#revision;
  }

  /** Resolves once the cache is not older than `revision`. @throws StatusError 504 when that takes too long. */
  async reach(revision: number): Promise<void> {
    if (!(await this.#caughtUp(revision))) throw tooLargeVersion(revision, this.#revision);
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

  #caughtUp(revision: number): Promise<boolean> {
    if (this.#revision >= revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(catchUpTimeoutMs, () => {
        this.#waiters.delete(waiter);
        resolve(false);
      });
      const waiter: Waiter = {
        revision,
        resolve: () => {
          timer.cancel();
          resolve(true);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  #advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    for (const waiter of this.#waiters) {
      if (waiter.revision > this.#revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  async #run(): Promise<void> {
    let backoffMs = backoffMsMin;
    while (!this.#stopping.signal.aborted) {
      const before = this.#revision;
      try {
        await this.#follow();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#options.logger.warn('the store watch broke, resuming', { error, revision: this.#revision });
        if (error instanceof CompactedError) await this.#reload();
      }
      backoffMs = this.#revision > before ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax);
      await this.#pause(backoffMs);
    }
  }

  async #follow(): Promise<void> {
    const watch = this.#options.store.watch({ ...everything, fromRevision: this.#revision + 1 });
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
      if (!split || event.kv.modRevision <= this.#revision) continue;
      const kind = this.#kinds.get(split.prefix);
      if (kind) kind.apply(event, split.rest);
      else if (event.type === 'put') this.#reserve(split.prefix, split.rest);
      else this.#reserved.get(split.prefix)?.delete(split.rest);
    }
    this.#advance(batch.revision);
  }

  #reserve(prefix: string, rest: string): void {
    const keys = this.#reserved.get(prefix);
    if (keys) keys.add(rest);
    else this.#reserved.set(prefix, new Set([rest]));
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
    let start = everything.start;
    let revision: number | undefined;
    for (let more = true; more; ) {
      const page = await this.#options.store.range({ start, end: everything.end, limit: pageSize, revision });
      revision ??= page.revision;
      for (const kv of page.kvs) this.#sort(byPrefix, kv);
      const last = page.kvs.at(-1);
      more = page.more && last !== undefined;
      if (last) start = `${last.key}\0`;
    }
    this.#reserved.clear();
    for (const [prefix, cache] of this.#kinds) cache.reset(byPrefix.get(prefix) ?? [], revision ?? 0);
    for (const [prefix, kvs] of byPrefix) {
      if (!this.#kinds.has(prefix)) this.#reserved.set(prefix, new Set(kvs.map((kv) => kv.key.slice(prefix.length))));
    }
    this.#advance(revision ?? 0);
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
      for (const cache of this.#kinds.values()) cache.sendBookmarks(this.#revision);
      this.#scheduleBookmarks();
    });
  }
}
