// The protobuf wire format (protobuf.dev, "Encoding"): varints, fixed widths and length-delimited bytes, with every length
// checked against what is there.
import { StatusError } from './status.ts';

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8') };

const truncated = () => StatusError.badRequest('unable to decode protobuf: unexpected end of data');

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  tag(): { number: number; wire: number } {
    const value = this.varint();
    const number = Number(value >> 3n);
    if (number === 0 || number >= 2 ** 29) throw StatusError.badRequest(`unable to decode protobuf: illegal field number ${number}`);
    return { number, wire: Number(value & 7n) };
  }

  /** Unsigned, 64 bits. */
  varint(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw truncated();
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, result);
    }
    throw StatusError.badRequest('unable to decode protobuf: a varint is longer than 64 bits');
  }

  bytes(): Uint8Array {
    const length = Number(this.varint());
    if (length > this.#bytes.length - this.#at) throw truncated();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  double(): number {
    const slice = this.#fixed(8);
    return new DataView(slice.buffer, slice.byteOffset, 8).getFloat64(0, true);
  }

  skip(wire: number): void {
    if (wire === wireTypes.varint) this.varint();
    else if (wire === wireTypes.fixed64) this.#fixed(8);
    else if (wire === wireTypes.bytes) this.bytes();
    else if (wire === wireTypes.fixed32) this.#fixed(4);
    else throw StatusError.badRequest(`unable to decode protobuf: unknown wire type ${wire}`);
  }

  #fixed(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw truncated();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

export class WireWriter {
  #buffer = new Uint8Array(256);
  #length = 0;

  tag(number: number, wire: number): void {
    this.varint(BigInt(number * 8 + wire));
  }

  /** Negative numbers are written in two's complement, ten bytes, as int32 and int64 are. */
  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    this.#reserve(10);
    while (rest >= 0x80n) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  bytes(value: Uint8Array): void {
    this.varint(BigInt(value.length));
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  text(number: number, text: string): void {
    this.tag(number, wireTypes.bytes);
    this.bytes(utf8.encoder.encode(text));
  }

  double(value: number): void {
    this.#reserve(8);
    new DataView(this.#buffer.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** `visit` must read or skip each field. */
export function eachField(bytes: Uint8Array, visit: (number: number, reader: WireReader, wire: number) => void): void {
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    visit(number, reader, wire);
  }
}

/** Invalid UTF-8 becomes replacement characters, as in Go's JSON. */
export function textOf(bytes: Uint8Array): string {
  return utf8.decoder.decode(bytes);
}
