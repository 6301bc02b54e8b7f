// SPDY/3.1 frames to bytes and back. Control frames are read whole, within a limit; a data frame's payload is passed on in the
// pieces in which it arrives, so that a frame of 16 MiB needs no 16 MiB of memory.
import { SpdyProtocolError } from './errors.ts';

const version = 3;
const headerBytes = 8;
const controlBytesMax = 64 * 2 ** 10;
const maskUint31 = 0x7fffffff;

const types = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 } as const;
export const flagFin = 0x01;
export const flagUnidirectional = 0x02;

export type Frame =
  | { type: 'data'; streamId: number; chunk: Buffer; fin: boolean }
  | { type: 'synStream'; streamId: number; fin: boolean; unidirectional: boolean; block: Buffer }
  | { type: 'synReply' | 'headers'; streamId: number; fin: boolean; block: Buffer }
  | { type: 'rstStream'; streamId: number; code: number }
  | { type: 'settings'; values: Map<number, number> }
  | { type: 'ping'; id: number }
  | { type: 'goAway'; lastStreamId: number; code: number }
  | { type: 'windowUpdate'; streamId: number; delta: number };

/** SETTINGS_INITIAL_WINDOW_SIZE */
export const settingInitialWindow = 7;

function control(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(0x8000 | version, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([header, payload]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

export const encode = {
  dataHeader(streamId: number, length: number, fin: boolean): Buffer {
    return words(streamId, (((fin ? flagFin : 0) << 24) | length) >>> 0);
  },
  synStream: (streamId: number, block: Buffer, fin: boolean): Buffer =>
    control(types.synStream, fin ? flagFin : 0, Buffer.concat([words(streamId, 0), Buffer.alloc(2), block])),
  synReply: (streamId: number, block: Buffer): Buffer => control(types.synReply, 0, Buffer.concat([words(streamId), block])),
  rstStream: (streamId: number, code: number): Buffer => control(types.rstStream, 0, words(streamId, code)),
  ping: (id: number): Buffer => control(types.ping, 0, words(id)),
  goAway: (lastStreamId: number, code: number): Buffer => control(types.goAway, 0, words(lastStreamId, code)),
  windowUpdate: (streamId: number, delta: number): Buffer => control(types.windowUpdate, 0, words(streamId, delta)),
};

export class FrameParser {
  /** A frame's header, or a control frame, as far as it has come. */
  #pending: Buffer = Buffer.alloc(0);
  #data: { streamId: number; fin: boolean; left: number } | undefined;

  /** The frames that this chunk completes; of data frames, what has come. @throws SpdyProtocolError */
  *push(chunk: Buffer): Generator<Frame> {
    let rest = chunk;
    for (;;) {
      if (this.#data) {
        if (rest.length === 0) return;
        const { streamId, fin } = this.#data;
        const part = rest.subarray(0, this.#data.left);
        rest = rest.subarray(part.length);
        this.#data.left -= part.length;
        const last = this.#data.left === 0;
        if (last) this.#data = undefined;
        yield { type: 'data', streamId, chunk: part, fin: fin && last };
        continue;
      }
      if (this.#pending.length > 0) rest = Buffer.concat([this.#pending, rest]);
      this.#pending = Buffer.alloc(0);
      const length = frameBytes(rest);
      if (length === undefined || (isControl(rest) && rest.length < length)) {
        // Copied: the pending part must not hold the whole chunk in memory.
        this.#pending = Buffer.from(rest);
        return;
      }
      if (isControl(rest)) {
        const frame = parseControl(rest.subarray(0, length));
        rest = rest.subarray(length);
        if (frame) yield frame;
        continue;
      }
      const [streamId, fin, left] = [rest.readUInt32BE(0), (rest.readUInt8(4) & flagFin) !== 0, rest.readUIntBE(5, 3)];
      if (streamId === 0) throw new SpdyProtocolError('data for stream 0');
      rest = rest.subarray(headerBytes);
      if (left > 0) this.#data = { streamId, fin, left };
      else yield { type: 'data', streamId, chunk: Buffer.alloc(0), fin };
    }
  }
}

function isControl(bytes: Buffer): boolean {
  return (bytes.readUInt8(0) & 0x80) !== 0;
}

/** Undefined while the header has not come whole. */
function frameBytes(bytes: Buffer): number | undefined {
  if (bytes.length < headerBytes) return undefined;
  const length = bytes.readUIntBE(5, 3);
  if (!isControl(bytes)) return headerBytes + length;
  const spoken = bytes.readUInt16BE(0) & 0x7fff;
  if (spoken !== version) throw new SpdyProtocolError(`a frame of SPDY version ${spoken}`);
  if (length > controlBytesMax) throw new SpdyProtocolError(`a control frame of ${length} bytes`);
  return headerBytes + length;
}

function parseControl(bytes: Buffer): Frame | undefined {
  const type = bytes.readUInt16BE(2);
  const flags = bytes.readUInt8(4);
  const payload = bytes.subarray(headerBytes);
  const fin = (flags & flagFin) !== 0;
  const need = (length: number) => {
    if (payload.length < length) throw new SpdyProtocolError(`a frame of type ${type} with only ${payload.length} bytes`);
  };
  const word = (index: number): number => payload.readUInt32BE(index * 4);
  switch (type) {
    case types.synStream:
      need(10);
      return {
        type: 'synStream',
        streamId: word(0) & maskUint31,
        fin,
        unidirectional: (flags & flagUnidirectional) !== 0,
        block: payload.subarray(10),
      };
    case types.synReply:
    case types.headers:
      need(4);
      return { type: type === types.headers ? 'headers' : 'synReply', streamId: word(0) & maskUint31, fin, block: payload.subarray(4) };
    case types.rstStream:
      need(8);
      return { type: 'rstStream', streamId: word(0) & maskUint31, code: word(1) };
    case types.settings: {
      need(4);
      const count = word(0);
      if (payload.length !== 4 + count * 8) throw new SpdyProtocolError(`settings of ${payload.length} bytes for ${count} entries`);
      return {
        type: 'settings',
        values: new Map(Array.from({ length: count }, (_, index) => [word(1 + index * 2) & 0xffffff, word(2 + index * 2)])),
      };
    }
    case types.ping:
      need(4);
      return { type: 'ping', id: word(0) };
    case types.goAway:
      need(8);
      return { type: 'goAway', lastStreamId: word(0) & maskUint31, code: word(1) };
    case types.windowUpdate:
      need(8);
      return { type: 'windowUpdate', streamId: word(0) & maskUint31, delta: word(1) & maskUint31 };
    default:
      // The specification asks to ignore types that are not known.
      return undefined;
  }
}
