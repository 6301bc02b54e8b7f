// The Store in one SQLite file, for a control plane on one machine. One process owns the file; its newest keys are indexed in
// memory, values and the past are read from the file, and writes are committed in groups.
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, type Logger, silentLogger } from '@berth/telemetry';
import { History, type HistoryOptions } from '../history.ts';
import {
  CompactedError,
  FutureRevisionError,
  type KeyValue,
  type RangeOptions,
  type RangeResult,
  type RevisionMark,
  type Store,
  StoreFullError,
  StoreUnavailableError,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchOptions,
} from '../store.ts';
import { push, WatchHub } from '../watch-hub.ts';
import { type WatchQueue, watchEventsMax } from '../watch-queue.ts';
import { Batch } from './batch.ts';
import { Compaction } from './compaction.ts';
import { openDatabase, sizeReader } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import { KeyIndex } from './key-index.ts';
import { type Lease, LeaseTable } from './lease-table.ts';
import { LeaseTimer } from './lease-timer.ts';
import { idOf, keyValue, LogTable, type Row, revisionOf } from './log-table.ts';
import { replayPage } from './replay.ts';
import { SpaceReserve } from './space-reserve.ts';
import { WalSync } from './wal-sync.ts';

/** Of the events that may wait for a watch's reader, the part at which a replay pauses. */
const replayAheadPart = 1 / 20;
const gibibyte = 2 ** 30;

export interface SqliteStoreOptions extends HistoryOptions {
  file: string;
  clock: Clock;
  logger?: Logger;
  /** The file's largest size; writes that need more fail until something was deleted and compacted. */
  bytesMax?: number;
  /** Events that may wait for one watch's reader before it is given up. */
  watchEventsMax?: number;
}

export class SqliteStore implements Store {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #database: DatabaseSync;
  readonly #walSync: WalSync;
  readonly #space: SpaceReserve;
  readonly #size: () => number;
  readonly #log: LogTable;
  readonly #index = new KeyIndex();
  readonly #leases = new Map<number, Lease>();
  readonly #leaseTimer: LeaseTimer;
  readonly #compaction: Compaction;
  readonly #commits: GroupCommit;
  readonly #hub: WatchHub;
  readonly #replayAheadMax: number;
  readonly #history: History;
  #revision = 1;
  #closing: Promise<void> | undefined;

