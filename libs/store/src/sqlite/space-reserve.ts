// Keeps space on the disk for deletions. Blocks are allocated beyond the end of the database file and of its log (fallocate with
// FALLOC_FL_KEEP_SIZE), which nobody else on the disk can take. Once the disk is full, so is the store: it refuses writes but those that
// free space, which use what was kept, and takes all of them again as soon as there is space and the reserve is whole.
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Clock, Logger, Timer } from '@berth/telemetry';

const run = promisify(execFile);

/** What is kept for deletions, in bytes. */
const reserveBytes = 8 * 2 ** 20;
/** What is allocated at a time, so that it happens seldom. */
const stepBytes = 2 * reserveBytes;
/** SQLite begins its log anew every 4 MiB; the largest transaction comes on top. */
const logBytes = 8 * 2 ** 20;
/** A disk with less than this, in bytes, is full. */
const freeBytesMin = 2 ** 20;
/** No event says that a disk is full, or has space again: it is looked at so often, while there are writes or it is full. */
const lookMs = 1_000;
const allocateTimeoutMs = 10_000;
const noSpace = 'No space left on device';

export interface SpaceReserveOptions {
  /** The database; its log has the same name with -wal. */
  file: string;
  clock: Clock;
  logger: Logger;
}

export class SpaceReserve {
  readonly #options: SpaceReserveOptions;
  #size = 0;
  /** Up to where the database file has blocks. */
  #reservedTo = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #retry: Timer | undefined;
  #full: string | undefined;
  #closed = false;

  constructor(options: SpaceReserveOptions) {
    this.#options = options;
  }

  /** Why writes are refused that free no space; undefined when they are taken. */
  get full(): string | undefined {
    this.#lookNowAndThen();
    return this.#full;
  }

  /** To be called after each commit. @param size of the database, in bytes */
  grown(size: number): void {
    this.#size = size;
    if (this.#isLow) this.#look();
  }

  /** A commit failed for want of space, on the disk or within the limit on the file: which of them shows when more is allocated. */
  exhausted(): void {
    this.#reservedTo = 0;
    this.#look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#looking;
  }

  get #isLow(): boolean {
    return this.#reservedTo - this.#size < reserveBytes;
  }

  #lookNowAndThen(): void {
    if (this.#options.clock.monotonicMs() - this.#lookedAtMs >= lookMs) this.#look();
  }

  #look(): void {
    if (this.#looking || this.#retry || this.#closed) return;
    this.#lookedAtMs = this.#options.clock.monotonicMs();
    this.#looking = this.#refill().finally(() => {
      this.#looking = undefined;
    });
  }

  /** Never rejects. */
  async #refill(): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(this.#options.file);
      if (bavail * bsize < freeBytesMin) throw new Error(noSpace);
      if (this.#isLow) await this.#fallocate();
      this.#becomeWritable();
    } catch (error) {
      if (!isFull(error)) return this.#giveUp(error);
      this.#becomeFull();
    }
    if (this.#full === undefined || this.#closed) return;
    this.#retry = this.#options.clock.after(lookMs, () => {
      this.#retry = undefined;
      this.#look();
    });
  }

  async #fallocate(): Promise<void> {
    const { file } = this.#options;
    const from = Math.max(this.#size, statSync(file).size);
    await allocate(`${file}-wal`, 0, logBytes);
    await allocate(file, from, stepBytes);
    this.#reservedTo = from + stepBytes;
  }

  /** Deletions then use what space there is. */
  #giveUp(error: unknown): void {
    const { logger, file } = this.#options;
    this.#reservedTo = Number.POSITIVE_INFINITY;
    logger.warn('no space can be kept for deletions: the file system of the store, or fallocate, does not allocate ahead', { file, error });
  }

  #becomeFull(): void {
    if (this.#full !== undefined) return;
    this.#full = `the disk of ${this.#options.file} is full: free space on it, or delete objects, which goes on`;
    this.#options.logger.error('the disk is full: writes are refused, reads and deletions go on', { file: this.#options.file });
  }

  #becomeWritable(): void {
    if (this.#full === undefined) return;
    this.#full = undefined;
    this.#options.logger.info('the disk has space again: writes go on', { file: this.#options.file });
  }
}

async function allocate(file: string, offset: number, length: number): Promise<void> {
  const args = ['--keep-size', '--offset', String(offset), '--length', String(length), file];
  await run('fallocate', args, { timeout: allocateTimeoutMs, env: { ...process.env, LC_ALL: 'C' } });
}

function isFull(error: unknown): boolean {
  return new RegExp(`${noSpace}|Disk quota exceeded`).test(error instanceof Error ? error.message : '');
}
