// The last lines of a log. Bounded: the oldest go first, and how many went is known, so that it can be said.

export const logLinesMax = 5_000;
const lineLengthMax = 10_000;

export class LogBuffer {
  readonly #linesMax: number;
  #lines: string[] = [];
  #rest = '';
  #dropped = 0;

  constructor(linesMax: number = logLinesMax) {
    this.#linesMax = linesMax;
  }

  /** Complete lines, then what there is of the last. */
  get lines(): string[] {
    return this.#rest === '' ? this.#lines.slice() : [...this.#lines, this.#rest];
  }

  get dropped(): number {
    return this.#dropped;
  }

  append(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = shortened(lines.pop() ?? '');
    for (const line of lines) this.#lines.push(shortened(line));
    // Cut in one go now and then, as shifting the whole array for each line would cost too much.
    const excess = this.#lines.length - this.#linesMax;
    if (excess > 0) {
      this.#lines = this.#lines.slice(excess);
      this.#dropped += excess;
    }
  }

  clear(): void {
    this.#lines = [];
    this.#rest = '';
    this.#dropped = 0;
  }
}

function shortened(line: string): string {
  return line.length > lineLengthMax ? `${line.slice(0, lineLengthMax)}…` : line;
}
