// The order in which structured-merge-diff writes a set of fields: the element itself, then members by name, items by their keys,
// values and places. Clients compare objects with it (managedFields of two answers), so every set is written in it.
import { isRecord } from '../json.ts';
import type { FieldSet } from './field-set.ts';

const ranks: Readonly<Record<string, number>> = { '.': 0, f: 1, k: 2, v: 3, i: 4 };

export function compareElements(a: string, b: string): number {
  const kind = a.charAt(0);
  if (kind === 'f' && b.charAt(0) === 'f') return compareTexts(a, b);
  const byKind = (ranks[kind] ?? 5) - (ranks[b.charAt(0)] ?? 5);
  if (byKind !== 0) return byKind;
  if (kind === 'k') return compareKeys(a.slice(2), b.slice(2));
  if (kind === 'v') return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
  if (kind === 'i') return Number(a.slice(2)) - Number(b.slice(2));
  return compareTexts(a, b);
}

/** Most keys are one text, which need not be parsed to be compared. */
const simpleKey = /^\{"(\w+)":"([^"\\]*)"\}$/;

function compareKeys(a: string, b: string): number {
  const [simple, other] = [simpleKey.exec(a), simpleKey.exec(b)];
  if (simple && other) return compareTexts(simple[1] ?? '', other[1] ?? '') || compareTexts(simple[2] ?? '', other[2] ?? '');
  const [left, right] = [fieldsOf(a), fieldsOf(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [name, value] = left[i] as [string, unknown];
    const [otherName, otherValue] = right[i] as [string, unknown];
    const order = compareTexts(name, otherName) || compareValues(value, otherValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function fieldsOf(key: string): [string, unknown][] {
  return Object.entries(JSON.parse(key) as Record<string, unknown>).sort(([a], [b]) => compareTexts(a, b));
}

/** Numbers first, then texts, booleans and the rest; lists and maps are no keys, so that their text will do. */
function compareValues(a: unknown, b: unknown): number {
  const order = rankOf(a) - rankOf(b);
  if (order !== 0) return order;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  return compareTexts(JSON.stringify(a), JSON.stringify(b));
}

function rankOf(value: unknown): number {
  const rank = ['number', 'string', 'boolean'].indexOf(typeof value);
  return rank >= 0 ? rank : 3;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A set's JSON, in order.
 * @param known the texts of sets that were written before
 */
export function orderedText(set: FieldSet, known?: (set: FieldSet) => string | undefined): string {
  const elements = Object.keys(set);
  if (elements.length === 0) return '{}';
  const before = known?.(set);
  if (before !== undefined) return before;
  if (elements.length > 1) elements.sort(compareElements);
  let text = '';
  for (const element of elements)
    text += `${text === '' ? '{' : ','}${JSON.stringify(element)}:${orderedText(beneath(set, element), known)}`;
  return `${text}}`;
}

function beneath(set: FieldSet, element: string): FieldSet {
  const inner = set[element];
  return isRecord(inner) ? inner : {};
}
