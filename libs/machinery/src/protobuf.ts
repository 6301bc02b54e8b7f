// JSON objects to and from Kubernetes' protobuf, driven by schemas. Go's generated code writes non-pointer scalars even when
// zero, so decoding drops those zeros where JSON would leave them out; pointer fields keep theirs.

import { isRecord } from './json.ts';
import { WireReader, WireWriter, wireTypes } from './protobuf-wire.ts';
import type { FieldSchema, MessageSchema, ScalarType, TypeSchema } from './schema.ts';
import { StatusError } from './status.ts';

const depthMax = 100;
const magic = [0x6b, 0x38, 0x73, 0x00];
const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8') };

export interface UnknownEnvelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
  contentEncoding: string;
  contentType: string;
}

/** Opens `k8s\0` + runtime.Unknown. @throws StatusError BadRequest */
export function decodeUnknownEnvelope(bytes: Uint8Array): UnknownEnvelope {
  if (magic.some((byte, i) => bytes[i] !== byte))
    throw StatusError.badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const envelope: UnknownEnvelope = { apiVersion: '', kind: '', raw: new Uint8Array(), contentEncoding: '', contentType: '' };
  eachField(bytes.subarray(4), (number, reader, wire) => {
    if (wire !== wireTypes.bytes) return reader.skip(wire);
    const value = reader.bytes();
    if (number === 1) {
      eachField(value, (inner, innerReader, innerWire) => {
        if (innerWire !== wireTypes.bytes) return innerReader.skip(innerWire);
        const text = utf8.decoder.decode(innerReader.bytes());
        if (inner === 1) envelope.apiVersion = text;
        if (inner === 2) envelope.kind = text;
      });
    }
    if (number === 2) envelope.raw = value;
    if (number === 3) envelope.contentEncoding = utf8.decoder.decode(value);
    if (number === 4) envelope.contentType = utf8.decoder.decode(value);
  });
  return envelope;
}

export function encodeUnknownEnvelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const type = new WireWriter();
  writeText(type, 1, apiVersion);
  writeText(type, 2, kind);
  const out = new WireWriter();
  out.tag(1, wireTypes.bytes);
  out.bytes(type.finish());
  out.tag(2, wireTypes.bytes);
  out.bytes(raw);
  writeText(out, 3, '');
  writeText(out, 4, '');
  const body = out.finish();
  const bytes = new Uint8Array(4 + body.length);
  bytes.set(magic);
  bytes.set(body, 4);
  return bytes;
}

/** @throws StatusError BadRequest for data that is cut short, nested too deep or of the wrong wire type */
export function decodeProtobuf(message: MessageSchema, bytes: Uint8Array): Record<string, unknown> {
  return decodeMessage(message, bytes, 0);
}

function decodeMessage(message: MessageSchema, bytes: Uint8Array, depth: number): Record<string, unknown> {
  if (depth > depthMax) throw StatusError.badRequest(`unable to decode protobuf: nested deeper than ${depthMax} levels`);
  const out: Record<string, unknown> = {};
  eachField(bytes, (number, reader, wire) => {
    const field = message.byNumber.get(number);
    if (!field) return reader.skip(wire);
    if (field.inline && field.schema.kind === 'message') {
      Object.assign(out, decodeMessage(field.schema.message, expectBytes(reader, wire, field), depth + 1));
      return;
    }
    decodeField(out, field, reader, wire, depth);
  });
  return out;
}

