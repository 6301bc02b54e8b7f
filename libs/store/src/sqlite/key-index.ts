// The newest write of every key, in memory without values: comparisons and the walk of a range need no SQL.
// Changed only after COMMIT and sync, so it never shows what the disk does not hold.

import { SortedKeys } from '../sorted-keys.ts';
import type { Row } from './log-table.ts';

export class KeyIndex {
  readonly #rows = new Map<string, Row>();
  readonly #keys = new SortedKeys();
  readonly #leased = new Map<number, Set<string>>();

  /** Also of a deleted key, until `forget`. */
  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  set(key: string, row: Row): void {
    const previous = this.#rows.get(key);
    if (!previous) this.#keys.add(key);
    this.#rows.set(key, row);
    if (previous?.lease === row.lease) return;
    this.#unlease(key, previous?.lease);
    if (row.lease === undefined) return;
    const keys = this.#leased.get(row.lease);
    if (keys) keys.add(key);
    else this.#leased.set(row.lease, new Set([key]));
  }

  /** Drops a key whose newest write is this one: a deletion that was compacted away. */
  forget(key: string, id: number): void {
    if (this.#rows.get(key)?.id !== id) return;
    this.#rows.delete(key);
    this.#keys.delete(key);
  }

  keysOf(lease: number): Iterable<string> {
    return this.#leased.get(lease) ?? [];
  }

  between(start: string, end: string): Iterable<string> {
    return this.#keys.between(start, end);
  }

  #unlease(key: string, lease: number | undefined): void {
    if (lease === undefined) return;
    const keys = this.#leased.get(lease);
    keys?.delete(key);
    if (keys?.size === 0) this.#leased.delete(lease);
  }
}
