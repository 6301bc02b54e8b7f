// The fields that an object sets: those that its author wants of it, those that are new in it.
import { deepEqual, isRecord } from '../json.ts';
import { type MessageSchema, shownAsNull, shownWhenEmpty } from '../schema.ts';
import { compareElements } from './element-order.ts';
import { type FieldSet, isEmpty, leaf, node, noFields } from './field-set.ts';
import { fieldsOfLike, rememberForm } from './field-templates.ts';
import { hasSet, setOf } from './known-sets.ts';
import { isWhole, itemElement, itemShape, memberShape, rootShape, type Shape } from './shape.ts';

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
  if (isWhole(shape, value)) return leaf;
  const isSelf = parent.kind === 'map' || (isRecord(value) && isEmpty(value as unknown as FieldSet));
  return node(isSelf, fieldsOf(shape, value));
}

/** A value with everything beneath it, containers included: what appears or goes away with it. */
export function everything(shape: Shape, value: unknown): FieldSet {
  if (value === null || typeof value !== 'object' || isWhole(shape, value)) return leaf;
  const known = fieldsOfLike(shape, value);
  if (known) return known;
  const text = everythingText(shape, value);
  return text === leafText ? leaf : setAgain(text, (set) => rememberForm(shape, shape, undefined, value, set));
}

/** @param remember is given a set that was made before, of which more may come */
function setAgain(text: string, remember: (set: FieldSet) => void): FieldSet {
  const isKnown = hasSet(text);
  const set = setOf(text);
  if (isKnown) remember(set);
  return set;
}

const leafText = '{}';

/** As JSON, which is made faster than the set, and tells whether the set has been made before. */
function everythingText(shape: Shape, value: unknown): string {
  if (isWhole(shape, value)) return leafText;
  const beneath = Array.isArray(value) ? itemsText(shape, value) : membersText(shape, value as Record<string, unknown>);
  return beneath === '' ? leafText : `{".":{}${beneath}}`;
}

/** The fields of a new object: those in which it differs from what Go shows of an empty one. */
export function fieldsOfNew(message: MessageSchema, value: unknown): FieldSet {
  const known = fieldsOfLike(message, value);
  if (known) return known;
  const [shape, empty] = [rootShape(message), shownWhenEmpty(message)];
  const text = newText(shape, empty, value);
  return text === undefined ? noFields : setAgain(text, (set) => rememberForm(message, shape, empty, value, set));
}

/** Undefined when the value is the empty one. Containers that are there when empty belong to nobody. */
function newText(shape: Shape, empty: unknown, value: unknown): string | undefined {
  if (empty === undefined) return everythingText(shape, value);
  if (isWhole(shape, value)) return deepEqual(value, empty) ? undefined : leafText;
  const beneath = Array.isArray(value)
    ? itemsText(shape, value)
    : membersText(shape, value as Record<string, unknown>, isRecord(empty) ? empty : {});
  if (beneath !== '') return `{${beneath.slice(1)}}`;
  return empty === null ? leafText : undefined;
}

/** What a value holds whose place was there before, with nothing in it. */
export function everythingWithin(shape: Shape, value: unknown): FieldSet {
  return setOf(newText(shape, null, value) ?? leafText);
}

function itemsText(shape: Shape, items: unknown[]): string {
  const inner = itemShape(shape);
  const texts = items.map((item): [string, string] => [itemElement(shape, item), everythingText(inner, item)]);
  if (texts.length > 1) texts.sort(([a], [b]) => compareElements(a, b));
  // Items with the same key are owned together, and as a whole.
  let text = '';
  for (const [i, [element, beneath]] of texts.entries()) {
    if (element === texts[i - 1]?.[0]) continue;
    text += `,${JSON.stringify(element)}:${element === texts[i + 1]?.[0] ? leafText : beneath}`;
  }
  return text;
}

/** With those that are shown although nobody set them. */
function namesIn(shape: Shape, value: Record<string, unknown>): string[] {
  const names = Object.keys(value);
  if (shape.kind === 'struct') for (const name of shownAsNull(shape.message)) if (!Object.hasOwn(value, name)) names.push(name);
  return names.sort();
}

function membersText(shape: Shape, value: Record<string, unknown>, empty?: Record<string, unknown>): string {
  let text = '';
  for (const name of namesIn(shape, value)) {
    const inner = value[name] ?? (shape.kind === 'struct' && shownAsNull(shape.message).includes(name) ? null : value[name]);
    const member = memberShape(shape, name);
    if (!member || inner === undefined) continue;
    const beneath = newText(member, empty && Object.hasOwn(empty, name) ? empty[name] : undefined, inner);
    if (beneath !== undefined) text += `,${shape.kind === 'struct' ? `"f:${name}"` : JSON.stringify(`f:${name}`)}:${beneath}`;
  }
  return text;
}