function decodeField(out: Record<string, unknown>, field: FieldSchema, reader: WireReader, wire: number, depth: number): void {
  const { schema } = field;
  if (schema.kind === 'list') {
    const list = (out[field.name] ?? []) as unknown[];
    out[field.name] = list;
    if (wire === wireTypes.bytes && schema.of.kind === 'scalar' && isNumeric(schema.of.scalar)) {
      const packed = new WireReader(reader.bytes());
      while (!packed.done)
        list.push(decodeValue(schema.of, packed, schema.of.scalar === 'double' ? wireTypes.fixed64 : wireTypes.varint, field, depth));
    } else list.push(decodeValue(schema.of, reader, wire, field, depth));
    return;
  }
  if (schema.kind === 'map') {
    const map = (out[field.name] ?? {}) as Record<string, unknown>;
    out[field.name] = map;
    let key = '';
    let value: unknown = schema.of.kind === 'scalar' ? zeroOf(schema.of.scalar) : schema.of.kind === 'list' ? [] : {};
    eachField(expectBytes(reader, wire, field), (number, entry, entryWire) => {
      if (number === 1 && entryWire === wireTypes.bytes) key = utf8.decoder.decode(entry.bytes());
      else if (number === 2)
        value =
          schema.of.kind === 'list'
            ? decodeListMessage(schema.of, entry.bytes(), field, depth)
            : decodeValue(schema.of, entry, entryWire, field, depth);
      else entry.skip(entryWire);
    });
    if (key === '__proto__') throw StatusError.badRequest('the key "__proto__" is not allowed');
    map[key] = value;
    return;
  }
  const value = decodeValue(schema, reader, wire, field, depth);
  if (value === undefined) return;
  if (isZero(value) && field.omitempty && !field.pointer) return;
  // A non-pointer struct is always written; empty, it says nothing.
  if (schema.kind === 'message' && field.omitempty && !field.pointer && Object.keys(value as object).length === 0) return;
  out[field.name] = value;
}

/** A named list type (ExtraValue) is a message of its own: repeated items = 1. */
function decodeListMessage(schema: TypeSchema & { kind: 'list' }, bytes: Uint8Array, field: FieldSchema, depth: number): unknown[] {
  const items: unknown[] = [];
  eachField(bytes, (number, reader, wire) => {
    if (number === 1) items.push(decodeValue(schema.of, reader, wire, field, depth));
    else reader.skip(wire);
  });
  return items;
}

function decodeValue(schema: TypeSchema, reader: WireReader, wire: number, field: FieldSchema, depth: number): unknown {
  if (schema.kind === 'message') return decodeMessage(schema.message, expectBytes(reader, wire, field), depth + 1);
  if (schema.kind !== 'scalar')
    return decodeListMessage(schema as TypeSchema & { kind: 'list' }, expectBytes(reader, wire, field), field, depth);
  switch (schema.scalar) {
    case 'bool':
      return expectVarint(reader, wire, field) !== 0n;
    case 'int32':
      return Number(BigInt.asIntN(32, expectVarint(reader, wire, field)));
    case 'int64':
      return Number(BigInt.asIntN(64, expectVarint(reader, wire, field)));
    case 'double':
      if (wire !== wireTypes.fixed64) throw wrongWire(field);
      return reader.double();
    case 'string':
      return utf8.decoder.decode(expectBytes(reader, wire, field));
    case 'bytes':
      return toBase64(expectBytes(reader, wire, field));
    default:
      return decodeSpecial(schema.scalar, expectBytes(reader, wire, field));
  }
}

function decodeSpecial(scalar: ScalarType, bytes: Uint8Array): unknown {
  const numbers = new Map<number, bigint>();
  const texts = new Map<number, Uint8Array>();
  eachField(bytes, (number, reader, wire) => {
    if (wire === wireTypes.varint) numbers.set(number, reader.varint());
    else if (wire === wireTypes.bytes) texts.set(number, reader.bytes());
    else reader.skip(wire);
  });
  const text = (number: number) => utf8.decoder.decode(texts.get(number) ?? new Uint8Array());
  if (scalar === 'Quantity') return text(1);
  if (scalar === 'IntOrString') return (numbers.get(1) ?? 0n) === 0n ? Number(BigInt.asIntN(32, numbers.get(2) ?? 0n)) : text(3);
  if (scalar === 'Time' || scalar === 'MicroTime') return decodeTime(scalar, numbers, bytes.length === 0);
  const raw = text(1);
  if (raw === '') return undefined;
  try {
    return JSON.parse(raw);
  } catch (error) {
    throw StatusError.badRequest(`unable to decode protobuf: embedded JSON is malformed: ${(error as Error).message}`);
  }
}

function decodeTime(scalar: ScalarType, numbers: Map<number, bigint>, empty: boolean): string | undefined {
  // The zero time is written as year 1, or as nothing; JSON has null for it.
  const seconds = Number(BigInt.asIntN(64, numbers.get(1) ?? 0n));
  if (empty || seconds === -62135596800) return undefined;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw StatusError.badRequest(`unable to decode protobuf: ${seconds} s is no time`);
  const text = date.toISOString().slice(0, 19);
  const micros = Math.floor(Number(BigInt.asIntN(32, numbers.get(2) ?? 0n)) / 1000);
  return scalar === 'MicroTime' ? `${text}.${String(micros).padStart(6, '0')}Z` : `${text}Z`;
}

