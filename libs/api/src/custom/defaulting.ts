// Fills in the defaults that a schema states: for what is absent, and for a null where there may be none.
import { deepClone, isRecord } from '@berth/machinery';
import type { SchemaNode } from './schema-node.ts';
import { additionalOf, itemsOf, memberSchema, type Schema } from './schema-parts.ts';

/** @param value is changed */
export function fillDefaults(schema: Schema | undefined, value: unknown): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    for (const [i, item] of value.entries()) {
      if (item === null && items && !items.nullable) value[i] = deepClone(items.default ?? null);
      fillDefaults(items, value[i]);
    }
  } else if (isRecord(value)) fillMembers(schema, value);
}

function fillMembers(schema: Schema, value: Record<string, unknown>): void {
  for (const [name, property] of withDefaults(schema)) {
    if (!Object.hasOwn(value, name) || (value[name] === null && !property.nullable)) value[name] = deepClone(property.default);
  }
  for (const name of Object.keys(value)) {
    if (typeof value[name] !== 'object') continue;
    const member = memberSchema(schema, name);
    if (value[name] === null && member && !member.nullable && member.default !== undefined) value[name] = deepClone(member.default);
    fillDefaults(member, value[name]);
  }
}

const known = new WeakMap<Schema, [string, Schema][]>();

/** Properties that have a default; schemas stay what they are. */
function withDefaults(schema: Schema): [string, Schema][] {
  let found = known.get(schema);
  if (!found) {
    found = Object.entries(schema.properties ?? {}).filter(([, property]) => property.default !== undefined && property.default !== null);
    known.set(schema, found);
  }
  return found;
}

/** Whether filling in defaults, or taking out nulls that stand for none, would change a value. */
export function lacksDefaults(node: SchemaNode, value: unknown): boolean {
  const isWanting = (inner: SchemaNode | undefined, part: unknown) =>
    inner !== undefined && typeof part === 'object' && (part === null ? !inner.schema.nullable : lacksDefaults(inner, part));
  if (Array.isArray(value)) {
    // A null in a list stays where nothing stands for it.
    const hasPreset = (node.items?.schema.default ?? null) !== null;
    return value.some((item) => (item !== null || hasPreset) && isWanting(node.items, item));
  }
  if (!isRecord(value)) return false;
  if (withDefaults(node.schema).some(([name]) => !Object.hasOwn(value, name))) return true;
  for (const name in value) if (isWanting(node.member(name), value[name])) return true;
  return false;
}

/** Whether a schema states any default. */
export function hasDefaults(schema: Schema | undefined): boolean {
  if (!schema) return false;
  const additional = additionalOf(schema);
  const inner = [...Object.values(schema.properties ?? {}), itemsOf(schema), additional === 'any' ? undefined : additional];
  return schema.default !== undefined || inner.some(hasDefaults);
}
