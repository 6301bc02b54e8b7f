// Kubernetes' protobuf to JSON objects, driven by schemas. Go's generated code writes non-pointer scalars even when zero, so
// decoding drops those zeros where JSON would leave them out; pointer fields keep theirs. Input is hostile until shown otherwise.
import { wholeNumberOf } from './exact-json.ts';
import { durationText } from './go-duration.ts';
import { parseJson } from './json.ts';
import { eachField, textOf, WireReader, wireTypes } from './protobuf-wire.ts';
import type { FieldSchema, MessageSchema, ScalarType, TypeSchema } from './schema.ts';
import { StatusError } from './status.ts';

const depthMax = 100;
/** The years that RFC 3339 can write: 0001-01-01T00:00:00Z (Go's zero time) to 9999-12-31T23:59:59Z. */
const zeroTimeSeconds = -62135596800;
const lastTimeSeconds = 253402300799;

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
  if (schema.kind === 'list' && !field.namedList) {
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
    let value: unknown = zeroOf(schema.of);
    eachField(expectBytes(reader, wire, field), (number, entry, entryWire) => {
      if (number === 1 && entryWire === wireTypes.bytes) key = textOf(entry.bytes());
      else if (number === 2) value = decodeValue(schema.of, entry, entryWire, field, depth);
      else entry.skip(entryWire);
    });
    if (key === '__proto__') throw StatusError.badRequest('the key "__proto__" is not allowed');
    if (value !== undefined) map[key] = value;
    return;
  }
  const value = decodeValue(schema, reader, wire, field, depth);
  if (value === undefined) return;
  if (isZero(value) && field.omitempty && !field.pointer) return;
  // A non-pointer struct is always written; empty, it says nothing.
  if (schema.kind === 'message' && field.omitempty && !field.pointer && Object.keys(value as object).length === 0) return;
  out[field.name] = value;
}

/** A named list type (Verbs, and ExtraValue in a map) is a message of its own: repeated items = 1. */
function decodeListMessage(of: TypeSchema, bytes: Uint8Array, field: FieldSchema, depth: number): unknown[] {
  const items: unknown[] = [];
  eachField(bytes, (number, reader, wire) => {
    if (number === 1) items.push(decodeValue(of, reader, wire, field, depth));
    else reader.skip(wire);
  });
  return items;
}

/** A message with a field for each; the bool, which comes first, is there in any case. */
function decodeAlternative(alternatives: TypeSchema[], bytes: Uint8Array, field: FieldSchema, depth: number): unknown {
  let value: unknown = alternatives[0]?.kind === 'scalar' ? false : undefined;
  eachField(bytes, (number, reader, wire) => {
    const schema = alternatives[number - 1];
    if (!schema) reader.skip(wire);
    else if (schema.kind === 'list') value = [...(Array.isArray(value) ? value : []), decodeValue(schema.of, reader, wire, field, depth)];
    else {
      const decoded = decodeValue(schema, reader, wire, field, depth);
      // What says that there is a schema says no more.
      if (schema.kind !== 'scalar' || typeof value === 'boolean') value = decoded;
    }
  });
  return value;
}

function decodeValue(schema: TypeSchema, reader: WireReader, wire: number, field: FieldSchema, depth: number): unknown {
  if (schema.kind === 'message') return decodeMessage(schema.message, expectBytes(reader, wire, field), depth + 1);
  if (schema.kind === 'list') return decodeListMessage(schema.of, expectBytes(reader, wire, field), field, depth);
  if (schema.kind === 'scalar' && schema.alternatives)
    return decodeAlternative(schema.alternatives, expectBytes(reader, wire, field), field, depth + 1);
  if (schema.kind === 'map') throw StatusError.badRequest(`unable to decode protobuf: field ${field.name} is a map inside another`);
  switch (schema.scalar) {
    case 'bool':
      return expectVarint(reader, wire, field) !== 0n;
    case 'int32':
      return Number(BigInt.asIntN(32, expectVarint(reader, wire, field)));
    case 'int64':
      return wholeNumberOf(BigInt.asIntN(64, expectVarint(reader, wire, field)));
    case 'double':
      if (wire !== wireTypes.fixed64) throw wrongWire(field);
      return finite(reader.double(), field);
    case 'string':
      return textOf(expectBytes(reader, wire, field));
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
  const text = (number: number) => textOf(texts.get(number) ?? new Uint8Array());
  if (scalar === 'Quantity') return text(1);
  if (scalar === 'IntOrString') return (numbers.get(1) ?? 0n) === 0n ? Number(BigInt.asIntN(32, numbers.get(2) ?? 0n)) : text(3);
  if (scalar === 'Time' || scalar === 'MicroTime') return decodeTime(scalar, numbers, bytes.length === 0);
  if (scalar === 'Duration') return durationText(BigInt.asIntN(64, numbers.get(1) ?? 0n));
  const raw = texts.get(1);
  return raw === undefined || raw.length === 0 ? undefined : parseJson(raw);
}

function decodeTime(scalar: ScalarType, numbers: Map<number, bigint>, empty: boolean): string | undefined {
  // The zero time is written as year 1, or as nothing; JSON has null for it.
  const seconds = Number(BigInt.asIntN(64, numbers.get(1) ?? 0n));
  if (empty || seconds === zeroTimeSeconds) return undefined;
  const nanos = Number(BigInt.asIntN(32, numbers.get(2) ?? 0n));
  if (seconds < zeroTimeSeconds || seconds > lastTimeSeconds || nanos < 0 || nanos >= 1e9)
    throw StatusError.badRequest(`unable to decode protobuf: ${seconds} s and ${nanos} ns are no time`);
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return scalar === 'MicroTime' ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`;
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

function isNumeric(scalar: ScalarType): boolean {
  return scalar === 'int32' || scalar === 'int64' || scalar === 'bool' || scalar === 'double';
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

/** What an entry of a map stands for that has no value. */
function zeroOf(schema: TypeSchema): unknown {
  if (schema.kind !== 'scalar') return schema.kind === 'list' ? [] : {};
  switch (schema.scalar) {
    case 'bool':
      return false;
    case 'string':
    case 'bytes':
      return '';
    case 'Quantity':
      return '0';
    case 'int32':
    case 'int64':
    case 'double':
    case 'IntOrString':
      return 0;
    default:
      return undefined;
  }
}

function finite(value: number, field: FieldSchema): number {
  // JSON has neither infinities nor NaN.
  if (Number.isFinite(value)) return value;
  throw StatusError.badRequest(`unable to decode protobuf: field ${field.name} is no number`);
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}
