// A day of metrics in a bounded ring: what is measured goes into memory and a journal, every half an hour of it becomes a block on disk,
// and the oldest blocks make room. A process that is killed loses nothing but the tick it was in. A disk that is full or fails ends nothing:
// there is less history then, and what is on disk gives half of its room back to others.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Labels, Matcher, Meter, Samples } from '@berth/promql';
import type { Logger } from '@berth/telemetry';
import { encodeBlock } from './block.ts';
import { BlockFiles, type Files, firstMs, lastMs, realFiles } from './block-files.ts';
import { JournalEncoder, journalTicks, type Tick } from './journal.ts';
import { gathered, type Part } from './selection.ts';
import { type Series, SeriesTable } from './series-table.ts';

export interface HistoryOptions {
  directory: string;
  logger: Logger;
  files?: Files;
  /** Of all files together. */
  bytesMax?: number;
  /** How far back. */
  keptMs?: number;
  seriesMax?: number;
  ticksOfBlock?: number;
}

const defaults = { files: realFiles, bytesMax: 64 * 2 ** 20, keptMs: 24 * 3_600_000, seriesMax: 20_000, ticksOfBlock: 60 };
/** A clock that went back farther had been wrong: then what it said lies in the future, and nothing would be recorded until it comes. */
const backwardMsMax = 60_000;

/** Ticks that are in no block yet. */
interface Head {
  timesMs: number[];
  columns: Map<Series, Float64Array>;
  journals: string[];
}

const ending = '.journal';

export class MetricHistory {
  readonly #options: Required<HistoryOptions>;
  readonly #table: SeriesTable;
  readonly #blocks: BlockFiles;
  #head: Head = newHead();
  /** On its way to the disk. */
  #sealed: Head | undefined;
  #journal = noJournal();
  /** Writes, one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #refused = 0;
  #warned = false;

  constructor(options: HistoryOptions) {
    this.#options = { ...defaults, ...options };
    this.#table = new SeriesTable(this.#options.seriesMax);
    this.#blocks = new BlockFiles(options.directory, this.#options.files, this.#table, options.logger);
  }

  get directory(): string {
    return this.#options.directory;
  }

  /** How much there is, for whoever watches it. */
  get size(): { series: number; bytes: number; blocks: number; refused: number } {
    return { series: this.#table.size, bytes: this.#blocks.bytes, blocks: this.#blocks.all.length, refused: this.#refused };
  }

  get newestMs(): number | undefined {
    return this.#head.timesMs.at(-1) ?? this.#sealed?.timesMs.at(-1) ?? this.#blocks.all.map(lastMs).at(-1);
  }

  async open(): Promise<void> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await this.#blocks.open();
    const journals = (await readdir(directory)).filter((name) => name.endsWith(ending)).sort();
    for (const path of journals.map((name) => join(directory, name))) {
      this.#head.journals.push(path);
      for (const tick of journalTicks(await readFile(path))) {
        if (tick.atMs <= (this.newestMs ?? 0)) continue;
        const values = new Map<Series, number>();
        for (const [key, value] of tick.values) {
          const series = this.#table.ofKey(key);
          if (series) values.set(series, value);
        }
        this.#take(tick.atMs, values);
        await nextTurn();
        if (this.#head.timesMs.length >= this.#options.ticksOfBlock) await this.#seal();
      }
    }
  }

  /** The series with these labels, to be recorded; undefined when there are too many of them. */
  series(labels: Labels): Series | undefined {
    const series = this.#table.of(labels);
    if (!series) this.#refused++;
    return series;
  }

  /** What was measured at one time. Resolves when it is on disk, or cannot be. */
  async record(atMs: number, values: ReadonlyMap<Series, number>): Promise<void> {
    const newestMs = this.newestMs ?? 0;
    if (atMs <= newestMs - backwardMsMax) await this.#forgetFrom(atMs);
    else if (atMs <= newestMs) return;
    this.#take(atMs, values);
    await this.#inTurn(async () => {
      await this.#write({ atMs, values: new Map(Array.from(values, ([{ key }, value]) => [key, value])) });
      if (this.#head.timesMs.length >= this.#options.ticksOfBlock) await this.#seal();
      await this.#blocks.keep(atMs - this.#options.keptMs, this.#options.bytesMax);
    });
  }

