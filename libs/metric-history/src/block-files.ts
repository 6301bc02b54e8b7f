// The blocks on disk: written whole or not at all, found again at the start, read where a query needs them, and removed, oldest first,
// when they are too old or all of them too large.
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '@berth/telemetry';
import { DamagedBlock, decodeHead } from './block.ts';
import type { Series, SeriesTable } from './series-table.ts';

/** What is done to files; tests put a full disk in its place. */
export interface Files {
  write(path: string, bytes: Uint8Array): Promise<void>;
  append(path: string, bytes: Uint8Array): Promise<void>;
}

export const realFiles: Files = {
  write: (path, bytes) => writeFile(path, bytes),
  append: (path, bytes) => writeFile(path, bytes, { flag: 'a' }),
};

export interface Block {
  path: string;
  bytes: number;
  timesMs: readonly number[];
  series: readonly Series[];
  offsets: Uint32Array;
}

export const firstMs = ({ timesMs }: Block) => timesMs[0] ?? 0;
export const lastMs = ({ timesMs }: Block) => timesMs.at(-1) ?? 0;

const ending = '.block';
/** A few milliseconds of them. */
const seriesOfTurn = 1000;
const unfinished = '.part';

export class BlockFiles {
  readonly #directory: string;
  readonly #files: Files;
  readonly #table: SeriesTable;
  readonly #logger: Logger;
  #blocks: Block[] = [];

  constructor(directory: string, files: Files, table: SeriesTable, logger: Logger) {
    this.#directory = directory;
    this.#files = files;
    this.#table = table;
    this.#logger = logger;
  }

  /** Oldest first. */
  get all(): readonly Block[] {
    return this.#blocks;
  }

  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** What an earlier process left. */
  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(this.#directory)).sort()) {
      const path = join(this.#directory, name);
      if (name.endsWith(unfinished)) await rm(path, { force: true });
      if (!name.endsWith(ending)) continue;
      try {
        await this.#take(path, await readFile(path));
      } catch (error) {
        if (!(error instanceof DamagedBlock)) throw error;
        this.#logger.warn('a block of the history of metrics is damaged and removed', { path, error });
        await rm(path, { force: true });
      }
    }
    this.#blocks.sort((a, b) => firstMs(a) - firstMs(b));
  }

  /** @throws what writing files throws; then nothing of it is left */
  async add(startMs: number, bytes: Uint8Array): Promise<void> {
    const path = join(this.#directory, `${String(startMs).padStart(15, '0')}${ending}`);
    try {
      await this.#files.write(`${path}${unfinished}`, bytes);
      await rename(`${path}${unfinished}`, path);
    } catch (error) {
      await rm(`${path}${unfinished}`, { force: true });
      throw error;
    }
    await this.#take(path, bytes);
  }

  /** Removes the oldest ones until the rest is younger and fits. */
  async keep(oldestMs: number, bytesMax: number): Promise<void> {
    while (this.#blocks[0] && (lastMs(this.#blocks[0]) < oldestMs || this.bytes > bytesMax)) await this.#remove(this.#blocks[0]);
  }

  /** Removes what is from this time on, which a clock that was wrong has left. */
  async forgetFrom(atMs: number): Promise<void> {
    for (const block of this.#blocks.filter((one) => lastMs(one) >= atMs)) await this.#remove(block);
  }

  /** Bytes of a file; undefined when the block was removed meanwhile. */
  async read({ path }: Block, from: number, to: number): Promise<Uint8Array | undefined> {
    try {
      await using file = await open(path);
      const bytes = new Uint8Array(to - from);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
      return bytesRead === bytes.length ? bytes : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #take(path: string, bytes: Uint8Array): Promise<void> {
    const { timesMs, keys, offsets } = await decodeHead(bytes, nextTurn);
    const series: Series[] = [];
    const starts: number[] = [];
    for (const [index, key] of keys.entries()) {
      const known = this.#table.ofKey(key);
      // Past the limit: it is in the file, and nobody can ask for it.
      if (!known) continue;
      known.holders++;
      series.push(known);
      starts.push(offsets[index] ?? 0);
      if (index % seriesOfTurn === seriesOfTurn - 1) await nextTurn();
    }
    const end = (await stat(path)).size;
    this.#blocks.push({ path, bytes: end, timesMs, series, offsets: Uint32Array.from([...starts, end]) });
  }

  async #remove(block: Block): Promise<void> {
    this.#blocks = this.#blocks.filter((other) => other !== block);
    for (const series of block.series) this.#table.release(series);
    await rm(block.path, { force: true });
  }
}
