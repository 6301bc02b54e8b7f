// Puts an applied configuration into the live object, and takes out what its manager applied before and applies no more.
// Both return new values and leave their arguments alone.
import { isRecord } from '../json.ts';
import { shownAsNull } from '../schema.ts';
import { StatusError } from '../status.ts';
import { type FieldSet, isMember } from './field-set.ts';
import { isKeyless, isWhole, itemElement, itemShape, memberShape, type Shape } from './shape.ts';

/** The live value with what is applied. Items of lists keep their places; those applied keep the order they are applied in. */
export function mergeApplied(shape: Shape, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  // Nothing is wanted of it: what is in it stays.
  if (applied === null && !isWhole(shape, live) && Object.keys(live as object).length > 0) return live;
  if (isWhole(shape, applied)) return applied;
  if (Array.isArray(applied)) return Array.isArray(live) ? mergeItems(shape, live, applied) : applied;
  if (!isRecord(applied) || !isRecord(live)) return applied;
  const result: Record<string, unknown> = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    const own = Object.hasOwn(live, name) ? live[name] : undefined;
    // It is null already.
    if (value === null && own === undefined && shape.kind === 'struct' && shownAsNull(shape.message).includes(name)) continue;
    result[name] = mergeApplied(memberShape(shape, name) ?? { kind: 'leaf' }, own, value);
  }
  return result;
}

function mergeItems(shape: Shape, live: unknown[], applied: unknown[]): unknown[] {
  const liveItems = new Map<string, unknown>();
  for (const item of live) {
    const element = itemElement(shape, item);
    if (!liveItems.has(element)) liveItems.set(element, item);
  }
  const merged = applied.map((item) => {
    const element = itemElement(shape, item);
    return { element, value: mergeApplied(itemShape(shape), liveItems.get(element), item) };
  });
  const places = new Map(merged.map(({ element }, index) => [element, index]));
  const result: unknown[] = [];
  let next = 0;
  for (const item of live) {
    const place = places.get(itemElement(shape, item));
    if (place === undefined) result.push(item);
    else for (; next <= place; next++) result.push(merged[next]?.value);
  }
  return [...result, ...merged.slice(next).map(({ value }) => value)];
}

/** Without what `dropped` has and `owned` has not. A container that nobody owns any part of goes with all that is in it. */
export function removeFields(shape: Shape, value: unknown, dropped: FieldSet, owned: FieldSet): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((item) => kept(itemShape(shape), item, dropped, owned, itemElement(shape, item)));
  }
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const member = memberShape(shape, name);
    for (const left of member ? kept(member, inner, dropped, owned, `f:${name}`) : [inner]) result[name] = left;
  }
  return result;
}

/** The value in a list, or an empty list when it goes. */
function kept(shape: Shape, value: unknown, dropped: FieldSet, owned: FieldSet, element: string): unknown[] {
  const gone = dropped[element];
  if (gone === undefined) return [value];
  const others = owned[element];
  const isNamed = element.startsWith('f:');
  if (others === undefined && (isNamed || isMember(gone))) return [];
  if (isWhole(shape, value)) return [value];
  const left = removeFields(shape, value, gone, others ?? {});
  return isNamed && size(left) === 0 && size(value) > 0 ? [] : [left];
}

function size(value: unknown): number {
  return value !== null && typeof value === 'object' ? Object.keys(value).length : 0;
}

/** @throws StatusError BadRequest for list items whose keys are missing or appear twice */
export function checkItems(shape: Shape, value: unknown, path = ''): void {
  if (isWhole(shape, value)) return;
  if (Array.isArray(value)) checkList(shape, value, path);
  else if (isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const member = memberShape(shape, name);
      if (member && member.kind !== 'leaf') checkItems(member, inner, `${path}.${name}`);
    }
  }
}

function checkList(shape: Shape, items: unknown[], path: string): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (shape.kind === 'keyed' && isKeyless(shape, item)) {
      const names = shape.keys.map(({ name }) => JSON.stringify(name)).join(' ');
      const detail = `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`;
      throw StatusError.badRequest(`${path}: element ${index}: ${detail}`);
    }
    const element = itemElement(shape, item);
    if (seen.has(element)) {
      throw StatusError.badRequest(`${path}: duplicate entries for key [${element.slice(2)}]`);
    }
    seen.add(element);
    checkItems(itemShape(shape), item, path);
  }
}
