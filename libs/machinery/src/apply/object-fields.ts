// The fields that an object sets, and those in which two objects differ. Order in lists is nobody's, so it never differs.
import { deepEqual, isRecord } from '../json.ts';
import { type MessageSchema, shownWhenEmpty } from '../schema.ts';
import { compareElements } from './element-order.ts';
import { type FieldSet, isEmpty, leaf, node, noFields } from './field-set.ts';
import { setOf } from './known-sets.ts';
import { itemElement, memberShape, type Shape } from './shape.ts';

export function rootShape(message: MessageSchema): Shape {
  return { kind: 'struct', message };
}

/** The fields that an applied configuration is about. */
export function fieldsOf(shape: Shape, value: unknown): FieldSet {
  const result: Record<string, FieldSet> = {};
  if (isRecord(value)) {
    for (const name in value) {
      const found = fieldsOfMember(shape, name, value[name]);
      if (found) result[`f:${name}`] = found;
    }
  } else if (Array.isArray(value)) {
    for (const item of value) result[itemElement(shape, item)] = node(true, fieldsOf(itemShape(shape), item)) ?? leaf;
  }
  return result;
}

function fieldsOfMember(parent: Shape, name: string, value: unknown): FieldSet | undefined {
  const shape = memberShape(parent, name);
  if (shape === undefined || value === undefined) return undefined;
  if (shape.kind === 'leaf' || value === null || typeof value !== 'object') return leaf;
  const isSelf = parent.kind === 'map' || (isRecord(value) && isEmpty(value as unknown as FieldSet));
  return node(isSelf, fieldsOf(shape, value));
}

export interface FieldChanges {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

export const noChanges: FieldChanges = { added: noFields, modified: noFields, removed: noFields };

/** A value with everything beneath it, containers included: what appears or goes away with it. */
function everything(shape: Shape, value: unknown): FieldSet {
  const text = everythingText(shape, value);
  return text === leafText ? leaf : setOf(text);
}

const leafText = '{}';

/** As JSON, which is made faster than the set, and tells whether the set has been made before. */
function everythingText(shape: Shape, value: unknown): string {
  if (shape.kind === 'leaf' || value === null || typeof value !== 'object') return leafText;
  const beneath = Array.isArray(value) ? itemsText(shape, value) : membersText(shape, value as Record<string, unknown>);
  return beneath === '' ? leafText : `{".":{}${beneath}}`;
}

/** The fields of a new object: those in which it differs from what Go shows of an empty one. */
export function fieldsOfNew(message: MessageSchema, value: unknown): FieldSet {
  const text = newText(rootShape(message), shownWhenEmpty(message), value);
  return text === undefined ? noFields : setOf(text);
}

/** Undefined when the value is the empty one. Containers that are there when empty belong to nobody. */
function newText(shape: Shape, empty: unknown, value: unknown): string | undefined {
  if (empty === undefined) return everythingText(shape, value);
  if (shape.kind === 'leaf' || value === null || typeof value !== 'object') return deepEqual(value, empty) ? undefined : leafText;
  const beneath = Array.isArray(value)
    ? itemsText(shape, value)
    : membersText(shape, value as Record<string, unknown>, isRecord(empty) ? empty : {});
  return beneath === '' ? undefined : `{${beneath.slice(1)}}`;
}

function itemsText(shape: Shape, items: unknown[]): string {
  const inner = itemShape(shape);
  const texts = items.map((item): [string, string] => [itemElement(shape, item), everythingText(inner, item)]);
  if (texts.length > 1) texts.sort(([a], [b]) => compareElements(a, b));
  // Of items with the same key, the first counts.
  let text = '';
  for (const [i, [element, beneath]] of texts.entries()) {
    if (element !== texts[i - 1]?.[0]) text += `,${JSON.stringify(element)}:${beneath}`;
  }
  return text;
}

function membersText(shape: Shape, value: Record<string, unknown>, empty?: Record<string, unknown>): string {
  let text = '';
  for (const name of Object.keys(value).sort()) {
    const inner = value[name];
    const member = memberShape(shape, name);
    if (!member || inner === undefined) continue;
    const beneath = newText(member, empty?.[name], inner);
    if (beneath !== undefined) text += `,${shape.kind === 'struct' ? `"f:${name}"` : JSON.stringify(`f:${name}`)}:${beneath}`;
  }
  return text;
}

/** Which fields `next` has that `old` has not, which differ, and which are gone. */
export function changedFields(shape: Shape, old: unknown, next: unknown): FieldChanges {
  const changes = { added: {}, modified: {}, removed: {} };
  if (old === undefined) return { ...changes, added: everything(shape, next) };
  const before = members(shape, old);
  const after = members(shape, next);
  for (const [element, value] of after) {
    const inner = elementShape(shape, element);
    if (!inner) continue;
    const was = before.get(element);
    if (was === undefined) put(changes.added, element, everything(inner, value));
    else if (was !== value) compareElement(changes, element, inner, was, value);
  }
  for (const [element, value] of before) {
    const inner = after.has(element) ? undefined : elementShape(shape, element);
    if (inner) put(changes.removed, element, everything(inner, value));
  }
  return changes;
}

type Mutable = { [part in keyof FieldChanges]: Record<string, FieldSet> };

function compareElement(changes: Mutable, element: string, shape: Shape, was: unknown, value: unknown): void {
  const isContainer = shape.kind !== 'leaf' && typeof was === 'object' && typeof value === 'object' && was !== null && value !== null;
  if (!isContainer) {
    if (!deepEqual(was, value)) put(changes.modified, element, leaf);
    return;
  }
  const inner = changedFields(shape, was, value);
  for (const part of ['added', 'modified', 'removed'] as const) {
    if (!isEmpty(inner[part])) put(changes[part], element, inner[part]);
  }
}

function put(set: Record<string, FieldSet>, element: string, value: FieldSet): void {
  set[element] = value;
}

/** The value's parts by path element. Of list items with the same key, the first counts. */
function members(shape: Shape, value: unknown): Map<string, unknown> {
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

export function itemShape(shape: Shape): Shape {
  return shape.kind === 'keyed' ? shape.item : { kind: 'leaf' };
}