export function encodeProtobuf(message: MessageSchema, object: Record<string, unknown>): Uint8Array {
  const out = new WireWriter();
  for (const field of [...message.fields].sort((a, b) => (a.number ?? 0) - (b.number ?? 0))) {
    if (field.number === undefined) continue;
    if (field.inline && field.schema.kind === 'message') {
      out.tag(field.number, wireTypes.bytes);
      out.bytes(encodeProtobuf(field.schema.message, object));
      continue;
    }
    const value = object[field.name];
    if (value !== undefined && value !== null) encodeField(out, field.number, field.schema, value);
  }
  return out.finish();
}

function encodeField(out: WireWriter, number: number, schema: TypeSchema, value: unknown): void {
  if (schema.kind === 'list') {
    for (const item of value as unknown[]) encodeField(out, number, schema.of, item);
  } else if (schema.kind === 'map') {
    for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
      const entry = new WireWriter();
      writeText(entry, 1, key);
      if (schema.of.kind === 'list') {
        const list = new WireWriter();
        encodeField(list, 1, schema.of, item);
        entry.tag(2, wireTypes.bytes);
        entry.bytes(list.finish());
      } else encodeField(entry, 2, schema.of, item);
      out.tag(number, wireTypes.bytes);
      out.bytes(entry.finish());
    }
  } else if (schema.kind === 'message') {
    out.tag(number, wireTypes.bytes);
    out.bytes(encodeProtobuf(schema.message, isRecord(value) ? value : {}));
  } else encodeScalar(out, number, schema.scalar, value);
}

function encodeScalar(out: WireWriter, number: number, scalar: ScalarType, value: unknown): void {
  switch (scalar) {
    case 'bool':
    case 'int32':
    case 'int64':
      out.tag(number, wireTypes.varint);
      out.varint(BigInt(value as number | boolean));
      return;
    case 'double':
      out.tag(number, wireTypes.fixed64);
      out.double(value as number);
      return;
    case 'string':
      writeText(out, number, value as string);
      return;
    case 'bytes':
      out.tag(number, wireTypes.bytes);
      out.bytes(fromBase64(value as string));
      return;
    default:
      out.tag(number, wireTypes.bytes);
      out.bytes(encodeSpecial(scalar, value));
  }
}

function encodeSpecial(scalar: ScalarType, value: unknown): Uint8Array {
  const out = new WireWriter();
  const number = (field: number, amount: number) => {
    out.tag(field, wireTypes.varint);
    out.varint(BigInt(amount));
  };
  if (scalar === 'Quantity') writeText(out, 1, String(value));
  else if (scalar === 'IntOrString') {
    number(1, typeof value === 'number' ? 0 : 1);
    number(2, typeof value === 'number' ? value : 0);
    writeText(out, 3, typeof value === 'string' ? value : '');
  } else if (scalar === 'Time' || scalar === 'MicroTime') {
    const text = value as string;
    const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
    number(1, Math.floor(Date.parse(text) / 1000));
    number(2, Number(fraction.padEnd(9, '0')));
  } else {
    out.tag(1, wireTypes.bytes);
    out.bytes(utf8.encoder.encode(JSON.stringify(value)));
  }
  return out.finish();
}

function eachField(bytes: Uint8Array, visit: (number: number, reader: WireReader, wire: number) => void): void {
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    visit(number, reader, wire);
  }
}

function expectBytes(reader: WireReader, wire: number, field: FieldSchema): Uint8Array {
  if (wire !== wireTypes.bytes) throw wrongWire(field);
  return reader.bytes();
}

function expectVarint(reader: WireReader, wire: number, field: FieldSchema): bigint {
  if (wire !== wireTypes.varint) throw wrongWire(field);
  return reader.varint();
}

function wrongWire(field: FieldSchema): StatusError {
  return StatusError.badRequest(`unable to decode protobuf: wrong wire type for field ${field.name}`);
}

function writeText(out: WireWriter, number: number, text: string): void {
  out.tag(number, wireTypes.bytes);
  out.bytes(utf8.encoder.encode(text));
}

function isNumeric(scalar: ScalarType): boolean {
  return scalar === 'int32' || scalar === 'int64' || scalar === 'bool' || scalar === 'double';
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function zeroOf(scalar: ScalarType): unknown {
  return isNumeric(scalar) ? (scalar === 'bool' ? false : 0) : '';
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
