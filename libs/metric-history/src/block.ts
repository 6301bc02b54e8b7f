// A block: half an hour of all series in one file that is written once. Head: times, series, and where each one's values lie; body: the
// values, a column a series, those of one name side by side so that a query reads them at once. Either part carries its checksum.
import { promisify } from 'node:util';
import { crc32, deflate, inflate } from 'node:zlib';
import { ByteReader, ByteWriter } from './bytes.ts';
import { encodeColumn } from './value-codec.ts';

const compress = promisify(deflate);
const decompress = promisify(inflate);

const magic = 0x31484d42;
const prefixBytes = 20;
/** What a head may unfold to: 20,000 series have some 6 MB. */
const headBytesMax = 64 * 2 ** 20;
const seriesOfTurn = 500;
const keysOfTurn = 4000;

export interface BlockHead {
  timesMs: number[];
  /** In the order of their columns. */
  keys: string[];
  /** From the start of the file; one more than there are series. */
  offsets: Uint32Array;
}

export class DamagedBlock extends Error {
  constructor(what: string) {
    super(`a block of metrics cannot be read: ${what}`);
    this.name = 'DamagedBlock';
  }
}

/** @param columns of series by their key @param turn lets others run */
export async function encodeBlock(
  timesMs: readonly number[],
  columns: ReadonlyMap<string, Float64Array>,
  turn: () => Promise<void>,
): Promise<Uint8Array> {
  const head = new ByteWriter();
  const body = new ByteWriter();
  head.varint(timesMs.length);
  let lastMs = 0;
  for (const timeMs of timesMs) {
    head.varint(timeMs - lastMs);
    lastMs = timeMs;
  }
  head.varint(columns.size);
  let count = 0;
  for (const key of [...columns.keys()].sort()) {
    const start = body.length;
    encodeColumn(body, (columns.get(key) ?? new Float64Array()).subarray(0, timesMs.length));
    head.text(key);
    head.varint(body.length - start);
    if (++count % seriesOfTurn === 0) await turn();
  }
  const [packed, values] = [await compress(head.taken()), body.taken()];
  const bytes = new Uint8Array(prefixBytes + packed.length + values.length);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of [magic, packed.length, values.length, crc32(packed), crc32(values)].entries())
    view.setUint32(index * 4, word, true);
  bytes.set(packed, prefixBytes);
  bytes.set(values, prefixBytes + packed.length);
  return bytes;
}

/** @param turn lets others run @throws DamagedBlock */
export async function decodeHead(bytes: Uint8Array, turn: () => Promise<void>): Promise<BlockHead> {
  if (bytes.length < prefixBytes) throw new DamagedBlock('it is too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [mark, headBytes = 0, bodyBytes = 0, headSum, bodySum] = [0, 4, 8, 12, 16].map((offset) => view.getUint32(offset, true));
  if (mark !== magic) throw new DamagedBlock('it begins as none');
  if (bytes.length !== prefixBytes + headBytes + bodyBytes) throw new DamagedBlock('it is not as long as it says');
  const packed = bytes.subarray(prefixBytes, prefixBytes + headBytes);
  const body = bytes.subarray(prefixBytes + headBytes);
  if (crc32(packed) !== headSum || crc32(body) !== bodySum) throw new DamagedBlock('its checksum is another');
  try {
    return await readHead(new ByteReader(await decompress(packed, { maxOutputLength: headBytesMax })), prefixBytes + headBytes, turn);
  } catch (error) {
    throw new DamagedBlock((error as Error).message);
  }
}

async function readHead(reader: ByteReader, bodyStart: number, turn: () => Promise<void>): Promise<BlockHead> {
  const timesMs: number[] = [];
  let timeMs = 0;
  for (let left = reader.varint(); left > 0; left--) {
    timeMs += reader.varint();
    timesMs.push(timeMs);
  }
  const count = reader.varint();
  const keys: string[] = [];
  const offsets = new Uint32Array(count + 1);
  offsets[0] = bodyStart;
  for (let index = 0; index < count; index++) {
    keys.push(reader.text());
    offsets[index + 1] = (offsets[index] ?? 0) + reader.varint();
    if (index % keysOfTurn === keysOfTurn - 1) await turn();
  }
  return { timesMs, keys, offsets };
}
