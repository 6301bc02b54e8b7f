// Lists whose items are known by keys, all of which one of them may lack: of an object that has such an item, Kubernetes cannot tell who owns
// what.
import { isRecord } from '../json.ts';
import type { FieldSchema, MessageSchema } from '../schema.ts';
import { type Shape, shapeOf } from './shape.ts';

/** The fields in which there may be such a list, with what they hold; for most types, none. */
const suspects = new WeakMap<MessageSchema, FieldSchema[]>();

export function lacksKeys(message: MessageSchema, value: unknown): boolean {
  if (!isRecord(value)) return false;
  return suspectsOf(message).some((field) => isLacking(field, value[field.name]));
}

function isLacking(field: FieldSchema, value: unknown): boolean {
  const { schema } = field;
  if (schema.kind === 'message') return lacksKeys(schema.message, value);
  if (!Array.isArray(value)) return false;
  const keys = mayLack(shapeOf(field));
  return keys.length > 0 && value.some((item) => !isRecord(item) || keys.every((name) => item[name] === undefined));
}

/** The keys of a list's items, where all of them may not be there, and mean nothing then. */
function mayLack(shape: Shape): string[] {
  if (shape.kind !== 'keyed' || shape.keys.some((key) => key.default !== undefined)) return [];
  return shape.keys.map(({ name }) => name);
}

function suspectsOf(message: MessageSchema, above: ReadonlySet<MessageSchema> = new Set()): FieldSchema[] {
  const known = suspects.get(message);
  if (known) return known;
  const within = new Set([...above, message]);
  const found = [...message.byName.values()].filter((field) => {
    const { schema } = field;
    if (schema.kind === 'message') return !within.has(schema.message) && suspectsOf(schema.message, within).length > 0;
    if (schema.kind !== 'list' || schema.of.kind !== 'message') return false;
    const item = schema.of.message;
    const keys = mayLack(shapeOf(field));
    return keys.length > 0 && keys.every((name) => item.byName.get(name)?.omitempty);
  });
  suspects.set(message, found);
  return found;
}
