// JSON objects to Kubernetes' protobuf, driven by schemas. Objects must have passed checkTypes: what has no place in its schema
// is left out, and values are taken to be of their types.
import { durationNanos } from './go-duration.ts';
import { isRecord } from './json.ts';
import { WireWriter, wireTypes } from './protobuf-wire.ts';
import type { MessageSchema, ScalarType, TypeSchema } from './schema.ts';

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
    if (value === undefined || value === null) continue;
    if (field.namedList) encodeListMessage(out, field.number, field.schema, value);
    else encodeField(out, field.number, field.schema, value);
  }
  return out.finish();
}

function encodeField(out: WireWriter, number: number, schema: TypeSchema, value: unknown): void {
  if (schema.kind === 'list') {
    for (const item of value as unknown[]) encodeField(out, number, schema.of, item);
  } else if (schema.kind === 'map') {
    for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
      const entry = new WireWriter();
      entry.text(1, key);
      if (schema.of.kind === 'list') encodeListMessage(entry, 2, schema.of, item);
      else encodeField(entry, 2, schema.of, item);
      out.tag(number, wireTypes.bytes);
      out.bytes(entry.finish());
    }
  } else if (schema.kind === 'message') {
    out.tag(number, wireTypes.bytes);
    out.bytes(encodeProtobuf(schema.message, isRecord(value) ? value : {}));
  } else if (schema.alternatives) {
    out.tag(number, wireTypes.bytes);
    out.bytes(encodeAlternative(schema.alternatives, value));
  } else encodeScalar(out, number, schema.scalar, value);
}

/** A named list type (Verbs, and ExtraValue in a map) is a message of its own: repeated items = 1. */
function encodeListMessage(out: WireWriter, number: number, schema: TypeSchema, items: unknown): void {
  const list = new WireWriter();
  encodeField(list, 1, schema, items);
  out.tag(number, wireTypes.bytes);
  out.bytes(list.finish());
}

/** A message with a field for each. Of a bool and something else, the bool says that there is something. */
function encodeAlternative(alternatives: TypeSchema[], value: unknown): Uint8Array {
  const out = new WireWriter();
  for (const [index, schema] of alternatives.entries()) {
    if (schema.kind === 'scalar') encodeField(out, index + 1, schema, value !== false);
    else if (schema.kind === 'list' ? Array.isArray(value) : isRecord(value)) encodeField(out, index + 1, schema, value);
  }
  return out.finish();
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
      out.text(number, value as string);
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
  if (scalar === 'Quantity') out.text(1, String(value));
  else if (scalar === 'IntOrString') {
    number(1, typeof value === 'number' ? 0 : 1);
    number(2, typeof value === 'number' ? value : 0);
    out.text(3, typeof value === 'string' ? value : '');
  } else if (scalar === 'Duration') {
    out.tag(1, wireTypes.varint);
    out.varint(durationNanos(String(value)) ?? 0n);
  } else if (scalar === 'Time' || scalar === 'MicroTime') {
    const text = value as string;
    // Kubernetes keeps no fractions of a second in a Time.
    const fraction = scalar === 'MicroTime' ? (/\.(\d{1,9})/.exec(text)?.[1] ?? '') : '';
    number(1, Math.floor(Date.parse(text) / 1000));
    number(2, Number(fraction.padEnd(9, '0')));
  } else {
    out.tag(1, wireTypes.bytes);
    out.bytes(new TextEncoder().encode(JSON.stringify(value)));
  }
  return out.finish();
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
