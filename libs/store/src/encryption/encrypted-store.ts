// A store whose values, for some keys, are encrypted in the store behind it and plain text on this side. Everything else
// about them (revisions, versions, order) is the inner store's.
import type {
  KeyValue,
  RangeOptions,
  RangeResult,
  RevisionMark,
  Store,
  StoreEvent,
  Transaction,
  TransactionResult,
  Watch,
  WatchBatch,
  WatchOptions,
} from '../store.ts';
import { prefixEnd } from '../store.ts';
import type { Keyring } from './keyring.ts';

const pageSize = 200;

export interface EncryptedStoreOptions {
  store: Store;
  keyring: Keyring;
  /** What begins the keys whose values are encrypted. */
  prefixes: string[];
}

export class EncryptedStore implements Store {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #prefixes: string[];

  constructor({ store, keyring, prefixes }: EncryptedStoreOptions) {
    this.#store = store;
    this.#keyring = keyring;
    this.#prefixes = prefixes;
  }

  async get(key: string, revision?: number): Promise<{ revision: number; kv: KeyValue | undefined }> {
    const found = await this.#store.get(key, revision);
    return { ...found, kv: found.kv && this.#opened(found.kv) };
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    const result = await this.#store.range(options);
    return { ...result, kvs: result.kvs.map((kv) => this.#opened(kv)) };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    if (!transaction.writes.some((write) => this.#covers(write.key)) && !transaction.onFailure?.some((key) => this.#covers(key))) {
      return this.#store.transact(transaction);
    }
    const writes = transaction.writes.map((write) =>
      write.type === 'put' && this.#covers(write.key) ? { ...write, value: this.#keyring.seal(write.key, write.value) } : write,
    );
    const result = await this.#store.transact({ ...transaction, writes });
    return result.succeeded ? result : { ...result, current: result.current.map((kv) => kv && this.#opened(kv)) };
  }

  watch(options: WatchOptions): Watch {
    const watch = this.#store.watch(options);
    const opened = (batch: WatchBatch) => this.#openedBatch(batch);
    return {
      ready: watch.ready,
      close: () => watch.close(),
      async *[Symbol.asyncIterator]() {
        for await (const batch of watch) yield opened(batch);
      },
    };
  }

  revision(): Promise<number> {
    return this.#store.revision();
  }

  marks(): Promise<RevisionMark[]> {
    return this.#store.marks();
  }

  fullness(): string | undefined {
    return this.#store.fullness();
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

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /**
   * Writes again what the newest key has not encrypted. A value that somebody else writes meanwhile is theirs: it is written
   * with the newest key anyway.
   * @returns how many were written
   */
  async rewrap(signal?: AbortSignal): Promise<number> {
    let rewritten = 0;
    for (const prefix of this.#prefixes) {
      let start = prefix;
      for (let more = true; more && !signal?.aborted; ) {
        const page = await this.#store.range({ start, end: prefixEnd(prefix), limit: pageSize });
        for (const kv of page.kvs) rewritten += (await this.#rewrapOne(kv)) ? 1 : 0;
        more = page.more && page.kvs.length > 0;
        start = `${page.kvs.at(-1)?.key}\0`;
      }
    }
    return rewritten;
  }

  async #rewrapOne({ key, value, modRevision, lease }: KeyValue): Promise<boolean> {
    if (!this.#keyring.isStale(value)) return false;
    const sealed = this.#keyring.seal(key, this.#keyring.open(key, value));
    const { succeeded } = await this.#store.transact({
      compare: [{ key, target: 'mod', revision: modRevision }],
      writes: [{ type: 'put', key, value: sealed, ...(lease && { lease }) }],
    });
    return succeeded;
  }

  #covers(key: string): boolean {
    return this.#prefixes.some((prefix) => key.startsWith(prefix));
  }

  #opened(kv: KeyValue): KeyValue {
    return this.#covers(kv.key) ? { ...kv, value: this.#keyring.open(kv.key, kv.value) } : kv;
  }

  #openedBatch(batch: WatchBatch): WatchBatch {
    if (!batch.events.some((event) => this.#covers(event.kv.key))) return batch;
    return { ...batch, events: batch.events.map((event) => this.#openedEvent(event)) };
  }

  #openedEvent(event: StoreEvent): StoreEvent {
    const { kv, previous } = event;
    return { ...event, kv: this.#opened(kv), ...(previous && { previous: this.#opened(previous) }) };
  }
}
