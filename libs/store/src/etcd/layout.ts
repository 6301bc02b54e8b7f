// How keys and values lie in etcd. A value begins with one byte: its transaction's place in the request, and by its highest bit whether
// an origin follows, its length in two bytes before it: when it was written (six bytes) and by whom (UTF-8). Deletions have no value, so a
// transaction that deletes also writes a note, just before, with its place, the keys and its origin: readers and watches learn
// the places of deletions from it.
import type { IKeyValue } from 'etcd3';
import type { KeyValue, Origin } from '../store.ts';
import { storeRevision } from './revisions.ts';

export interface Note {
  place: number;
  keys: string[];
  origin?: Origin;
}

const hasOrigin = 0x80;
const lengthBytes = 2;
const timeBytes = 6;
/** Before the author. */
const originStart = 1 + lengthBytes + timeBytes;

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
    const { place, keys, origin }: Note = JSON.parse(kv.value.toString());
    return { place, keys, ...(origin && { origin }) };
  }

  value(place: number, value: Uint8Array, { atMs, author = '' }: Origin): Buffer {
    const authorBytes = Buffer.byteLength(author);
    const bytes = Buffer.allocUnsafe(originStart + authorBytes + value.length);
    bytes[0] = place | hasOrigin;
    bytes.writeUInt16BE(timeBytes + authorBytes, 1);
    bytes.writeUIntBE(atMs, 1 + lengthBytes, timeBytes);
    bytes.write(author, originStart);
    bytes.set(value, originStart + authorBytes);
    return bytes;
  }

  place(kv: IKeyValue): number {
    return (kv.value[0] ?? 0) & ~hasOrigin;
  }

  /** Undefined for what a build before wrote. */
  origin({ value }: IKeyValue): Origin | undefined {
    if (!((value[0] ?? 0) & hasOrigin)) return undefined;
    const author = value.toString('utf8', originStart, valueStart(value));
    const atMs = value.readUIntBE(1 + lengthBytes, timeBytes);
    return author === '' ? { atMs } : { atMs, author };
  }

  keyValue(kv: IKeyValue): KeyValue {
    return {
      key: this.storeKey(kv.key) ?? '',
      value: kv.value.subarray(valueStart(kv.value)),
      createRevision: storeRevision(kv.create_revision, 0),
      modRevision: storeRevision(kv.mod_revision, this.place(kv)),
      version: Number(kv.version),
      ...(kv.lease !== '0' && { lease: kv.lease }),
    };
  }
}

function valueStart(value: Buffer): number {
  return (value[0] ?? 0) & hasOrigin ? 1 + lengthBytes + value.readUInt16BE(1) : 1;
}
