// What one SQLite transaction is about to change: each operation sees those before it in the batch, and memory learns of all
// of them only when the disk has them. Dropping a batch therefore undoes it.
import { boundedAuthor } from '../origin.ts';
import { type KeyValue, LeaseNotFoundError, type Origin, type StoreEvent, type Transaction, type TransactionResult } from '../store.ts';
import type { KeyIndex } from './key-index.ts';
import type { Lease, LeaseTable } from './lease-table.ts';
import { idOf, keyValue, type LogTable, type Row, revisionOf, tombstone, writesMax } from './log-table.ts';

export class Batch {
  readonly #log: LogTable;
  readonly #index: KeyIndex;
  readonly #leaseTable: LeaseTable;
  readonly #leases: Map<number, Lease>;
  readonly #rows = new Map<string, Row>();
  /** Undefined: ended in this batch. */
  readonly #changedLeases = new Map<number, Lease | undefined>();
  readonly #atMs: number;
  readonly events: StoreEvent[] = [];
  revision: number;

  constructor(parts: {
    log: LogTable;
    index: KeyIndex;
    leaseTable: LeaseTable;
    leases: Map<number, Lease>;
    revision: number;
    atMs: number;
  }) {
    this.#log = parts.log;
    this.#index = parts.index;
    this.#leaseTable = parts.leaseTable;
    this.#leases = parts.leases;
    this.revision = parts.revision;
    this.#atMs = parts.atMs;
  }

  /** @throws LeaseNotFoundError before anything is written */
  transact({ compare, writes, onFailure = [], author }: Transaction): TransactionResult {
    for (const write of writes) if (write.type === 'put' && write.lease !== undefined) this.#lease(write.lease);
    const holds = compare.every((c) => {
      const row = this.#live(c.key);
      return c.target === 'mod' ? (row ? revisionOf(row.id) : 0) === c.revision : (row?.version ?? 0) === c.version;
    });
    if (!holds) return { succeeded: false, revision: this.revision, current: onFailure.map((key) => this.#read(key)) };
    const effective = writes.filter((write) => write.type === 'put' || this.#live(write.key));
    if (effective.length === 0) return { succeeded: true, revision: this.revision };
    if (effective.length > writesMax)
      throw new RangeError(`${effective.length} writes in one transaction; at most ${writesMax} are possible`);
    this.revision++;
    const origin: Origin = author === undefined ? { atMs: this.#atMs } : { atMs: this.#atMs, author: boundedAuthor(author) };
    effective.forEach((write, place) => {
      const id = idOf(this.revision, place);
      if (write.type === 'put') this.#put(write, id, origin);
      else this.#delete(write.key, id, origin);
    });
    return { succeeded: true, revision: this.revision };
  }

  grantLease(ttlSeconds: number, nowMs: number): Lease {
    const lease = this.#leaseTable.add(ttlSeconds, nowMs + ttlSeconds * 1000);
    this.#changedLeases.set(lease.id, lease);
    return lease;
  }

  /** @throws LeaseNotFoundError */
  keepLeaseAlive(id: string, nowMs: number): void {
    const lease = this.#lease(id);
    const expiresAtMs = nowMs + lease.ttlSeconds * 1000;
    this.#leaseTable.extend(lease.id, expiresAtMs);
    this.#changedLeases.set(lease.id, { ...lease, expiresAtMs });
  }

  /** Deletes its keys with it. @throws LeaseNotFoundError */
  endLease(id: string): void {
    const lease = this.#lease(id);
    const keys = new Set(this.#index.keysOf(lease.id));
    for (const key of this.#rows.keys()) keys.add(key);
    const held = [...keys].filter((key) => this.#live(key)?.lease === lease.id);
    for (let at = 0; at < held.length; at += writesMax) {
      this.transact({ compare: [], writes: held.slice(at, at + writesMax).map((key) => ({ type: 'delete', key })) });
    }
    this.#leaseTable.delete(lease.id);
    this.#changedLeases.set(lease.id, undefined);
  }

  /** Expired as of now, also when this batch has just prolonged or ended others. */
  isExpired(id: number, nowMs: number): boolean {
    const lease = this.#changedLeases.has(id) ? this.#changedLeases.get(id) : this.#leases.get(id);
    return lease !== undefined && lease.expiresAtMs <= nowMs;
  }

  get hasChanges(): boolean {
    return this.events.length > 0 || this.#changedLeases.size > 0;
  }

  /** After COMMIT and sync. */
  publish(): void {
    for (const [key, row] of this.#rows) this.#index.set(key, row);
    for (const [id, lease] of this.#changedLeases) {
      if (lease) this.#leases.set(id, lease);
      else this.#leases.delete(id);
    }
  }

  #newest(key: string): Row | undefined {
    return this.#rows.get(key) ?? this.#index.get(key);
  }

  #live(key: string): Row | undefined {
    const row = this.#newest(key);
    return row?.deleted ? undefined : row;
  }

  #read(key: string): KeyValue | undefined {
    const row = this.#live(key);
    return row && keyValue(key, row, this.#log.value(row.id));
  }

  #put({ key, value, lease }: { key: string; value: Uint8Array; lease?: string }, id: number, origin: Origin): void {
    const previous = this.#read(key);
    const row: Row = {
      id,
      createRevision: previous?.createRevision ?? this.revision,
      version: (previous?.version ?? 0) + 1,
      lease: lease === undefined ? undefined : Number(lease),
      deleted: false,
    };
    this.#append(key, row, value, origin);
    this.events.push({ type: 'put', kv: keyValue(key, row, value), ...(previous && { previous }), origin });
  }

  #delete(key: string, id: number, origin: Origin): void {
    const previous = this.#read(key);
    const kv = tombstone(key, id);
    this.#append(key, { id, createRevision: 0, version: 0, lease: undefined, deleted: true }, kv.value, origin);
    this.events.push({ type: 'delete', kv, ...(previous && { previous }), origin });
  }

  #append(key: string, row: Row, value: Uint8Array, origin: Origin): void {
    this.#log.insert(key, row, value, origin);
    this.#rows.set(key, row);
  }

  #lease(id: string): Lease {
    const number = Number(id);
    const lease = this.#changedLeases.has(number) ? this.#changedLeases.get(number) : this.#leases.get(number);
    if (!lease) throw new LeaseNotFoundError(id);
    return lease;
  }
}
