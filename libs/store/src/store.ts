// The Store port: a multi-version key space with one global revision, shaped like etcd's (etcd.io/docs, "KV API guarantees").
// What must hold for every driver: every committed transaction that writes has a revision of its own, higher than all before
// it (not necessarily by one); an acknowledged write is durable; a watch delivers every event after its start revision once, in order; reads are linearizable unless at a revision.

export interface KeyValue {
  /** Begins with '/'. */
  key: string;
  value: Uint8Array;
  /** Of the key's creation, or of the first transaction that was committed together with it; the same through all versions. */
  createRevision: number;
  modRevision: number;
  /** Counts writes since the key was created; 1 at creation. */
  version: number;
  lease?: string;
}

/** `revision` must be one that this key has had, or 0: drivers need not tell others apart from those next to them. */
export type Compare =
  | { key: string; target: 'mod'; revision: number }
  /** A key that does not exist has version 0. */
  | { key: string; target: 'version'; version: number };

export type Write = { type: 'put'; key: string; value: Uint8Array; lease?: string } | { type: 'delete'; key: string };

export interface Transaction {
  /** All must hold for `writes` to be applied. Keys in `writes` are distinct. */
  compare: Compare[];
  writes: Write[];
  /** Keys to read in the same transaction when a comparison fails. */
  onFailure?: string[];
  /** It deletes something, or is a step on the way there: a full store takes it all the same. */
  freesSpace?: boolean;
  /** Who writes it, in words of whoever calls: kept beside each write for those who read the past. At most `authorBytesMax` are kept. */
  author?: string;
}

/** Of an author, in UTF-8. */
export const authorBytesMax = 1_024;

/** When something was written, by the clock of the process that wrote it, and by whom, where that was said. */
export interface Origin {
  atMs: number;
  author?: string;
}

/** When a revision was the newest. */
export interface RevisionMark {
  atMs: number;
  revision: number;
}

export type TransactionResult =
  | { succeeded: true; revision: number }
  | { succeeded: false; revision: number; current: (KeyValue | undefined)[] };

export interface RangeOptions {
  /** First key, inclusive. */
  start: string;
  /** Past the last key, exclusive; see `prefixEnd`. */
  end: string;
  /** Keys at most; 0 or absent is no limit. */
  limit?: number;
  /** Reads the past; absent reads the present. */
  revision?: number;
  countOnly?: boolean;
}

export interface RangeResult {
  /** The revision that was read. */
  revision: number;
  kvs: KeyValue[];
  more: boolean;
  /** Keys in the range, whatever the limit. */
  count: number;
}

export interface StoreEvent {
  type: 'put' | 'delete';
  /** For a delete: the key, with the deletion's modRevision and an empty value. */
  kv: KeyValue;
  /** The value before, where it is still known; always for deletes in drivers that keep it. */
  previous?: KeyValue;
  /** Of watches that ask for it; absent for what a build before wrote, and for what ended with its lease. */
  origin?: Origin;
}

/** All events of one or more whole revisions, in order; `revision` is the newest that this watch has now seen. */
export interface WatchBatch {
  revision: number;
  events: StoreEvent[];
}

export interface WatchOptions {
  start: string;
  end: string;
  /** The first revision to deliver; absent starts after the present one. */
  fromRevision?: number;
  /** Whether events say when and by whom they were written. */
  withOrigins?: boolean;
}

/**
 * Iterates batches until closed. Ends by throwing CompactedError when its start was compacted away and
 * SlowWatcherError when its buffer (see the driver's limit) was full. `ready` resolves when the watch is established.
 */
export interface Watch extends AsyncIterable<WatchBatch> {
  readonly ready: Promise<void>;
  close(): void;
}

export interface Store {
  get(key: string, revision?: number): Promise<{ revision: number; kv: KeyValue | undefined }>;
  range(options: RangeOptions): Promise<RangeResult>;
  transact(transaction: Transaction): Promise<TransactionResult>;
  watch(options: WatchOptions): Watch;
  /** The newest revision. */
  revision(): Promise<number>;
  /** What was noted every few minutes of those in which something was written, as far back as the past is kept whole; oldest first. */
  marks(): Promise<RevisionMark[]>;
  /** Why transactions that free no space are refused at present, for the operator; undefined when they are taken. */
  fullness(): string | undefined;
  grantLease(ttlSeconds: number): Promise<string>;
  /** @throws LeaseNotFoundError when it has expired. */
  keepLeaseAlive(lease: string): Promise<void>;
  /** Deletes the lease's keys, too. */
  revokeLease(lease: string): Promise<void>;
  /** Forgets values superseded at or before `revision`; reads and watches below it throw CompactedError. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}

export class CompactedError extends Error {
  readonly compactRevision: number;

  constructor(requested: number, compactRevision: number) {
    super(`revision ${requested} has been compacted; the oldest that can be read is ${compactRevision + 1}`);
    this.name = 'CompactedError';
    this.compactRevision = compactRevision;
  }
}

export class FutureRevisionError extends Error {
  readonly current: number;

  constructor(requested: number, current: number) {
    super(`revision ${requested} is in the future; the newest is ${current}`);
    this.current = current;
    this.name = 'FutureRevisionError';
  }
}

export class LeaseNotFoundError extends Error {
  constructor(lease: string) {
    super(`lease ${lease} does not exist or has expired`);
    this.name = 'LeaseNotFoundError';
  }
}

export class SlowWatcherError extends Error {
  constructor(limit: number) {
    super(`the watcher fell behind by more than ${limit} events`);
    this.name = 'SlowWatcherError';
  }
}

/** Nothing was written, as there is no space for it. */
export class StoreFullError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'StoreFullError';
  }
}

/** The store cannot answer now; the write may or may not have been applied. */
export class StoreUnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}

/** The key just past every key with this prefix. @throws RangeError for an empty prefix. */
export function prefixEnd(prefix: string): string {
  if (prefix === '') throw new RangeError('an empty prefix has no end');
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
