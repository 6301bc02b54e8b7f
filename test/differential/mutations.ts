// Changes one thing in an object, as its schema suggests: values at and beyond limits, wrong types, names that are none, repeated
// elements, fields that are missing, empty, null or unknown. What comes out is valid now and then, as what people write.
import { isRecord, type MessageSchema, type TypeSchema } from '@berth/machinery';
import type { Random } from '@berth/telemetry';
import { invented, oddValue, wrongType } from './values.ts';

type Fields = Record<string, unknown>;

/** Where metadata is the server's business, and what tests of names do elsewhere. */
const leftAlone = new Set([
  'apiVersion',
  'kind',
  'managedFields',
  'name',
  'namespace',
  'generateName',
  'resourceVersion',
  'selfLink',
  'creationTimestamp',
]);
const metadataOften = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

/** Changes `object` in place; `depth` 0 is the object itself, whose identity stays. */
export function mutate(object: Fields, schema: MessageSchema, random: Random, depth = 0): void {
  const inMetadata = schema.name.endsWith('.ObjectMeta') && depth === 1;
  const names = [...schema.byName.keys()].filter((name) => !((depth === 0 || inMetadata) && leftAlone.has(name)));
  const present = names.filter((name) => (object[name] ?? undefined) !== undefined);
  const absent = names.filter((name) => (object[name] ?? undefined) === undefined);
  const chosen = inMetadata && random.int(4) > 0 ? metadataOften : present.length > 0 && random.int(4) > 0 ? present : absent;
  let name = chosen[random.int(chosen.length)];
  // Metadata is the same for every kind, and the status is dropped on most ways in: neither is worth half of all mutations.
  if (depth === 0 && (name === 'metadata' || name === 'status') && random.int(5) > 0)
    name = present.find((other) => other === 'spec') ?? name;
  if (name === undefined || (random.int(40) === 0 && depth > 0)) {
    object[`unknown${random.int(3)}`] = random.int(2) === 0 ? 'x' : { a: 1 };
    return;
  }
  const declared = schema.byName.get(name)?.schema;
  if (!declared) return;
  const value = object[name] ?? undefined;
  const type = actualType(value, declared);
  if (value === undefined) object[name] = invented(type, name, random, depth, schema.byName.get(name)?.enum);
  else if ((depth === 0 && name === 'metadata') || deeper(value, type, random)) mutateWithin(value, type, name, random, depth);
  else replace(object, name, type, random, depth, schema.byName.get(name)?.enum);
}

/** Of what may be one thing or another, what it is. */
function actualType(value: unknown, type: TypeSchema): TypeSchema {
  if (type.kind !== 'scalar' || !type.alternatives) return type;
  const kind = Array.isArray(value) ? 'list' : isRecord(value) ? 'message' : 'scalar';
  return type.alternatives.find((alternative) => alternative.kind === kind) ?? type;
}

function deeper(value: unknown, type: TypeSchema, random: Random): boolean {
  if (type.kind === 'scalar') return false;
  const size = Array.isArray(value) ? value.length : isRecord(value) ? Object.keys(value).length : 0;
  return size > 0 && random.int(6) > 0;
}

function mutateWithin(value: unknown, type: TypeSchema, name: string, random: Random, depth: number): void {
  if (type.kind === 'message' && isRecord(value)) mutate(value, type.message, random, depth + 1);
  if (type.kind === 'map' && isRecord(value)) mutateMap(value, type.of, name, random, depth);
  if (type.kind !== 'list' || !Array.isArray(value)) return;
  const index = random.int(value.length);
  const change = random.int(8);
  if (change === 0) value.push(structuredClone(value[index]));
  else if (change === 1) value.push(invented(type.of, name, random, depth + 1));
  else if (change === 2) value.splice(index, 1);
  else if (type.of.kind === 'message' && isRecord(value[index])) mutate(value[index], type.of.message, random, depth + 1);
  else value[index] = oddValue(type.of, name, random, value[index]);
}

function mutateMap(value: Fields, of: TypeSchema, name: string, random: Random, depth: number): void {
  const keys = Object.keys(value).sort();
  const key = keys[random.int(keys.length)] ?? '';
  const change = random.int(4);
  if (change === 0) delete value[key];
  else if (change === 1) value[String(oddValue({ kind: 'scalar', scalar: 'string' }, 'key', random, key))] = value[key];
  else if (of.kind === 'message' && isRecord(value[key])) mutate(value[key], of.message, random, depth + 1);
  else value[key] = oddValue(of, name, random, value[key]);
}

function replace(object: Fields, name: string, type: TypeSchema, random: Random, depth: number, values?: string[]): void {
  const change = random.int(16);
  if (change < 3) delete object[name];
  else if (change === 3) object[name] = null;
  else if (change === 4) object[name] = wrongType(type, random);
  else if (change === 5 && type.kind !== 'scalar') object[name] = type.kind === 'list' ? [] : {};
  else if (type.kind === 'scalar') object[name] = oddValue(type, name, random, object[name], values);
  else object[name] = invented(type, name, random, depth, values);
}