  /** @throws StoreFileError when the file is another process's, of another schema, or cannot be opened */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const store = new SqliteStore(options);
    store.#history.start();
    return store;
  }

  private constructor(options: SqliteStoreOptions) {
    const { file, clock, logger = silentLogger, bytesMax = 64 * gibibyte, watchEventsMax: eventsMax = watchEventsMax } = options;
    this.#history = new History(this, clock, logger, options);
    this.#hub = new WatchHub(eventsMax);
    this.#replayAheadMax = eventsMax * replayAheadPart;
    this.#clock = clock;
    this.#logger = logger;
    this.#database = openDatabase({ file, bytesMax });
    this.#walSync = new WalSync(file);
    this.#space = new SpaceReserve({ file, clock, logger });
    this.#size = sizeReader(this.#database);
    this.#space.grown(this.#size());
    this.#log = new LogTable(this.#database);
    this.#compaction = new Compaction(this.#database, this.#log, this.#index);
    this.#revision = Math.max(1, revisionOf(this.#log.newestId()), this.#compaction.revision);
    for (const { key, ...row } of this.#log.rows()) this.#index.set(key, row);
    const leaseTable = new LeaseTable(this.#database);
    for (const lease of leaseTable.all()) this.#leases.set(lease.id, lease);
    this.#commits = new GroupCommit({
      database: this.#database,
      file,
      begin: () => {
        const parts = { log: this.#log, index: this.#index, leaseTable, leases: this.#leases };
        return new Batch({ ...parts, revision: this.#revision, atMs: clock.now() });
      },
      sync: () => this.#walSync.sync(),
      outOfSpace: () => this.#space.exhausted(),
      committed: (batch) => this.#committed(batch),
    });
    this.#leaseTimer = new LeaseTimer(clock, this.#leases, (ids) => this.#expire(ids));
    for (const lease of this.#leases.values()) this.#leaseTimer.expect(lease);
  }

  async get(key: string, revision?: number): Promise<{ revision: number; kv: KeyValue | undefined }> {
    this.#checkReadable(revision);
    const row = this.#at(key, revision);
    return { revision: revision ?? this.#revision, kv: row && keyValue(key, row, this.#log.value(row.id)) };
  }

  async range({ start, end, limit = 0, revision, countOnly }: RangeOptions): Promise<RangeResult> {
    this.#checkReadable(revision);
    const kvs: KeyValue[] = [];
    let count = 0;
    for (const key of this.#index.between(start, end)) {
      const row = this.#at(key, revision);
      if (!row) continue;
      count++;
      if (!countOnly && (limit === 0 || kvs.length < limit)) kvs.push(keyValue(key, row, this.#log.value(row.id)));
    }
    return { revision: revision ?? this.#revision, kvs, more: !countOnly && count > kvs.length, count };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    this.#checkOpen();
    const { full } = this.#space;
    if (full !== undefined && !transaction.freesSpace) throw new StoreFullError(full);
    return this.#commits.run((batch) => batch.transact(transaction));
  }

  watch(options: WatchOptions): Watch {
    const queue = this.#hub.open();
    if (this.#closing) queue.fail(closedError());
    else if (options.fromRevision === undefined || options.fromRevision > this.#revision) this.#hub.goLive(queue, options);
    else void this.#replay(queue, options, options.fromRevision).catch((error) => queue.fail(asError(error)));
    return queue;
  }

  marks(): Promise<RevisionMark[]> {
    return this.#history.marks();
  }

  fullness(): string | undefined {
    return this.#space.full;
  }

  async revision(): Promise<number> {
    this.#checkOpen();
    return this.#revision;
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    this.#checkOpen();
    const lease = await this.#commits.run((batch) => batch.grantLease(ttlSeconds, this.#clock.now()));
    this.#leaseTimer.expect(lease);
    return String(lease.id);
  }

  async keepLeaseAlive(lease: string): Promise<void> {
    this.#checkOpen();
    return this.#commits.run((batch) => batch.keepLeaseAlive(lease, this.#clock.now()));
  }

  async revokeLease(lease: string): Promise<void> {
    this.#checkOpen();
    return this.#commits.run((batch) => batch.endLease(lease));
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    await this.#compaction.run(revision);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#history.stop();
    this.#leaseTimer.stop();
    this.#compaction.stop();
    await this.#commits.flush();
    await this.#space.close();
    this.#hub.close();
    this.#walSync.close();
    this.#database.close();
  }

  #committed(batch: Batch): void {
    if (batch.events.length === 0) return;
    this.#revision = batch.revision;
    this.#space.grown(this.#size());
    this.#hub.dispatch({ revision: batch.revision, events: batch.events });
  }

  /** The key's write that was current at the revision. */
  #at(key: string, revision: number | undefined): Row | undefined {
    const newest = this.#index.get(key);
    if (!newest) return undefined;
    const isCurrent = revision === undefined || revisionOf(newest.id) <= revision;
    const row = isCurrent ? newest : this.#log.before(key, idOf(revision + 1, 0));
    return row && !row.deleted ? row : undefined;
  }

  /** Nothing can be published between the end of the last page and going live: both happen in one turn. */
  async #replay(queue: WatchQueue, options: WatchOptions, fromRevision: number): Promise<void> {
    for (let next = fromRevision; !queue.ended; ) {
      if (next <= this.#compaction.revision) throw new CompactedError(next, this.#compaction.revision);
      const page = replayPage(this.#log, options, next, this.#revision);
      push(queue, options, page);
      if (page.revision === this.#revision) return this.#hub.goLive(queue, options);
      next = page.revision + 1;
      await queue.drained(this.#replayAheadMax);
      // The event loop gets a turn between two pages, also when the reader is quick.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async #expire(ids: number[]): Promise<void> {
    try {
      await this.#commits.run((batch) => {
        for (const id of ids) if (batch.isExpired(id, this.#clock.now())) batch.endLease(String(id));
      });
    } catch (error) {
      this.#logger.warn('ending expired leases failed, trying again', { error, leases: ids.length });
      throw error;
    }
  }

  #checkReadable(revision: number | undefined): void {
    this.#checkOpen();
    if (revision === undefined) return;
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision <= this.#compaction.revision) throw new CompactedError(revision, this.#compaction.revision);
  }

  #checkOpen(): void {
    if (this.#closing) throw closedError();
  }
}

function closedError(): StoreUnavailableError {
  return new StoreUnavailableError('the store is closed');
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
