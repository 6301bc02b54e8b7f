// Lists of custom resources that are sets, or whose items have keys: two of them are equal whatever their order, and adding one to
// another leaves no element twice (Kubernetes, "Validation rules", on equality and concatenation). To the language they are lists.
import { ExpressionError } from './expression-error.ts';
import { entriesOf } from './values.ts';

/** By list: the keys of its items, none for sets. */
const semantics = new WeakMap<readonly unknown[], readonly string[]>();
const noKeys: readonly string[] = [];

/** @param list from now on a set */
export function asSet(list: unknown[]): unknown[] {
  semantics.set(list, noKeys);
  return list;
}

/** @param keys names of members that no two items have alike. @param list from now on looked at so */
export function asKeyedList(list: unknown[], keys: readonly string[]): unknown[] {
  semantics.set(list, keys);
  return list;
}

/** Values that hold such lists somewhere. */
const holders = new WeakSet<object>();

/** @param value a map or list whose parts have been made. @param parts of it */
export function holding<T extends object>(value: T, parts: Iterable<unknown>): T {
  for (const part of parts) {
    if (typeof part !== 'object' || part === null || !(semantics.has(part as unknown[]) || holders.has(part))) continue;
    holders.add(value);
    break;
  }
  return value;
}

const keysOf = (value: unknown) => (Array.isArray(value) ? semantics.get(value) : undefined);

/** Undefined unless the one on the left is such a list, and the other a list, or what is compared holds such. */
export function combinedLists(op: string, left: unknown, right: unknown): unknown {
  if (typeof left !== 'object' || left === null || typeof right !== 'object' || right === null) return undefined;
  if (holders.has(left) && (op === '==' || op === '!=')) return (canonical(left) === canonical(right)) === (op === '==');
  const keys = keysOf(left);
  if (!keys || !Array.isArray(left) || !Array.isArray(right)) return undefined;
  switch (op) {
    case '==':
      return areEqual(left, right);
    case '!=':
      return !areEqual(left, right);
    case '+':
      return together(left, right, keys);
    default:
      return undefined;
  }
}

/** Elements in no order: as many, and each one of the right among the left ones, which no two are alike. */
function areEqual(left: unknown[], right: unknown[]): boolean {
  if (left.length !== right.length) return false;
  const texts = new Set(left.map(canonical));
  return right.every((item) => texts.has(canonical(item)));
}

/** What is in both keeps its place; of items with keys, it is the right one's. */
function together(left: unknown[], right: unknown[], keys: readonly string[]): unknown[] {
  const places = new Map(left.map((item, i) => [textOf(item, keys), i]));
  const all = [...left];
  for (const item of right) {
    const text = textOf(item, keys);
    const place = places.get(text);
    if (place !== undefined) all[place] = item;
    else {
      places.set(text, all.length);
      all.push(item);
    }
  }
  semantics.set(all, keys);
  return all;
}

/** One for values that are equal: of an item with keys, that of these. */
function textOf(item: unknown, keys: readonly string[]): string {
  if (keys.length === 0 || !(item instanceof Map)) return canonical(item);
  return JSON.stringify(keys.map((key) => canonical(item.get(key))));
}

function canonical(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value);
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) {
    const parts = value.map(canonical);
    return `[${(keysOf(value) ? parts.sort() : parts).join()}]`;
  }
  if (value instanceof Uint8Array) return `b${JSON.stringify(Buffer.from(value).toString('base64'))}`;
  if (value instanceof Date) return `t${value.getTime()}`;
  const entries = entriesOf(value);
  if (entries)
    return `{${entries
      .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)
      .sort()
      .join()}}`;
  if (typeof value === 'object' && 'toString' in value) return `o${String(value)}`;
  throw new ExpressionError('the list has values that cannot be compared');
}
