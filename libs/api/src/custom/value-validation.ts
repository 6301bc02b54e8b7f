// Holds a custom resource against its schema: everything that is wrong with it, with paths and messages as Kubernetes gives them
// (JSON Schema as go-openapi checks it, without references).
import { isRecord } from '@berth/machinery';
import { duplicate, type FieldError, invalid, required, tooMany } from '../validation/errors.ts';
import { SchemaNode } from './schema-node.ts';
import { childPath, type Schema } from './schema-parts.ts';
import { checkNumber, checkString, enumError, inBody, typeError } from './value-limits.ts';

/** An object may hold any number of mistakes; nobody reads more than this of them. */
const errorsMax = 100;

/** @param path '' for a whole resource. @param old what was there before: of what has not changed since, nothing is wrong */
export function validateValue(schema: Schema, value: unknown, path: string, old?: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const node = SchemaNode.of(schema);
  check({ node, value, path, old, structure: node }, errors);
  return errors.length > errorsMax ? errors.slice(0, errorsMax) : errors;
}

interface Place {
  node: SchemaNode;
  value: unknown;
  path: string;
  /** Undefined where nothing corresponds to the value. */
  old: unknown;
  /** By which values correspond to former ones: not that of an alternative. */
  structure: SchemaNode | undefined;
}

function check(place: Place, errors: FieldError[]): void {
  const { value, old, structure } = place;
  if (errors.length >= errorsMax || (old !== undefined && structure?.isUnchanged(value, old))) return;
  checkChanged(place, errors);
}

function checkChanged(place: Place, errors: FieldError[]): void {
  const { node, value, path } = place;
  const { schema } = node;
  const mistyped = typeError(schema, value, path);
  if (mistyped) errors.push(mistyped);
  const unlisted = enumError(schema, value, path);
  if (unlisted) errors.push(unlisted);
  // Of nothing there is no more to say.
  if (value === null || value === undefined) return;
  if (node.isCombined) checkCombined(place, errors);
  if (typeof value === 'string') checkString(node.textSchema, value, path, errors);
  else if (typeof value === 'number' || typeof value === 'bigint') checkNumber(schema, value, path, errors);
  else if (Array.isArray(value)) checkItems(place, value, errors);
  else if (isRecord(value)) checkMembers(place, value, errors);
}

function checkItems({ node, path, old, structure }: Place, items: unknown[], errors: FieldError[]): void {
  const { minItems, maxItems, uniqueItems } = node.schema;
  const former = old === undefined ? undefined : structure?.formerItems(old);
  if (node.items)
    for (const [i, value] of items.entries())
      check({ node: node.items, value, path: `${path}[${i}]`, old: former?.(value), structure: structure?.items }, errors);
  if (minItems !== undefined && items.length < minItems)
    errors.push(invalid(path, items.length, `${inBody(path)} should have at least ${minItems} items`));
  if (maxItems !== undefined && items.length > maxItems) errors.push(tooMany(path, items.length, maxItems));
  if (uniqueItems && new Set(items.map((item) => canonical(item))).size < items.length)
    errors.push(invalid(path, '', `${inBody(path)} shouldn't contain duplicates`));
}

function checkMembers({ node, path, old, structure }: Place, value: Record<string, unknown>, errors: FieldError[]): void {
  const { minProperties, maxProperties, required: names, additionalProperties } = node.schema;
  const members = Object.keys(value);
  if (minProperties !== undefined && members.length < minProperties)
    errors.push(invalid(path, members.length, `${inBody(path)} should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && members.length > maxProperties) errors.push(tooMany(path, members.length, maxProperties));
  const former = isRecord(old) ? old : undefined;
  for (const name of members) {
    const member = node.member(name);
    if (member) {
      const before = former && Object.hasOwn(former, name) && !(path === '' && isOfType(name)) ? former[name] : undefined;
      const below = structure === node ? member : structure?.member(name);
      check({ node: member, value: value[name], path: childPath(path, name), old: before, structure: below }, errors);
    } else if (additionalProperties === false) errors.push(invalid(path, '', `${path}.${name} in body is a forbidden property`));
  }
  if (names) for (const name of names) if (!Object.hasOwn(value, name)) errors.push(required(childPath(path, name)));
}

/** What every object is by its request, and not by what was there. */
const isOfType = (name: string) => name === 'apiVersion' || name === 'kind';

function checkCombined({ node, value, path, old, structure }: Place, errors: FieldError[]): void {
  const { anyOf = [], oneOf = [], allOf = [], not } = node.schema;
  const wrong = (schema: Schema) => {
    const found: FieldError[] = [];
    const alternative = SchemaNode.of(schema);
    checkChanged({ node: alternative, value, path, old, structure }, found);
    return found;
  };
  const all = (schemas: Schema[]) => schemas.map(wrong);
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
  if (not && wrong(not).length === 0) errors.push(combined('must not validate the schema (not)'));
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

/**
 * Repeated elements of lists that are sets, and repeated keys of those that are maps.
 * @param old what was there before: where that had some already, more are let through
 */
export function validateLists(schema: Schema, value: unknown, path: string, old?: unknown): FieldError[] {
  const errors: FieldError[] = [];
  checkLists(SchemaNode.of(schema), value, path, errors);
  return errors.length > 0 && old !== undefined && validateLists(schema, old, path).length > 0 ? [] : errors;
}

function checkLists(node: SchemaNode, value: unknown, path: string, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    errors.push(...listErrors(node.schema, value, path));
    if (node.items)
      for (const [i, item] of value.entries()) if (typeof item === 'object') checkLists(node.items, item, `${path}[${i}]`, errors);
    return;
  }
  if (!isRecord(value)) return;
  for (const name of Object.keys(value)) {
    const inner = value[name];
    if (typeof inner !== 'object' || inner === null) continue;
    const named = node.property(name);
    if (named) checkLists(named, inner, childPath(path, name), errors);
    else if (typeof node.additional === 'object') checkLists(node.additional, inner, `${path}[${name}]`, errors);
  }
}

function listErrors(schema: Schema, items: unknown[], path: string): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return areDistinctTexts(items) ? [] : repeated(items).map((i) => duplicate(`${path}[${i}]`, items[i]));
  if (type !== 'map') return [];
  const odd = items.findIndex((item) => item !== null && !isRecord(item));
  if (odd >= 0) return [invalid(`${path}[${odd}]`, items[odd], 'must be an object for an array of list-type map')];
  const names = schema['x-kubernetes-list-map-keys'] ?? [];
  const [only = ''] = names;
  if (names.length === 1 && areDistinctTexts(items.map((item) => (item as Record<string, unknown> | null)?.[only]))) return [];
  const keys = items.map((item) => {
    const members = (item ?? {}) as Record<string, unknown>;
    return Object.fromEntries(names.filter((name) => Object.hasOwn(members, name)).map((name) => [name, members[name]]));
  });
  return repeated(keys).map((i) => duplicate(`${path}[${i}]`, keys[i]));
}

/** As they are most of the time. */
function areDistinctTexts(values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string') && new Set(values).size === values.length;
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
