// Field sets by their JSON, in order. Objects that are made alike, such as the pods of one template, have equal ones: each is kept
// once, frozen, and is written without being walked again.
import { orderedText } from './element-order.ts';
import type { FieldSet } from './field-set.ts';

/** Beyond this, the set that was not asked for longest is forgotten; beyond the length, a set is never kept. */
const setsMax = 500;
const textLengthMax = 8 * 1024;

const setsByText = new Map<string, FieldSet>();
const textsBySet = new WeakMap<FieldSet, string>();
/** Also those that are forgotten, or too long to be kept. */
const inOrder = new WeakSet<FieldSet>();

/** @param text JSON of a set, in order */
export function setOf(text: string): FieldSet {
  const known = setsByText.get(text);
  if (known) {
    setsByText.delete(text);
    setsByText.set(text, known);
    return known;
  }
  const set = freeze(JSON.parse(text) as FieldSet);
  inOrder.add(set);
  if (text.length > textLengthMax) return set;
  if (setsByText.size >= setsMax) forgetOldest();
  setsByText.set(text, set);
  textsBySet.set(set, text);
  return set;
}

function forgetOldest(): void {
  for (const [text, set] of setsByText) {
    setsByText.delete(text);
    textsBySet.delete(set);
    return;
  }
}

/** The same set, frozen and with its elements in order. */
export function ordered(set: FieldSet): FieldSet {
  return inOrder.has(set) ? set : setOf(orderedText(set, knownText));
}

/** The JSON of a set that `setOf` has kept. */
export function knownText(set: object): string | undefined {
  return textsBySet.get(set as FieldSet);
}

function freeze(set: FieldSet): FieldSet {
  for (const element in set) freeze(set[element] as FieldSet);
  return Object.freeze(set);
}
