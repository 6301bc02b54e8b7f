// A multi-version key space in memory: every key's values by revision, sorted keys for ranges, events for replay.
// Synchronous and without I/O: the memory driver's whole state.
import { boundedAuthor } from '../origin.ts';
import {
  CompactedError,
  FutureRevisionError,
  type KeyValue,
  type Origin,
  type RangeOptions,
  type RangeResult,
  type StoreEvent,
  type Transaction,
  type TransactionResult,
  type WatchBatch,
} from '../store.ts';

interface Version {
  kv: KeyValue;
  deleted: boolean;
}

export class VersionMap {
  readonly #versions = new Map<string, Version[]>();
  /** Sorted; holds every key that has any version left. */
  readonly #keys: string[] = [];
  /** One entry a revision, from `#compacted + 1` on. */
  #log: WatchBatch[] = [];
  #revision: number;
  #compacted = 0;

  constructor(firstRevision = 1) {
    this.#revision = firstRevision;
  }

  get revision(): number {
    return this.#revision;
  }

  get compactRevision(): number {
    return this.#compacted;
  }

  at(key: string, revision?: number): KeyValue | undefined {
    if (revision !== undefined) this.#checkReadable(revision);
    const versions = this.#versions.get(key);
    if (!versions) return undefined;
    const found = revision === undefined ? versions.at(-1) : versions.findLast((v) => v.kv.modRevision <= revision);
    return found && !found.deleted ? found.kv : undefined;
  }

  range({ start, end, limit = 0, revision, countOnly }: RangeOptions): RangeResult {
    if (revision !== undefined) this.#checkReadable(revision);
    const kvs: KeyValue[] = [];
    let count = 0;
    for (let i = lowerBound(this.#keys, start); i < this.#keys.length; i++) {
      const key = this.#keys[i];
      if (key === undefined || key >= end) break;
      const kv = this.at(key, revision);
      if (!kv) continue;
      count++;
      if (!countOnly && (limit === 0 || kvs.length < limit)) kvs.push(kv);
    }
    return { revision: revision ?? this.#revision, kvs, more: !countOnly && count > kvs.length, count };
  }

  /** @param nowMs when it is written */
  transact(transaction: Transaction, nowMs: number): { result: TransactionResult; batch?: WatchBatch } {
    const holds = transaction.compare.every((c) => {
      const kv = this.at(c.key);
      return c.target === 'mod' ? (kv?.modRevision ?? 0) === c.revision : (kv?.version ?? 0) === c.version;
    });
    if (!holds)
      return { result: { succeeded: false, revision: this.#revision, current: (transaction.onFailure ?? []).map((key) => this.at(key)) } };
    const effective = transaction.writes.filter((write) => write.type === 'put' || this.at(write.key) !== undefined);
    if (effective.length === 0) return { result: { succeeded: true, revision: this.#revision } };
    this.#revision++;
    const { author } = transaction;
    const origin: Origin = { atMs: nowMs, ...(author !== undefined && { author: boundedAuthor(author) }) };
    const events = effective.map((write) => ({ ...(write.type === 'put' ? this.#put(write) : this.#delete(write.key)), origin }));
    const batch = { revision: this.#revision, events };
    this.#log.push(batch);
    return { result: { succeeded: true, revision: this.#revision }, batch };
  }

  /** Batches from `revision` on. @throws CompactedError */
  since(revision: number): WatchBatch[] {
    if (revision <= this.#compacted) throw new CompactedError(revision, this.#compacted);
    let first = 0;
    for (let last = this.#log.length; first < last; ) {
      const middle = (first + last) >> 1;
      if ((this.#log[middle]?.revision ?? 0) < revision) first = middle + 1;
      else last = middle;
    }
    return this.#log.slice(first);
  }

  compact(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision <= this.#compacted) return;
    this.#compacted = revision;
    const touched = new Set<string>();
    for (const batch of this.#log) {
      if (batch.revision > revision) break;
      for (const event of batch.events) touched.add(event.kv.key);
    }
    this.#log = this.#log.filter((batch) => batch.revision > revision);
    for (const key of touched) this.#compactKey(key, revision);
  }

  #compactKey(key: string, revision: number): void {
    const versions = this.#versions.get(key) ?? [];
    const newestKept = versions.findLastIndex((v) => v.kv.modRevision <= revision);
    const from = newestKept >= 0 && versions[newestKept]?.deleted ? newestKept + 1 : Math.max(newestKept, 0);
    const kept = versions.slice(from);
    if (kept.length > 0) this.#versions.set(key, kept);
    else {
      this.#versions.delete(key);
      this.#keys.splice(lowerBound(this.#keys, key), 1);
    }
  }

  #put({ key, value, lease }: { key: string; value: Uint8Array; lease?: string }): StoreEvent {
    const previous = this.at(key);
    const kv: KeyValue = {
      key,
      value,
      createRevision: previous?.createRevision ?? this.#revision,
      modRevision: this.#revision,
      version: (previous?.version ?? 0) + 1,
      ...(lease && { lease }),
    };
    this.#push(key, { kv, deleted: false });
    return { type: 'put', kv, ...(previous && { previous }) };
  }

  #delete(key: string): StoreEvent {
    const previous = this.at(key);
    const kv: KeyValue = { key, value: new Uint8Array(), createRevision: 0, modRevision: this.#revision, version: 0 };
    this.#push(key, { kv, deleted: true });
    return { type: 'delete', kv, ...(previous && { previous }) };
  }

  #push(key: string, version: Version): void {
    const versions = this.#versions.get(key);
    if (versions) versions.push(version);
    else {
      this.#versions.set(key, [version]);
      this.#keys.splice(lowerBound(this.#keys, key), 0, key);
    }
  }

  #checkReadable(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision <= this.#compacted) throw new CompactedError(revision, this.#compacted);
  }
}

/** The first index whose key is not below `key`. */
function lowerBound(keys: string[], key: string): number {
  let low = 0;
  for (let high = keys.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
