// Field sets by their JSON, in order. Objects that are made alike, such as the pods of one template, have equal ones: each is kept
// once, frozen, and is written without being walked again.
import { orderedText } from './element-order.ts';
import { equalSets, type FieldSet, isEmpty, leaf } from './field-set.ts';

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
  const set = freeze(JSON.parse(text) as Record<string, FieldSet>);
  inOrder.add(set);
  if (text.length > textLengthMax) return set;
  if (setsByText.size >= setsMax) forgetOldest();
  setsByText.set(text, set);
  textsBySet.set(set, text);
  return set;
}

/** Whether `setOf` has made it before and still keeps it. */
export function hasSet(text: string): boolean {
  return setsByText.has(text);
}

/** Whether a set is still kept; it is asked for with this. */
export function isKept(set: FieldSet): boolean {
  const text = textsBySet.get(set);
  return text !== undefined && setOf(text) === set;
}

function forgetOldest(): void {
  for (const [text, set] of setsByText) {
    setsByText.delete(text);
    textsBySet.delete(set);
    return;
  }
}

/** Beyond this, the one that was not asked for longest is left out. */
const recentMax = 8;
/** What was put in order lately: what is alike need not be again. */
const recent: FieldSet[] = [];

/** The same set, frozen and with its elements in order. */
export function ordered(set: FieldSet): FieldSet {
  if (inOrder.has(set)) return set;
  const at = recent.findIndex((other) => equalSets(set, other));
  const [known] = at < 0 ? [] : recent.splice(at, 1);
  const found = known && isKept(known) ? known : setOf(orderedText(set, knownText));
  if (!textsBySet.has(found)) return found;
  recent.unshift(found);
  if (recent.length > recentMax) recent.pop();
  return found;
}

/** The JSON of a set that `setOf` has kept. */
export function knownText(set: object): string | undefined {
  return textsBySet.get(set as FieldSet);
}

/** Most of a set are leaves, and all of them are one. */
function freeze(set: Record<string, FieldSet>): FieldSet {
  for (const element in set) {
    const beneath = set[element] as FieldSet;
    set[element] = isEmpty(beneath) ? leaf : freeze(beneath);
  }
  return Object.freeze(set);
}
