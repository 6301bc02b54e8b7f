// What is measured after the newest block, a frame a tick, so that a process that is killed loses nothing but the tick it was in. A frame
// names the series that are new in this journal and has one value for each so far, as the difference from the tick before. A torn frame
// at the end is no frame.
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from './bytes.ts';
import { decodeValues, encodeValues } from './value-codec.ts';

export interface Tick {
  atMs: number;
  /** By key of the series. */
  values: Map<string, number>;
}

const frameHeadBytes = 8;
/** A few milliseconds of them. */
const seriesOfTurn = 2000;
/** Longer ones were never written. */
const frameBytesMax = 64 * 2 ** 20;

/** Makes the frames of one journal, in order. */
export class JournalEncoder {
  readonly #indexes = new Map<string, number>();
  #previous: Float64Array = new Float64Array(0);

  /** @param turn lets others run */
  async frame({ atMs, values }: Tick, turn: () => Promise<void>): Promise<Uint8Array> {
    const added: string[] = [];
    const current = new Float64Array(this.#indexes.size + values.size).fill(Number.NaN);
    let seen = 0;
    for (const [key, value] of values) {
      let index = this.#indexes.get(key);
      if (index === undefined) {
        index = this.#indexes.size;
        this.#indexes.set(key, index);
        added.push(key);
      }
      current[index] = value;
      if (++seen % seriesOfTurn === 0) await turn();
    }
    return this.#encoded(atMs, added, current.slice(0, this.#indexes.size));
  }

  #encoded(atMs: number, added: readonly string[], current: Float64Array): Uint8Array {
    const writer = new ByteWriter();
    writer.float(atMs);
    writer.varint(added.length);
    for (const key of added) writer.text(key);
    const previous = new Float64Array(current.length).fill(Number.NaN);
    previous.set(this.#previous);
    encodeValues(writer, current, previous);
    this.#previous = current.map((value, index) => (Number.isNaN(value) ? (previous[index] ?? Number.NaN) : value));
    const payload = writer.taken();
    const frame = new Uint8Array(frameHeadBytes + payload.length);
    const view = new DataView(frame.buffer);
    view.setUint32(0, payload.length, true);
    view.setUint32(4, crc32(payload), true);
    frame.set(payload, frameHeadBytes);
    return frame;
  }
}

/** The whole frames, up to the first that is not. */
export function* journalTicks(bytes: Uint8Array): Generator<Tick> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keys: string[] = [];
  let previous: Float64Array = new Float64Array(0);
  for (let start = 0; start + frameHeadBytes <= bytes.length; ) {
    const length = view.getUint32(start, true);
    const payload = bytes.subarray(start + frameHeadBytes, start + frameHeadBytes + length);
    if (length > frameBytesMax || payload.length !== length || crc32(payload) !== view.getUint32(start + 4, true)) return;
    start += frameHeadBytes + length;
    const reader = new ByteReader(payload);
    const atMs = reader.float();
    for (let added = reader.varint(); added > 0; added--) keys.push(reader.text());
    const current = new Float64Array(keys.length);
    const before = previous;
    decodeValues(reader, current, (index) => before[index] ?? Number.NaN);
    previous = current.map((value, index) => (Number.isNaN(value) ? (before[index] ?? Number.NaN) : value));
    const values = new Map<string, number>();
    for (const [index, key] of keys.entries()) {
      const value = current[index] ?? Number.NaN;
      if (!Number.isNaN(value)) values.set(key, value);
    }
    yield { atMs, values };
  }
}
