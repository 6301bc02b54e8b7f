// How keys and values lie in etcd. A value begins with one byte: its transaction's place in the request. Deletions have no
// value, so a transaction that deletes also writes a note, just before, with its place and the keys: readers and watches learn
// the places of deletions from it.
import type { IKeyValue } from 'etcd3';
import type { KeyValue } from '../store.ts';
import { storeRevision } from './revisions.ts';

export interface Note {
  place: number;
  keys: string[];
}

export class Layout {
  readonly #prefix: string;
  readonly #notePrefix: string;

  /** `prefix` has no slash at its end. */
  constructor(prefix: string) {
    this.#prefix = prefix;
    // '.' sorts right before '/', so one watch covers the notes and the keys, and little else.
    this.#notePrefix = `${prefix}.order/`;
  }

  /** @throws RangeError for a key that could be another store's */
  key(key: string): Buffer {
    if (!key.startsWith('/')) throw new RangeError(`the key ${JSON.stringify(key)} does not begin with /`);
    return Buffer.from(this.#prefix + key);
  }

  range(start: string, end: string): { key: Buffer; range_end: Buffer } {
    const first = start < '/' ? '/' : start;
    const past = end > '0' ? '0' : end;
    return { key: Buffer.from(this.#prefix + first), range_end: Buffer.from(this.#prefix + past) };
  }

  /** Notes, then keys. */
  get everything(): { key: Buffer; range_end: Buffer } {
    return { key: Buffer.from(this.#notePrefix), range_end: Buffer.from(`${this.#prefix}0`) };
  }

  get notes(): { key: Buffer; range_end: Buffer } {
    return { key: Buffer.from(this.#notePrefix), range_end: Buffer.from(`${this.#prefix}.order0`) };
  }

  note(note: Note): { key: Buffer; value: Buffer } {
    return { key: Buffer.from(`${this.#notePrefix}${note.place}`), value: Buffer.from(JSON.stringify(note)) };
  }

  /** The store's key; undefined for notes and for what is not this store's. */
  storeKey(key: Buffer): string | undefined {
    const text = key.toString();
    return text.startsWith(`${this.#prefix}/`) ? text.slice(this.#prefix.length) : undefined;
  }

  noteIn(kv: IKeyValue): Note | undefined {
    if (!kv.key.toString().startsWith(this.#notePrefix)) return undefined;
    const { place, keys }: Note = JSON.parse(kv.value.toString());
    return { place, keys };
  }

  value(place: number, value: Uint8Array): Buffer {
    const bytes = Buffer.allocUnsafe(value.length + 1);
    bytes[0] = place;
    bytes.set(value, 1);
    return bytes;
  }

  place(kv: IKeyValue): number {
    return kv.value[0] ?? 0;
  }

  keyValue(kv: IKeyValue): KeyValue {
    return {
      key: this.storeKey(kv.key) ?? '',
      value: kv.value.subarray(1),
      createRevision: storeRevision(kv.create_revision, 0),
      modRevision: storeRevision(kv.mod_revision, this.place(kv)),
      version: Number(kv.version),
      ...(kv.lease !== '0' && { lease: kv.lease }),
    };
  }
}
