// The Store in memory, for tests and simulations: no I/O, and no time but the clock's.
import type { Clock, Timer } from '@berth/telemetry';
import { systemClock } from '@berth/telemetry';
import {
  CompactedError,
  type KeyValue,
  LeaseNotFoundError,
  type RangeOptions,
  type RangeResult,
  type RevisionMark,
  type Store,
  StoreUnavailableError,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchBatch,
  type WatchOptions,
} from '../store.ts';
import { WatchQueue, watchEventsMax } from '../watch-queue.ts';
import { VersionMap } from './version-map.ts';

export interface MemoryStoreOptions {
  clock?: Clock;
  /** History kept; older revisions are compacted away. */
  revisionsKept?: number;
  /** Events that may wait for one watch's reader before it is given up. */
  watchEventsMax?: number;
}

interface Lease {
  ttlSeconds: number;
  timer: Timer;
}

export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #revisionsKept: number;
  readonly #watchEventsMax: number;
  readonly #map = new VersionMap();
  readonly #watches = new Map<WatchQueue, WatchOptions>();
  readonly #leases = new Map<string, Lease>();
  #nextLease = 1;
  #closed = false;

  constructor({ clock = systemClock, revisionsKept = 100_000, watchEventsMax: eventsMax = watchEventsMax }: MemoryStoreOptions = {}) {
    this.#clock = clock;
    this.#watchEventsMax = eventsMax;
    this.#revisionsKept = revisionsKept;
  }

  async get(key: string, revision?: number): Promise<{ revision: number; kv: KeyValue | undefined }> {
    this.#checkOpen();
    return { revision: revision ?? this.#map.revision, kv: this.#map.at(key, revision) };
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    this.#checkOpen();
    return this.#map.range(options);
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    this.#checkOpen();
    for (const write of transaction.writes) {
      if (write.type === 'put' && write.lease && !this.#leases.has(write.lease)) throw new LeaseNotFoundError(write.lease);
    }
    const { result, batch } = this.#map.transact(transaction, this.#clock.now());
    if (batch) this.#dispatch(batch);
    return result;
  }

  watch(options: WatchOptions): Watch {
    const queue: WatchQueue = new WatchQueue(() => this.#watches.delete(queue), this.#watchEventsMax);
    try {
      this.#checkOpen();
      const from = options.fromRevision ?? this.#map.revision + 1;
      for (const batch of this.#map.since(from)) deliver(queue, options, batch);
      this.#watches.set(queue, options);
      queue.established();
    } catch (error) {
      if (!(error instanceof CompactedError || error instanceof StoreUnavailableError)) throw error;
      queue.fail(error);
    }
    return queue;
  }

  /** All that is kept has its time. */
  async marks(): Promise<RevisionMark[]> {
    return [];
  }

  /** Memory that runs out ends the process. */
  fullness(): undefined {}

  async revision(): Promise<number> {
    this.#checkOpen();
    return this.#map.revision;
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    this.#checkOpen();
    const lease = String(this.#nextLease++);
    this.#leases.set(lease, { ttlSeconds, timer: this.#expireAfter(lease, ttlSeconds) });
    return lease;
  }

  async keepLeaseAlive(lease: string): Promise<void> {
    const known = this.#leases.get(lease);
    if (!known) throw new LeaseNotFoundError(lease);
    known.timer.cancel();
    known.timer = this.#expireAfter(lease, known.ttlSeconds);
  }

  async revokeLease(lease: string): Promise<void> {
    const known = this.#leases.get(lease);
    if (!known) throw new LeaseNotFoundError(lease);
    known.timer.cancel();
    this.#expire(lease);
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    this.#map.compact(revision);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of [...this.#watches.keys()]) watch.close();
    for (const { timer } of this.#leases.values()) timer.cancel();
  }

  #dispatch(batch: WatchBatch): void {
    for (const [queue, options] of [...this.#watches]) deliver(queue, options, batch);
    const excess = this.#map.revision - this.#map.compactRevision - this.#revisionsKept;
    // In strides, so that each write does not pay for a compaction.
    if (excess > this.#revisionsKept / 10) this.#map.compact(this.#map.compactRevision + excess);
  }

  #expireAfter(lease: string, ttlSeconds: number): Timer {
    return this.#clock.after(ttlSeconds * 1000, () => this.#expire(lease));
  }

  #expire(lease: string): void {
    this.#leases.delete(lease);
    const held = this.#map.range({ start: '', end: '\uffff' }).kvs.filter((kv) => kv.lease === lease);
    if (held.length === 0) return;
    const { batch } = this.#map.transact({ compare: [], writes: held.map((kv) => ({ type: 'delete', key: kv.key })) }, this.#clock.now());
    if (batch) this.#dispatch(batch);
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('the store is closed');
  }
}

function deliver(queue: WatchQueue, { start, end, fromRevision }: WatchOptions, batch: WatchBatch): void {
  if (fromRevision !== undefined && batch.revision < fromRevision) return;
  const events = batch.events.filter((event) => event.kv.key >= start && event.kv.key < end);
  // An empty batch still says how far this watch has seen.
  queue.push({ revision: batch.revision, events });
}
