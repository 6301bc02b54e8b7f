// The fields in which two objects differ. Order in lists is nobody's, so it never differs. Every update is compared so, and most of an
// object is as it was: nothing is made of what is the same, neither sets nor the names of its elements.
import { deepEqual, isRecord, own } from '../json.ts';
import { shownAsNull } from '../schema.ts';
import { type FieldSet, isEmpty, leaf, noFields } from './field-set.ts';
import { everything, everythingWithin } from './object-fields.ts';
import { isWhole, itemElement, itemShape, type ListKey, memberOf, memberShape, plainKey, type Shape } from './shape.ts';

export interface FieldChanges {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

export const noChanges: FieldChanges = { added: noFields, modified: noFields, removed: noFields };
/** Of what has no parts of its own. */
const otherValue: FieldChanges = { ...noChanges };

type Mutable = { [part in keyof FieldChanges]: Record<string, FieldSet> };

/** Which fields `next` has that `old` has not, which differ, and which are gone. */
export function changedFields(shape: Shape, old: unknown, next: unknown): FieldChanges {
  if (old === undefined) return { ...noChanges, added: everything(shape, next) };
  return changesWithin(shape, old, next) ?? noChanges;
}

/** Undefined when nothing differs. */
function changesWithin(shape: Shape, old: unknown, next: unknown): FieldChanges | undefined {
  if (isRecord(old) && isRecord(next)) return changesOfMembers(shape, old, next);
  if (Array.isArray(old) && Array.isArray(next))
    return isAligned(shape, old, next) ? changesInPlace(shape, old, next) : changesOfItems(shape, old, next);
  // A list where a map was, or the other way round: they have nothing in common.
  return changesBetween(
    elements(shape, old),
    elements(shape, next),
    (element) => element,
    (element) => elementShape(shape, element),
  );
}

function changesOfMembers(shape: Shape, old: Record<string, unknown>, next: Record<string, unknown>): FieldChanges | undefined {
  let changes: Mutable | undefined;
  for (const name in next) {
    const [was, value] = [own(old, name), next[name]];
    const member = was === value || value === undefined ? undefined : memberOf(shape, name);
    const before = was ?? (member && isShown(shape, name) ? null : was);
    const found = member && before !== undefined ? difference(member.shape, before, value) : undefined;
    if (!member || (before !== undefined && !found)) continue;
    changes ??= none();
    if (found) put(changes, member.element, found);
    else changes.added[member.element] = everything(member.shape, value);
  }
  for (const name in old) {
    if (old[name] === undefined || own(next, name) !== undefined) continue;
    const member = memberOf(shape, name);
    const stays = isShown(shape, name);
    const found = member && stays ? difference(member.shape, old[name], null) : undefined;
    if (!member || (stays && !found)) continue;
    changes ??= none();
    if (found) put(changes, member.element, found);
    else changes.removed[member.element] = everything(member.shape, old[name]);
  }
  return changes;
}

/** Whether a field that holds nothing is there still, as null. */
function isShown(shape: Shape, name: string): boolean {
  return shape.kind === 'struct' && shownAsNull(shape.message).includes(name);
}

/** Of lists that have the same elements in the same places. */
function changesInPlace(shape: Shape, old: unknown[], next: unknown[]): FieldChanges | undefined {
  const inner = itemShape(shape);
  let changes: Mutable | undefined;
  let isRepeated: ((item: unknown) => boolean) | undefined;
  for (let i = 0; i < next.length; i++) {
    const value = next[i];
    const found = value === old[i] ? undefined : difference(inner, old[i], value);
    if (!found) continue;
    isRepeated ??= repeating(next, naming(shape, next));
    changes ??= none();
    if (isRepeated(value)) changes.modified[itemElement(shape, value)] = leaf;
    else put(changes, itemElement(shape, value), found);
  }
  return changes;
}

/** @returns whether others have an item's key as well */
function repeating(items: unknown[], nameOf: (item: unknown) => string): (item: unknown) => boolean {
  const [seen, repeated] = [new Set<string>(), new Set<string>()];
  for (const item of items) {
    const name = nameOf(item);
    if (seen.has(name)) repeated.add(name);
    seen.add(name);
  }
  return (item) => repeated.size > 0 && repeated.has(nameOf(item));
}

function changesOfItems(shape: Shape, old: unknown[], next: unknown[]): FieldChanges | undefined {
  const nameOf = naming(shape, [...old, ...next]);
  const inner = itemShape(shape);
  const [wasRepeated, isRepeated] = [repeating(old, nameOf), repeating(next, nameOf)];
  const changes = changesBetween(
    byName(
      old.filter((item) => !wasRepeated(item)),
      nameOf,
    ),
    byName(
      next.filter((item) => !isRepeated(item)),
      nameOf,
    ),
    (_, item) => itemElement(shape, item),
    () => inner,
  );
  const [was, is] = [old.filter(wasRepeated), next.filter(isRepeated)];
  return was.length > 0 || is.length > 0 ? withRepeated(shape, changes ?? none(), was, is) : changes;
}

/** Items with the same key are one thing, which changes as a whole, and are added or gone beside a single one with that key. */
function withRepeated(shape: Shape, changes: FieldChanges, was: unknown[], is: unknown[]): FieldChanges | undefined {
  const groups = (items: unknown[]) => Map.groupBy(items, (item) => itemElement(shape, item));
  const [before, after] = [groups(was), groups(is)];
  const all: Mutable = { added: { ...changes.added }, modified: { ...changes.modified }, removed: { ...changes.removed } };
  for (const [element, items] of after) {
    const had = before.get(element);
    if (!had) all.added[element] = leaf;
    else if (!deepEqual(had, items)) all.modified[element] = leaf;
  }
  for (const element of before.keys()) if (!after.has(element)) all.removed[element] = leaf;
  return isEmpty(all.added) && isEmpty(all.modified) && isEmpty(all.removed) ? undefined : all;
}

/** @param elementOf the path element of what has a name @param shapeOf undefined for what the schema does not know */
function changesBetween(
  before: Map<string, unknown>,
  after: Map<string, unknown>,
  elementOf: (name: string, value: unknown) => string,
  shapeOf: (name: string) => Shape | undefined,
): FieldChanges | undefined {
  const changes = none();
  for (const [name, value] of after) {
    const was = before.get(name);
    const inner = was === value ? undefined : shapeOf(name);
    if (!inner) continue;
    const found = was === undefined ? undefined : difference(inner, was, value);
    if (found) put(changes, elementOf(name, value), found);
    else if (was === undefined) changes.added[elementOf(name, value)] = everything(inner, value);
  }
  for (const [name, value] of before) {
    const inner = after.has(name) ? undefined : shapeOf(name);
    if (inner) changes.removed[elementOf(name, value)] = everything(inner, value);
  }
  return isEmpty(changes.added) && isEmpty(changes.modified) && isEmpty(changes.removed) ? undefined : changes;
}

/** What the items of a list are known by among themselves: most by one text, which need not be made an element to be compared. */
function naming(shape: Shape, items: unknown[]): (item: unknown) => string {
  const isPlain = items.every((item) => plainKey(shape, item) !== undefined);
  return isPlain ? (item) => plainKey(shape, item) ?? '' : (item) => itemElement(shape, item);
}

function byName(items: unknown[], nameOf: (item: unknown) => string): Map<string, unknown> {
  return new Map(items.map((item) => [nameOf(item), item]));
}

/** How an element differs that both have; undefined when it does not. */
function difference(shape: Shape, was: unknown, value: unknown): FieldChanges | undefined {
  if (!isWhole(shape, was) && !isWhole(shape, value)) return changesWithin(shape, was, value);
  // Of what is no leaf, only the parts change when it was null or is.
  if (was === null && hasParts(shape, value)) return { ...noChanges, added: everythingWithin(shape, value) };
  if (value === null && hasParts(shape, was)) return { ...noChanges, removed: everythingWithin(shape, was) };
  return deepEqual(was, value) ? undefined : otherValue;
}

function hasParts(shape: Shape, value: unknown): boolean {
  return !isWhole(shape, value) && Object.keys(value as object).length > 0;
}

function none(): Mutable {
  return { added: {}, modified: {}, removed: {} };
}

function put(changes: Mutable, element: string, found: FieldChanges): void {
  if (found === otherValue) changes.modified[element] = leaf;
  if (!isEmpty(found.added)) changes.added[element] = found.added;
  if (!isEmpty(found.modified)) changes.modified[element] = found.modified;
  if (!isEmpty(found.removed)) changes.removed[element] = found.removed;
}

/** Whether lists have, as far as their keys tell without being written out, the same elements in the same places. */
function isAligned(shape: Shape, old: unknown[], next: unknown[]): boolean {
  if (old.length !== next.length) return false;
  if (shape.kind !== 'keyed') return next.every((item, i) => typeof item !== 'object' && item === old[i]);
  return next.every((item, i) => item === old[i] || hasSameKey(shape.keys, old[i], item));
}

function hasSameKey(keys: readonly ListKey[], old: unknown, next: unknown): boolean {
  if (!isRecord(old) || !isRecord(next)) return false;
  for (const { name } of keys) {
    const value = next[name];
    if (value !== old[name] || (typeof value === 'object' && value !== null)) return false;
  }
  return true;
}

/** The value's parts by path element. */
function elements(shape: Shape, value: unknown): Map<string, unknown> {
  if (Array.isArray(value)) return byName(value, (item) => itemElement(shape, item));
  if (!isRecord(value)) return new Map();
  const names = shape.kind === 'struct' ? new Set([...Object.keys(value), ...shownAsNull(shape.message)]) : Object.keys(value);
  const members = [...names].map((name): [string, unknown] => [`f:${name}`, value[name] ?? (isShown(shape, name) ? null : value[name])]);
  return new Map(members.filter(([, inner]) => inner !== undefined));
}

function elementShape(shape: Shape, element: string): Shape | undefined {
  return element.startsWith('f:') ? memberShape(shape, element.slice(2)) : itemShape(shape);
}
