// Lists whose items are known by a key that one of them may lack: of an object that has such an item, Kubernetes cannot tell who owns what.
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
  return value.some((item) => keys.some((name) => !isRecord(item) || item[name] === undefined));
}

/** The keys of a list's items that may not be there, and mean nothing then. */
function mayLack(shape: Shape): string[] {
  return shape.kind === 'keyed' ? shape.keys.filter((key) => key.default === undefined).map(({ name }) => name) : [];
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
    return mayLack(shapeOf(field)).some((name) => item.byName.get(name)?.omitempty);
  });
  suspects.set(message, found);
  return found;
}
