// The lines of one log or several, in the order of their times. Bounded: the oldest go first, and how many went is known, so that it can be
// said.
import { type LogEntry, logEntry } from './log-entry.ts';

export class MergedLog {
  readonly #linesMax: number;
  #entries: LogEntry[] = [];
  #dropped = 0;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  /** A new array whenever anything was added. */
  get entries(): LogEntry[] {
    return this.#entries;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** @param added of one log, in order */
  add(added: LogEntry[]): void {
    if (added.length === 0) return;
    const dated = this.#dated(added);
    const last = this.#entries.at(-1)?.time ?? '';
    const merged = (dated[0]?.time ?? '') >= last ? [...this.#entries, ...dated] : merge(this.#entries, dated);
    const excess = merged.length - this.#linesMax;
    this.#entries = excess > 0 ? merged.slice(excess) : merged;
    this.#dropped += Math.max(0, excess);
  }

  /** A line without a time, such as the second one of a stack that a runtime broke, stays behind the one before it. */
  #dated(added: LogEntry[]): LogEntry[] {
    let time = this.#entries.at(-1)?.time ?? '';
    return added.map((entry) => {
      if (entry.time === '') return { ...entry, time };
      time = entry.time;
      return entry;
    });
  }
}

/** Of two lines of one time, the one that was there first comes first. */
function merge(a: LogEntry[], b: LogEntry[]): LogEntry[] {
  const merged: LogEntry[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [first, second] = [a[i], b[j]];
    if (first && (!second || first.time <= second.time)) {
      merged.push(first);
      i += 1;
    } else if (second) {
      merged.push(second);
      j += 1;
    }
  }
  return merged;
}

/** Cuts the text of one log into its lines, wherever it is broken between chunks. */
export class LogLines {
  readonly #source: string;
  #rest = '';
  /** A line without end must not grow without end. */
  readonly #restMax = 20_000;

  constructor(source: string) {
    this.#source = source;
  }

  push(text: string): LogEntry[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, this.#restMax);
    return lines.map((line) => logEntry(line, this.#source));
  }

  /** What there is of the last line. */
  end(): LogEntry[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [logEntry(rest, this.#source)];
  }
}

/** Leaves out what was there already when a log is read again from a moment on, which the API knows only to the second. */
export class Unseen {
  #time = '';
  #atTime = 0;
  #cut = '';
  #skipped = 0;

  /** Before each reading. @returns RFC 3339, to be asked from; undefined for all of it */
  begin(): string | undefined {
    this.#cut = this.#time;
    this.#skipped = this.#atTime;
    return this.#time === '' ? undefined : `${this.#time.slice(0, 19)}Z`;
  }

  /** @param read in order */
  filter(read: LogEntry[]): LogEntry[] {
    return read.filter(({ time }) => {
      if (time < this.#cut) return false;
      // Lines of one moment cannot be told apart, but counted.
      if (time === this.#cut && this.#skipped > 0) {
        this.#skipped -= 1;
        return false;
      }
      this.#atTime = time === this.#time ? this.#atTime + 1 : 1;
      this.#time = time;
      return true;
    });
  }
}
