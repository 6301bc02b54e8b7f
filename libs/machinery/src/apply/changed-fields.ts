// The fields in which two objects differ. Order in lists is nobody's, so it never differs. Every update is compared so, and most of an
// object is as it was: nothing is made of what is the same, neither sets nor the names of its elements.
import { deepEqual, isRecord } from '../json.ts';
import { type FieldSet, isEmpty, leaf, noFields } from './field-set.ts';
import { everything, itemShape } from './object-fields.ts';
import { itemElement, type ListKey, memberShape, type Shape } from './shape.ts';

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
  if (Array.isArray(old) && Array.isArray(next) && isAligned(shape, old, next)) return changesInPlace(shape, old, next);
  return changesOfElements(shape, elements(shape, old), elements(shape, next));
}

function changesOfMembers(shape: Shape, old: Record<string, unknown>, next: Record<string, unknown>): FieldChanges | undefined {
  let changes: Mutable | undefined;
  for (const name in next) {
    const [was, value] = [own(old, name), next[name]];
    const inner = was === value || value === undefined ? undefined : memberShape(shape, name);
    const found = inner && was !== undefined ? difference(inner, was, value) : undefined;
    if (!inner || (was !== undefined && !found)) continue;
    changes ??= none();
    if (found) put(changes, `f:${name}`, found);
    else changes.added[`f:${name}`] = everything(inner, value);
  }
  for (const name in old) {
    if (old[name] === undefined || own(next, name) !== undefined) continue;
    const inner = memberShape(shape, name);
    if (!inner) continue;
    changes ??= none();
    changes.removed[`f:${name}`] = everything(inner, old[name]);
  }
  return changes;
}

/** Of lists that have the same elements in the same places. */
function changesInPlace(shape: Shape, old: unknown[], next: unknown[]): FieldChanges | undefined {
  const inner = itemShape(shape);
  let changes: Mutable | undefined;
  let firsts: Map<string, unknown> | undefined;
  for (let i = 0; i < next.length; i++) {
    const value = next[i];
    const found = value === old[i] ? undefined : difference(inner, old[i], value);
    if (!found) continue;
    firsts ??= elements(shape, next);
    const element = itemElement(shape, value);
    if (firsts.get(element) !== value) continue;
    changes ??= none();
    put(changes, element, found);
  }
  return changes;
}

function changesOfElements(shape: Shape, before: Map<string, unknown>, after: Map<string, unknown>): FieldChanges | undefined {
  const changes = none();
  for (const [element, value] of after) {
    const inner = elementShape(shape, element);
    const was = before.get(element);
    if (!inner || was === value) continue;
    if (was === undefined) changes.added[element] = everything(inner, value);
    else {
      const found = difference(inner, was, value);
      if (found) put(changes, element, found);
    }
  }
  for (const [element, value] of before) {
    const inner = after.has(element) ? undefined : elementShape(shape, element);
    if (inner) changes.removed[element] = everything(inner, value);
  }
  return isEmpty(changes.added) && isEmpty(changes.modified) && isEmpty(changes.removed) ? undefined : changes;
}

/** How an element differs that both have; undefined when it does not. */
function difference(shape: Shape, was: unknown, value: unknown): FieldChanges | undefined {
  const isContainer = shape.kind !== 'leaf' && typeof was === 'object' && typeof value === 'object' && was !== null && value !== null;
  if (isContainer) return changesWithin(shape, was, value);
  return deepEqual(was, value) ? undefined : otherValue;
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

/** Users may call a label `constructor`, which every object inherits. */
function own(record: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
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

/** The value's parts by path element. Of list items with the same key, the first counts. */
function elements(shape: Shape, value: unknown): Map<string, unknown> {
  const result = new Map<string, unknown>();
  if (Array.isArray(value)) {
    for (const item of value) {
      const element = itemElement(shape, item);
      if (!result.has(element)) result.set(element, item);
    }
  } else if (isRecord(value)) {
    for (const name in value) if (value[name] !== undefined) result.set(`f:${name}`, value[name]);
  }
  return result;
}

function elementShape(shape: Shape, element: string): Shape | undefined {
  return element.startsWith('f:') ? memberShape(shape, element.slice(2)) : itemShape(shape);
}
