// What happened in a run, line by line, as one hash: two runs that agree on it did the same things in the same order.
import { createHash } from 'node:crypto';

export class Trace {
  readonly #hash = createHash('sha256');
  readonly #kept: string[] = [];
  readonly #keptMax: number;
  #count = 0;

  /** @param keptMax lines that stay readable, for telling what went wrong */
  constructor(keptMax = 0) {
    this.#keptMax = keptMax;
  }

  add(line: string): void {
    this.#count++;
    this.#hash.update(line).update('\n');
    if (this.#keptMax === 0) return;
    this.#kept.push(line);
    if (this.#kept.length > this.#keptMax) this.#kept.shift();
  }

  get count(): number {
    return this.#count;
  }

  get lastLines(): readonly string[] {
    return this.#kept;
  }

  /** Hexadecimal; lines may still be added afterwards. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
