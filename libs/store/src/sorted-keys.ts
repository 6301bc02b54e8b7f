// Keys in order, in blocks, so that inserting into a million of them moves a block and not the whole array.

const blockMax = 1024;

export class SortedKeys {
  /** Each block is sorted and not empty, and so are the blocks by their first keys; at least one (possibly empty) block. */
  #blocks: string[][] = [[]];

  /** The key must not be in it. */
  add(key: string): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at] ?? [];
    block.splice(lowerBound(block, key), 0, key);
    if (block.length > blockMax) this.#blocks.splice(at, 1, block.slice(0, blockMax / 2), block.slice(blockMax / 2));
  }

  delete(key: string): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at] ?? [];
    const position = lowerBound(block, key);
    if (block[position] !== key) return;
    block.splice(position, 1);
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1);
  }

  clear(): void {
    this.#blocks = [[]];
  }

  /** How many keys there are from `start` to before `end`; without an end, from `start` on. */
  count(start: string, end?: string): number {
    return Math.max(0, this.#rank(end) - this.#rank(start));
  }

  /** How many keys are below `key`; without one, all. */
  #rank(key: string | undefined): number {
    const at = key === undefined ? this.#blocks.length : this.#blockOf(key);
    let rank = key === undefined ? 0 : lowerBound(this.#blocks[at] ?? [], key);
    for (let before = 0; before < at; before++) rank += this.#blocks[before]?.length ?? 0;
    return rank;
  }

  /** Keys from `start` to before `end`; without an end, from `start` on. The keys must not change meanwhile. */
  *between(start: string, end?: string): Generator<string> {
    let at = this.#blockOf(start);
    let position = lowerBound(this.#blocks[at] ?? [], start);
    for (; at < this.#blocks.length; at++) {
      const block = this.#blocks[at] ?? [];
      for (; position < block.length; position++) {
        const key = block[position];
        if (key === undefined || (end !== undefined && key >= end)) return;
        yield key;
      }
      position = 0;
    }
  }

  /** The last block that begins at or before the key, else the first. */
  #blockOf(key: string): number {
    let low = 0;
    for (let high = this.#blocks.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle]?.[0] ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The first index whose key is not below `key`. */
function lowerBound(keys: string[], key: string): number {
  let low = 0;
  for (let high = keys.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