  /** Samples of the series that fit, in (startMs, endMs]; NaN where one ended. @throws PromqlError for too many */
  async select(matchers: readonly Matcher[], startMs: number, endMs: number, meter: Meter): Promise<Samples[]> {
    const wanted = new Set(await this.#table.find(matchers, meter));
    const parts: Part[] = this.#blocks.all
      .filter((block) => lastMs(block) > startMs && firstMs(block) <= endMs)
      .map((block) => ({ kind: 'block', block, read: (from, to) => this.#blocks.read(block, from, to) }));
    for (const head of [this.#sealed, this.#head]) {
      // As it is now: it may be sealed, and its columns be given back, while the blocks are read.
      if (head && head.timesMs.length > 0) parts.push({ kind: 'head', timesMs: [...head.timesMs], columns: new Map(head.columns) });
    }
    return gathered(parts, wanted, startMs, endMs, meter);
  }

  /** Labels of the series that fit, of any time that is kept. */
  async labels(matchers: readonly Matcher[], meter: Meter): Promise<Labels[]> {
    return (await this.#table.find(matchers, meter)).map(({ labels }) => labels);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#inTurn(async () => undefined);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(work, work);
    return this.#writing;
  }

  #take(atMs: number, values: ReadonlyMap<Series, number>): void {
    const { timesMs, columns } = this.#head;
    const index = timesMs.push(atMs) - 1;
    for (const [{ key, labels }, value] of values) {
      // It may have been forgotten since it was given out, with a block that could not be written.
      const series = this.#table.ofKey(key, labels);
      if (!series) continue;
      let column = columns.get(series);
      if (!column) {
        column = new Float64Array(this.#options.ticksOfBlock).fill(Number.NaN);
        columns.set(series, column);
        series.holders++;
      }
      column[index] = value;
    }
  }

  async #write(tick: Tick): Promise<void> {
    const { directory, files } = this.#options;
    if (this.#journal.path === '') {
      this.#journal = { path: join(directory, `${String(tick.atMs).padStart(15, '0')}${ending}`), encoder: new JournalEncoder() };
      this.#head.journals.push(this.#journal.path);
    }
    try {
      await files.append(this.#journal.path, await this.#journal.encoder.frame(tick, nextTurn));
    } catch (error) {
      this.#warn('what is measured is kept in memory only', error);
      // What follows a torn frame could not be read.
      this.#journal = noJournal();
    }
  }

  /** The head becomes a block; what cannot be written is lost. */
  async #seal(): Promise<void> {
    const head = this.#head;
    this.#head = newHead();
    this.#sealed = head;
    this.#journal = noJournal();
    try {
      const columns = new Map([...head.columns].map(([{ key }, column]) => [key, column]));
      await this.#add(head.timesMs[0] ?? 0, await encodeBlock(head.timesMs, columns, nextTurn));
      this.#warned = false;
    } catch (error) {
      this.#warn('half an hour of metrics is lost', error);
    } finally {
      this.#sealed = undefined;
      await this.#letGo(head);
    }
  }

  /** Once more when there is room again: of what is there, half is given back. */
  async #add(startMs: number, bytes: Uint8Array): Promise<void> {
    const { bytesMax } = this.#options;
    await this.#blocks.keep(0, bytesMax - bytes.length);
    try {
      await this.#blocks.add(startMs, bytes);
    } catch (error) {
      this.#warn('half of the history of metrics is removed', error);
      await this.#blocks.keep(0, this.#blocks.bytes / 2);
      await this.#blocks.add(startMs, bytes);
    }
  }

  async #letGo(head: Head): Promise<void> {
    for (const series of head.columns.keys()) this.#table.release(series);
    for (const path of head.journals) await rm(path, { force: true });
  }

  async #forgetFrom(atMs: number): Promise<void> {
    this.#options.logger.warn('the clock went back: metrics of what is the future now are removed', { atMs });
    await this.#inTurn(async () => {
      await this.#blocks.forgetFrom(atMs);
      const head = this.#head;
      if ((head.timesMs.at(-1) ?? 0) < atMs) return;
      this.#head = newHead();
      this.#journal = noJournal();
      await this.#letGo(head);
    });
  }

  /** Once until something could be written again: a full disk stays full for a while. */
  #warn(consequence: string, error: unknown): void {
    const { logger, directory } = this.#options;
    if (!this.#warned)
      logger.warn(`the history of metrics cannot be written: ${consequence}; free space where it lies`, { directory, error });
    this.#warned = true;
  }
}

function newHead(): Head {
  return { timesMs: [], columns: new Map(), journals: [] };
}

function noJournal(): { path: string; encoder: JournalEncoder } {
  return { path: '', encoder: new JournalEncoder() };
}
