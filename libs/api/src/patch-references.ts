// Patches computed the simplest way there is, for property tests: what turns one object into another. They know the formats
// from their specifications, and nothing of the code that applies patches.
import { deepEqual, type FieldSchema, isRecord, type MessageSchema, type TypeSchema } from '@berth/machinery';

type Json = Record<string, unknown>;

/** The algorithm of RFC 7386, section 2, as it stands there. */
export function mergePatchByTheBook(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Json = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatchByTheBook(result[name], value);
  }
  return result;
}

/** A merge patch; neither object may hold nulls, which merge patches cannot say. */
export function mergeDiff(from: Json, to: Json): Json {
  const patch: Json = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const before = from[key];
    if (deepEqual(before, value)) continue;
    patch[key] = isRecord(before) && isRecord(value) ? mergeDiff(before, value) : value;
  }
  return patch;
}

/** A JSON patch (RFC 6902) of add, remove and replace. */
export function jsonDiff(from: unknown, to: unknown, path = ''): object[] {
  if (deepEqual(from, to)) return [];
  if (isRecord(from) && isRecord(to)) {
    const at = (key: string) => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const removed = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
    return [
      ...removed.map((key) => ({ op: 'remove', path: at(key) })),
      ...Object.entries(to).flatMap(([key, value]) =>
        Object.hasOwn(from, key) ? jsonDiff(from[key], value, at(key)) : [{ op: 'add', path: at(key), value }],
      ),
    ];
  }
  if (Array.isArray(from) && Array.isArray(to)) {
    const both = Math.min(from.length, to.length);
    const changed = to.slice(0, both).flatMap((value, index) => jsonDiff(from[index], value, `${path}/${index}`));
    const gone = from.slice(both).map(() => ({ op: 'remove', path: `${path}/${both}` }));
    return [...changed, ...gone, ...to.slice(both).map((value) => ({ op: 'add', path: `${path}/-`, value }))];
  }
  return [{ op: 'replace', path, value: to }];
}

/** A strategic merge patch with every directive that it needs; lists with merge keys must be `wellKeyed`. */
export function strategicDiff(message: MessageSchema | undefined, from: Json, to: Json): Json {
  const patch: Json = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const before = from[key];
    if (deepEqual(before, value)) continue;
    const field = message?.byName.get(key);
    if (isRecord(before) && isRecord(value)) patch[key] = objectDiff(field, before, value);
    else if (Array.isArray(before) && Array.isArray(value) && field?.patchStrategy?.includes('merge'))
      listDiff(patch, key, field, before, value);
    else patch[key] = value;
  }
  return patch;
}

function objectDiff(field: FieldSchema | undefined, from: Json, to: Json): Json {
  if (field?.patchStrategy?.includes('replace')) return to;
  const patch = strategicDiff(field?.schema.kind === 'message' ? field.schema.message : undefined, from, to);
  return field?.patchStrategy?.includes('retainKeys') ? { ...patch, $retainKeys: Object.keys(to) } : patch;
}

function listDiff(patch: Json, name: string, field: FieldSchema, from: unknown[], to: unknown[]): void {
  const key = field.patchMergeKey;
  const idOf = (item: unknown): unknown => (key !== undefined && isRecord(item) ? item[key] : item);
  const gone = from.filter((item) => !to.some((other) => idOf(other) === idOf(item)));
  const added = to.flatMap((item) => {
    const before = from.find((other) => idOf(other) === idOf(item));
    if (before === undefined) return [item];
    if (key === undefined || deepEqual(before, item) || !isRecord(before) || !isRecord(item)) return [];
    return [{ ...strategicDiff(elementOf(field.schema), before, item), [key]: item[key] }];
  });
  const removals = key === undefined ? [] : gone.map((item) => ({ $patch: 'delete', [key]: idOf(item) }));
  if (key === undefined && gone.length > 0) patch[`$deleteFromPrimitiveList/${name}`] = gone;
  if (added.length + removals.length > 0) patch[name] = [...added, ...removals];
  patch[`$setElementOrder/${name}`] = to.map((item) => (key === undefined ? item : { [key]: idOf(item) }));
}

function elementOf(schema: TypeSchema): MessageSchema | undefined {
  return schema.kind === 'list' && schema.of.kind === 'message' ? schema.of.message : undefined;
}

/** The same object with lists that merge made into what they stand for: maps by their key, or sets. */
export function wellKeyed(message: MessageSchema | undefined, object: Json): Json {
  const result: Json = {};
  for (const [name, value] of Object.entries(object)) {
    const field = message?.byName.get(name);
    result[name] = field ? keyedValue(field.schema, value, field) : value;
  }
  return result;
}

function keyedValue(schema: TypeSchema, value: unknown, field?: FieldSchema): unknown {
  if (schema.kind === 'message') return isRecord(value) ? wellKeyed(schema.message, value) : value;
  if (schema.kind === 'map' && isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, keyedValue(schema.of, item)]));
  if (schema.kind !== 'list' || !Array.isArray(value)) return value;
  const items = value.map((item) => keyedValue(schema.of, item));
  if (!field?.patchStrategy?.includes('merge')) return items;
  const key = field.patchMergeKey;
  if (key === undefined) return [...new Set(items)];
  const known = new Map<unknown, unknown>();
  const isNumber = elementOf(schema)?.byName.get(key)?.type.startsWith('int') === true;
  for (const item of items) {
    const identified = isRecord(item) ? { ...item, [key]: item[key] ?? (isNumber ? 1 : 'none') } : item;
    const id = isRecord(identified) ? identified[key] : identified;
    if (!known.has(id)) known.set(id, identified);
  }
  return [...known.values()];
}
