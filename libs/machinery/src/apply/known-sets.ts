// Field sets by their JSON. Objects that are made alike, such as the pods of one template, have equal ones: each is kept once,
// frozen, and is written without being walked again.
import type { FieldSet } from './field-set.ts';

/** Beyond this, the set that was first made is forgotten; beyond the length, a set is never kept. */
const setsMax = 500;
const textLengthMax = 8 * 1024;

const setsByText = new Map<string, FieldSet>();
const textsBySet = new WeakMap<FieldSet, string>();

/** @param text JSON of a set */
export function setOf(text: string): FieldSet {
  const known = setsByText.get(text);
  if (known) return known;
  const set = JSON.parse(text) as FieldSet;
  if (text.length > textLengthMax) return set;
  const [oldest] = setsByText.keys();
  if (oldest !== undefined && setsByText.size >= setsMax) setsByText.delete(oldest);
  setsByText.set(text, freeze(set));
  textsBySet.set(set, text);
  return set;
}

/** The JSON of a set that `setOf` has kept. */
export function knownText(set: object): string | undefined {
  return textsBySet.get(set as FieldSet);
}

function freeze(set: FieldSet): FieldSet {
  for (const element in set) freeze(set[element] as FieldSet);
  return Object.freeze(set);
}
