// A store that was restored from a backup: its driver counts revisions from the beginning again, but clients remember those of the store
// that was lost, also of writes after the backup. So a constant is added to every revision, beyond any that a client may have seen: what
// they remember is the compacted past, which they list anew. The constant is in the store itself, for every process that shares it.
import {
  CompactedError,
  FutureRevisionError,
  type KeyValue,
  type RangeOptions,
  type RangeResult,
  type RevisionMark,
  type Store,
  type StoreEvent,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchBatch,
  type WatchOptions,
} from './store.ts';
import { WatchQueue } from './watch-queue.ts';

/** Of the driver's own: no object lies below it, and a backup leaves it out. */
export const baseKey = '/restore/base';

/** @returns the store itself where it was never restored @throws Error when the constant is garbage */
export async function rebased(store: Store): Promise<Store> {
  const { kv } = await store.get(baseKey);
  if (!kv) return store;
  const base = Number(Buffer.from(kv.value).toString());
  if (!Number.isSafeInteger(base) || base <= 0) throw new Error(`the store's key ${baseKey} holds no revision: restore the backup again`);
  return new RebasedStore(store, base);
}

/** To be written into an empty store before anything else. */
export function baseOf(revision: number): Transaction {
  const value = new Uint8Array(Buffer.from(String(revision)));
  return { compare: [{ key: baseKey, target: 'version', version: 0 }], writes: [{ type: 'put', key: baseKey, value }] };
}

export class RebasedStore implements Store {
  readonly #store: Store;
  readonly #base: number;

  constructor(store: Store, base: number) {
    this.#store = store;
    this.#base = base;
  }

  async get(key: string, revision?: number): Promise<{ revision: number; kv: KeyValue | undefined }> {
    const found = await this.#reading(revision, (at) => this.#store.get(key, at));
    return { revision: this.#out(found.revision), kv: found.kv && this.#keyValue(found.kv) };
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    const { revision } = options;
    const result = await this.#reading(revision, (at) => this.#store.range({ ...options, ...(at !== undefined && { revision: at }) }));
    return { ...result, revision: this.#out(result.revision), kvs: result.kvs.map((kv) => this.#keyValue(kv)) };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    // A revision of before the restore is one that no key has had since.
    const compare = transaction.compare.map((one) =>
      one.target === 'mod' && one.revision !== 0 ? { ...one, revision: Math.max(one.revision - this.#base, -1) } : one,
    );
    const stale = compare.find((one) => one.target === 'mod' && one.revision < 0);
    if (stale) return this.#refused(transaction);
    const result = await this.#store.transact({ ...transaction, compare });
    const revision = this.#out(result.revision);
    return result.succeeded
      ? { ...result, revision }
      : { ...result, revision, current: result.current.map((kv) => kv && this.#keyValue(kv)) };
  }

  watch(options: WatchOptions): Watch {
    const { fromRevision } = options;
    if (fromRevision === undefined) return this.#watchOf(this.#store.watch(options));
    if (fromRevision > this.#base) return this.#watchOf(this.#store.watch({ ...options, fromRevision: fromRevision - this.#base }));
    const failed = new WatchQueue(() => undefined);
    failed.fail(new CompactedError(fromRevision, this.#base));
    return failed;
  }

  fullness(): string | undefined {
    return this.#store.fullness();
  }

  async revision(): Promise<number> {
    return this.#out(await this.#store.revision());
  }

  async marks(): Promise<RevisionMark[]> {
    return (await this.#store.marks()).map(({ atMs, revision }) => ({ atMs, revision: this.#out(revision) }));
  }

  grantLease(ttlSeconds: number): Promise<string> {
    return this.#store.grantLease(ttlSeconds);
  }

  keepLeaseAlive(lease: string): Promise<void> {
    return this.#store.keepLeaseAlive(lease);
  }

  revokeLease(lease: string): Promise<void> {
    return this.#store.revokeLease(lease);
  }

  async compact(revision: number): Promise<void> {
    if (revision > this.#base) await this.#reading(revision, (at = 0) => this.#store.compact(at));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Nothing can be written on the ground of what the lost store held; the keys are read as a failed comparison would. */
  async #refused({ onFailure = [] }: Transaction): Promise<TransactionResult> {
    const current = await Promise.all(onFailure.map(async (key) => (await this.get(key)).kv));
    return { succeeded: false, revision: await this.revision(), current };
  }

  async #reading<T>(revision: number | undefined, read: (at: number | undefined) => Promise<T>): Promise<T> {
    if (revision !== undefined && revision <= this.#base) throw new CompactedError(revision, this.#base);
    try {
      return await read(revision === undefined ? undefined : revision - this.#base);
    } catch (error) {
      throw this.#error(error, revision);
    }
  }

  #watchOf(inner: Watch): Watch {
    const batch = (given: WatchBatch): WatchBatch => ({
      revision: this.#out(given.revision),
      events: given.events.map((event) => this.#event(event)),
    });
    const error = (cause: unknown) => this.#error(cause, undefined);
    return {
      ready: inner.ready,
      close: () => inner.close(),
      async *[Symbol.asyncIterator]() {
        try {
          for await (const given of inner) yield batch(given);
        } catch (cause) {
          throw error(cause);
        }
      },
    };
  }

  #error(error: unknown, requested: number | undefined): unknown {
    if (error instanceof CompactedError) {
      const oldest = this.#out(error.compactRevision);
      return new CompactedError(requested ?? oldest, oldest);
    }
    return error instanceof FutureRevisionError ? new FutureRevisionError(requested ?? 0, this.#out(error.current)) : error;
  }

  #event(event: StoreEvent): StoreEvent {
    return { ...event, kv: this.#keyValue(event.kv), ...(event.previous && { previous: this.#keyValue(event.previous) }) };
  }

  #keyValue(kv: KeyValue): KeyValue {
    return {
      ...kv,
      createRevision: kv.createRevision && this.#out(kv.createRevision),
      modRevision: kv.modRevision && this.#out(kv.modRevision),
    };
  }

  #out(revision: number): number {
    return revision + this.#base;
  }
}
