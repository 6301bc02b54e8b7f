// Logs of several containers as one, by time: what there is, exactly, with one line of each in memory; what is still coming, as far as
// lines that arrive together go. Nothing is read that cannot be written yet.
import type { Clock } from '@berth/telemetry';
import type { LogLine } from './log-lines.ts';

/** @param sources each in the order of time */
export async function* mergedByTime(sources: readonly AsyncIterable<LogLine>[]): AsyncGenerator<LogLine> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (let at = earliest(heads); at >= 0; at = earliest(heads)) {
      const head = heads[at];
      if (head && !head.done) yield head.value;
      const next = await iterators[at]?.next();
      if (next) heads[at] = next;
    }
  } finally {
    // Their connections end with them.
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

function earliest(heads: readonly IteratorResult<LogLine>[]): number {
  let found = -1;
  let least = '';
  for (const [index, head] of heads.entries()) {
    if (head.done || (found >= 0 && head.value.key >= least)) continue;
    [found, least] = [index, head.value.key];
  }
  return found;
}

/** The last so many, once there are no more. */
export async function* lastOf<T>(items: AsyncIterable<T>, max: number): AsyncGenerator<T> {
  const ring: T[] = [];
  let count = 0;
  if (max > 0) for await (const item of items) ring[count++ % max] = item;
  for (let at = Math.max(0, count - max); at < count; at++) yield ring[at % max] as T;
}

export interface ReorderingOptions {
  clock: Clock;
  /** For how long lines wait for others that are older. */
  windowMs: number;
  /** That wait at a time; who brings more waits. */
  linesMax: number;
  /** Resolves when it has been taken. */
  write(line: LogLine): Promise<void>;
}

export class Reordering {
  readonly #options: ReorderingOptions;
  #waiting: LogLine[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(options: ReorderingOptions) {
    this.#options = options;
  }

  /** Resolves when there is room for the next. @throws what writing threw */
  async push(line: LogLine): Promise<void> {
    while (this.#waiting.length >= this.#options.linesMax && this.#failure === undefined) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting.push(line);
    this.#writing ??= this.#writeBatch();
  }

  /** Resolves when all is written. */
  async settled(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #writeBatch(): Promise<void> {
    try {
      await this.#options.clock.sleep(this.#options.windowMs);
      const batch = this.#waiting.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
      this.#waiting = [];
      for (const line of batch) await this.#options.write(line);
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#writing = undefined;
    }
    if (this.#waiting.length > 0 && this.#failure === undefined) this.#writing = this.#writeBatch();
  }
}
