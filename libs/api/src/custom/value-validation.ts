// Holds a custom resource against its schema: everything that is wrong with it, with paths and messages as Kubernetes gives them
// (JSON Schema as go-openapi checks it, without references).
import { isRecord } from '@berth/machinery';
import { duplicate, type FieldError, invalid, required, tooMany } from '../validation/errors.ts';
import { additionalOf, childPath, itemsOf, propertyOf, type Schema } from './schema-parts.ts';
import { enumError, numberErrors, place, stringErrors, typeError } from './value-limits.ts';

/** An object may hold any number of mistakes; nobody reads more than this of them. */
const errorsMax = 100;

/** @param path '' for a whole resource */
export function validateValue(schema: Schema, value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  check(schema, value, path, errors);
  return errors.slice(0, errorsMax);
}

function check(schema: Schema, value: unknown, path: string, errors: FieldError[]): void {
  if (errors.length >= errorsMax) return;
  const mistyped = typeError(schema, value, path);
  if (mistyped) errors.push(mistyped);
  const unlisted = enumError(schema, value, path);
  if (unlisted) errors.push(unlisted);
  // Of nothing there is no more to say.
  if (value === null || value === undefined) return;
  checkCombined(schema, value, path, errors);
  if (typeof value === 'string') {
    // Without a type that strings belong to, there is nothing that a format could be of.
    const asked = schema.type === 'integer' || schema.type === 'number' ? { ...schema, format: '' } : schema;
    errors.push(...stringErrors(asked, value, path));
  } else if (typeof value === 'number' || typeof value === 'bigint') errors.push(...numberErrors(schema, value, path));
  else if (Array.isArray(value)) checkItems(schema, value, path, errors);
  else if (isRecord(value)) checkMembers(schema, value, path, errors);
}

function checkItems(schema: Schema, items: unknown[], path: string, errors: FieldError[]): void {
  const { minItems, maxItems, uniqueItems } = schema;
  const itemSchema = itemsOf(schema);
  if (itemSchema) for (const [i, item] of items.entries()) check(itemSchema, item, `${path}[${i}]`, errors);
  if (minItems !== undefined && items.length < minItems)
    errors.push(invalid(path, items.length, `${place(path)} should have at least ${minItems} items`));
  if (maxItems !== undefined && items.length > maxItems) errors.push(tooMany(path, items.length, maxItems));
  if (uniqueItems && new Set(items.map((item) => canonical(item))).size < items.length)
    errors.push(invalid(path, '', `${place(path)} shouldn't contain duplicates`));
}

function checkMembers(schema: Schema, value: Record<string, unknown>, path: string, errors: FieldError[]): void {
  const { minProperties, maxProperties, required: names = [] } = schema;
  const members = Object.keys(value);
  if (minProperties !== undefined && members.length < minProperties)
    errors.push(invalid(path, members.length, `${place(path)} should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && members.length > maxProperties) errors.push(tooMany(path, members.length, maxProperties));
  const additional = additionalOf(schema);
  for (const name of members) {
    const member = propertyOf(schema, name) ?? (additional === 'any' ? undefined : additional);
    if (member) check(member, value[name], childPath(path, name), errors);
    else if (schema.additionalProperties === false) errors.push(invalid(path, '', `${path}.${name} in body is a forbidden property`));
  }
  for (const name of names) if (!Object.hasOwn(value, name)) errors.push(required(childPath(path, name)));
}

function checkCombined(schema: Schema, value: unknown, path: string, errors: FieldError[]): void {
  const { anyOf = [], oneOf = [], allOf = [], not } = schema;
  const all = (schemas: Schema[]) => schemas.map((one) => validateValue(one, value, path));
  const combined = (detail: string) => invalid('', '', `${JSON.stringify(path)} ${detail}`);
  if (anyOf.length > 0) {
    const results = all(anyOf);
    if (results.every((result) => result.length > 0))
      errors.push(combined('must validate at least one schema (anyOf)'), ...fewest(results));
  }
  if (oneOf.length > 0) {
    const results = all(oneOf);
    const valid = results.filter((result) => result.length === 0).length;
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
    if (valid !== 1)
      errors.push(combined(`must validate one and only one schema (oneOf). ${found}`), ...(valid === 0 ? fewest(results) : []));
  }
  if (allOf.length > 0) {
    const results = all(allOf);
    const valid = results.filter((result) => result.length === 0).length;
    if (valid < results.length) {
      errors.push(...results.flat(), combined(`must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`));
    }
  }
  if (not && validateValue(not, value, path).length === 0) errors.push(combined('must not validate the schema (not)'));
}

/** What keeps a value from the alternative that it comes closest to. */
function fewest(results: FieldError[][]): FieldError[] {
  return results.reduce((best, result) => (result.length < best.length ? result : best));
}

/** Equal for equal values, whatever the order of their members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** Repeated elements of lists that are sets, and repeated keys of those that are maps. */
export function validateLists(schema: Schema | undefined, value: unknown, path: string): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return [...listErrors(schema, value, path), ...value.flatMap((item, i) => validateLists(items, item, `${path}[${i}]`))];
  }
  if (!isRecord(value)) return [];
  const additional = additionalOf(schema);
  return Object.entries(value).flatMap(([name, inner]) => {
    if (typeof inner !== 'object' || inner === null) return [];
    const named = propertyOf(schema, name);
    if (named) return validateLists(named, inner, childPath(path, name));
    return validateLists(additional === 'any' ? undefined : additional, inner, `${path}[${name}]`);
  });
}

function listErrors(schema: Schema, items: unknown[], path: string): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return repeated(items).map((i) => duplicate(`${path}[${i}]`, items[i]));
  if (type !== 'map') return [];
  const odd = items.findIndex((item) => item !== null && !isRecord(item));
  if (odd >= 0) return [invalid(`${path}[${odd}]`, items[odd], 'must be an object for an array of list-type map')];
  const names = schema['x-kubernetes-list-map-keys'] ?? [];
  const keys = items.map((item) => {
    const members = (item ?? {}) as Record<string, unknown>;
    return Object.fromEntries(names.filter((name) => Object.hasOwn(members, name)).map((name) => [name, members[name]]));
  });
  return repeated(keys).map((i) => duplicate(`${path}[${i}]`, keys[i]));
}

/** Where each repeated element is repeated first. */
function repeated(items: unknown[]): number[] {
  const seen = new Map<string, number>();
  return items.flatMap((item, i) => {
    const text = canonical(item);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    return times === 2 ? [i] : [];
  });
}
