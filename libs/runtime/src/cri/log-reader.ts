// A container's log as the kubelet serves it: from the end, from a time, followed through rotation until the container has
// ended. Memory is one block however long the log is; a slow consumer only makes reading slower. Pods that collect logs may write
// to their folders, so links in there are not followed, and only files are read.
import { type FSWatcher, watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type Clock, systemClock } from '@berth/telemetry';
import type { DirectoryHandle } from '../files/directory-handle.ts';
import { logFolder } from './log-folder.ts';
import { LineSplitter, type LogRecord, parseRecord } from './log-lines.ts';
import { newestRotated } from './log-rotation.ts';
import { tailStart } from './log-tail.ts';

export interface ReadLogsOptions {
  /** Below it, nothing of the path may be a link; the log's own folder when absent. */
  root?: string;
  /** Without it, only what is in the file already is read, however quickly it grows. */
  follow: boolean;
  /**
   * Counted as the log is now, before `sinceTimeMs` leaves out what is too old: in the file that is being written, and, where that has fewer
   * (a busy container's log has just been rotated), in the one before it.
   */
  tailLines?: number;
  sinceTimeMs?: number;
  limitBytes?: number;
  /** Puts the runtime's time before each line. */
  timestamps: boolean;
  stream?: 'stdout' | 'stderr';
  /** Ends the iteration quietly. */
  signal: AbortSignal;
  /** Following ends when this holds and all is read. Absent follows until the signal aborts. */
  isFinished?: () => Promise<boolean> | boolean;
  clock?: Clock;
}

const blockBytes = 64 * 2 ** 10;
/** How late an end is seen, or a change that the file system did not tell of. */
const pollMs = 500;
const newline = Buffer.from('\n');

/** @throws the file system's error when the file cannot be opened at first */
export async function* readLogs(path: string, options: ReadLogsOptions): AsyncIterable<Buffer> {
  const format = new LineFormat(options);
  const name = basename(path);
  await using folder = await logFolder(path, options.root);
  let file = await folder.openFile(name);
  const changes = options.follow ? new Changes(path, options.clock ?? systemClock, options.signal) : undefined;
  try {
    const { size } = await file.stat();
    const tail = options.tailLines === undefined ? { offset: 0, missing: 0 } : await tailStart(file, size, options.tailLines);
    for await (const lines of earlierLines(folder, name, tail.missing)) {
      const out = format.lines(lines);
      if (out.length > 0) yield out;
      if (format.full) return;
    }
    let offset = tail.offset;
    let splitter = new LineSplitter();
    const block = Buffer.alloc(blockBytes);
    for (let finished = !options.follow; !options.signal.aborted; ) {
      const wanted = options.follow ? blockBytes : Math.min(blockBytes, size - offset);
      const { bytesRead } = await file.read(block, 0, wanted, offset);
      if (bytesRead > 0) {
        offset += bytesRead;
        const out = format.lines(splitter.push(block.subarray(0, bytesRead)));
        if (out.length > 0) yield out;
        if (format.full) return;
        continue;
      }
      const next = changes && (await rotated(folder, name, file, offset));
      if (next) {
        // The runtime may have written to the old file until it was told of the new one.
        if ((await file.read(block, 0, 1, offset)).bytesRead > 0 && next !== file) {
          await next.close();
          continue;
        }
        if (next !== file) await file.close();
        [file, offset, splitter] = [next, 0, new LineSplitter()];
        continue;
      }
      if (finished) return;
      // Asked before the last read, so that what was written before the end is read.
      finished = (await options.isFinished?.()) ?? false;
      if (!finished) await changes?.next();
    }
  } finally {
    changes?.close();
    await file.close();
  }
}

/** The last `count` lines of the file that the log was rotated to last, if it was, in blocks. */
async function* earlierLines(folder: DirectoryHandle, name: string, count: number): AsyncGenerator<Iterable<Buffer>> {
  if (count === 0) return;
  const earlier = await newestRotated(folder, name);
  if (earlier === undefined) return;
  await using file = await folder.openFile(earlier);
  const { size } = await file.stat();
  const splitter = new LineSplitter();
  const block = Buffer.alloc(blockBytes);
  for (let { offset } = await tailStart(file, size, count); offset < size; ) {
    const { bytesRead } = await file.read(block, 0, Math.min(blockBytes, size - offset), offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield splitter.push(block.subarray(0, bytesRead));
  }
}

/** The file that has taken the name since, or this one when it was cut to less than was read. */
async function rotated(folder: DirectoryHandle, name: string, file: FileHandle, offset: number): Promise<FileHandle | undefined> {
  const [now, ours] = await Promise.all([folder.lstat(name), file.stat()]);
  if (ours.size < offset) return file;
  // Between the rename and the reopening there is no file.
  if (!now || now.ino === ours.ino) return undefined;
  try {
    return await folder.openFile(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Turns records into what the reader asked for, up to its limit. */
class LineFormat {
  readonly #options: ReadLogsOptions;
  #left: number;
  #midLine = false;

  constructor(options: ReadLogsOptions) {
    this.#options = options;
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get full(): boolean {
    return this.#left <= 0;
  }

  lines(lines: Iterable<Buffer>): Buffer {
    const parts: Buffer[] = [];
    for (const line of lines) {
      const record = parseRecord(line);
      if (record && this.#wanted(record)) parts.push(...this.#one(record));
    }
    const out = Buffer.concat(parts);
    const kept = out.subarray(0, Math.min(out.length, this.#left));
    this.#left -= kept.length;
    return kept;
  }

  #wanted({ timeMs, stream }: LogRecord): boolean {
    const { sinceTimeMs, stream: only } = this.#options;
    return (sinceTimeMs === undefined || timeMs >= sinceTimeMs) && (only === undefined || stream === only);
  }

  *#one(record: LogRecord): Generator<Buffer> {
    if (this.#options.timestamps && !this.#midLine) yield Buffer.from(`${record.timeText} `);
    yield record.text;
    this.#midLine = record.partial;
    if (!record.partial) yield newline;
  }
}

/** Tells that the file may have changed: by the file system's events, and every now and then without. */
class Changes {
  readonly #clock: Clock;
  #watcher: FSWatcher | undefined;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #changed = false;
  #wake: AbortController | undefined;

  constructor(path: string, clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = AbortSignal.any([signal, this.#over.signal]);
    // The folder, as the file's name gets another file with each rotation. Without watches to spare, the poll finds changes.
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (name !== null && name !== basename(path)) return;
        this.#changed = true;
        this.#wake?.abort();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      this.#wake = new AbortController();
      const signal = AbortSignal.any([this.#signal, this.#wake.signal]);
      await this.#clock.sleep(pollMs, signal).catch(() => undefined);
    }
    this.#changed = false;
  }

  close(): void {
    this.#over.abort();
    this.#watcher?.close();
  }
}
