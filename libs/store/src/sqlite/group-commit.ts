// Group commit: operations asked for in one turn of the event loop, and while the disk was synced, share one SQLite transaction
// and one sync. Until the sync is done nobody sees what they wrote, and no other transaction begins. When COMMIT fails, all of
// them are rejected.
import type { DatabaseSync } from 'node:sqlite';
import { LeaseNotFoundError, StoreFullError, StoreUnavailableError } from '../store.ts';
import type { Batch } from './batch.ts';

/** Operations in one SQLite transaction; the event loop gets a turn between two of them. */
const batchMax = 500;
/** Operations that may wait; beyond it the store says that it is overloaded. */
const waitingMax = 100_000;

interface Waiting {
  /** Runs the operation and returns how to answer it once committed. */
  apply(batch: Batch): () => void;
  reject(error: unknown): void;
}

export interface GroupCommitOptions {
  database: DatabaseSync;
  file: string;
  begin(): Batch;
  /** Called when a commit failed for want of space. */
  outOfSpace(): void;
  /** Brings what is committed to the disk. */
  sync(): Promise<void>;
  /** After COMMIT and sync, before the operations are answered. */
  committed(batch: Batch): void;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  #broken: StoreUnavailableError | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  run<T>(operation: (batch: Batch) => T): Promise<T> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (this.#waiting.length >= waitingMax) {
      return Promise.reject(new StoreUnavailableError(`${waitingMax} writes are waiting already; write more slowly`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        apply: (batch) => {
          const result = operation(batch);
          return () => resolve(result);
        },
        reject,
      });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when all that waits is answered. */
  async flush(): Promise<void> {
    await this.#working;
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.#commit(this.#waiting.splice(0, batchMax));
    }
    this.#working = undefined;
  }

  async #commit(group: Waiting[]): Promise<void> {
    const answers: (() => void)[] = [];
    let batch: Batch;
    try {
      this.#options.database.exec('begin immediate');
      batch = this.#options.begin();
      for (const waiting of group) answers.push(this.#apply(waiting, batch));
      this.#options.database.exec('commit');
    } catch (error) {
      this.#rollBack(group, error);
      return;
    }
    try {
      if (batch.hasChanges) await this.#options.sync();
    } catch (error) {
      this.#break(group, error);
      return;
    }
    batch.publish();
    this.#options.committed(batch);
    for (const answer of answers) answer();
  }

  /** An operation's own refusal, before it wrote anything, is its answer; any other error fails the whole group. */
  #apply(waiting: Waiting, batch: Batch): () => void {
    try {
      return waiting.apply(batch);
    } catch (error) {
      if (!(error instanceof LeaseNotFoundError || error instanceof RangeError)) throw error;
      return () => waiting.reject(error);
    }
  }

  #rollBack(group: Waiting[], cause: unknown): void {
    const { database, file } = this.#options;
    const problems = [cause];
    try {
      if (database.isOpen && database.isTransaction) database.exec('rollback');
    } catch (error) {
      problems.push(error);
    }
    const said = problems.map((problem) => (problem instanceof Error ? problem.message : String(problem))).join('; ');
    const isFull = /full|no space/i.test(said);
    if (isFull) this.#options.outOfSpace();
    const remedy = isFull ? 'free space on its disk, or raise the limit on its size' : 'check its disk';
    const failure = isFull
      ? new StoreFullError(`${file} cannot be written (${said}); ${remedy}`)
      : new StoreUnavailableError(`${file} cannot be written (${said}); ${remedy}`, { cause });
    for (const waiting of group) waiting.reject(failure);
  }

  /** What a failed sync left on the disk shows only when the file is read again, and a second sync would not report it. */
  #break(group: Waiting[], cause: unknown): void {
    const said = cause instanceof Error ? cause.message : String(cause);
    this.#broken = new StoreUnavailableError(`${this.#options.file} could not be synced (${said}); check its disk, and restart`, { cause });
    for (const waiting of [...group, ...this.#waiting.splice(0)]) waiting.reject(this.#broken);
  }
}
