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
/** Longer ones were never written. */
const frameBytesMax = 64 * 2 ** 20;

/** Makes the frames of one journal, in order. */
export class JournalEncoder {
  readonly #indexes = new Map<string, number>();
  #previous: Float64Array = new Float64Array(0);

  frame({ atMs, values }: Tick): Uint8Array {
    const added = [...values.keys()].filter((key) => !this.#indexes.has(key));
    for (const key of added) this.#indexes.set(key, this.#indexes.size);
    const current = new Float64Array(this.#indexes.size).fill(Number.NaN);
    for (const [key, value] of values) current[this.#indexes.get(key) ?? 0] = value;
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
