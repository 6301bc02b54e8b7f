// Holds a custom resource against its schema: everything that is wrong with it, with paths and messages as Kubernetes gives them
// (JSON Schema as its kube-openapi checks it, without references).
import { isRecord } from '@berth/machinery';
import { duplicate, type FieldError, invalid, required, tooMany } from '../validation/errors.ts';
import { SchemaNode } from './schema-node.ts';
import { childPath, type Schema } from './schema-parts.ts';
import { checkFormat, checkNumber, checkString, enumError, inBody, typeError } from './value-limits.ts';

/** An object may hold any number of mistakes; nobody reads more than this of them. */
const errorsMax = 100;

/** What checks came to. The more of them passed, the closer a value comes to one of several schemas. */
interface Result {
  errors: FieldError[];
  matched: number;
}

/** @param at '' for a whole resource. @param old what was there before: of what has not changed since, nothing is wrong */
export function validateValue(schema: Schema, value: unknown, at: string, old?: unknown): FieldError[] {
  const result: Result = { errors: [], matched: 0 };
  const node = SchemaNode.of(schema);
  check({ node, value, path: '', old, structure: node }, result);
  return result.errors.slice(0, errorsMax).map((error) => ({ ...error, field: fieldOf(error.field, at) }));
}

/** Of what is wrong with a whole resource, Kubernetes prints the path that it has none for. */
function fieldOf(name: string, at: string): string {
  if (name === '') return at || '<nil>';
  const given = name.replace(/^\./, '');
  return at === '' ? given : `${at}.${given}`;
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

function check(place: Place, result: Result): void {
  const { value, old, structure } = place;
  if (result.errors.length >= errorsMax || (old !== undefined && structure?.isUnchanged(value, old))) return;
  checkChanged(place, result);
}

function checkChanged(place: Place, result: Result): void {
  const { node, value, path } = place;
  const { schema } = node;
  const mistyped = typeError(schema, value, path);
  if (mistyped) result.errors.push(mistyped);
  const unlisted = enumError(schema, value, path);
  if (unlisted) result.errors.push(unlisted);
  // Of nothing there is no more to say.
  if (value === null || value === undefined) {
    result.matched += mistyped ? 0 : 1;
    return;
  }
  if (node.isCombined) checkCombined(place, result);
  if (typeof value === 'string') checkText(node, value, path, result);
  else if (typeof value === 'number' || typeof value === 'bigint') {
    checkNumber(schema, value, path, result.errors);
    result.matched += 2;
  } else if (Array.isArray(value)) checkItems(place, value, result);
  else if (isRecord(value)) checkMembers(place, value, result);
  // As Kubernetes counts: each check that applies, and those that say that they passed.
  result.matched += 4 + (node.hasType ? (mistyped ? 1 : 2) : 0);
}

function checkText({ schema, hasFormat }: SchemaNode, value: string, path: string, result: Result): void {
  checkString(schema, value, path, result.errors);
  if (hasFormat) checkFormat(schema, value, path, result.errors);
  result.matched += hasFormat ? 2 : 1;
}

function checkItems({ node, path, old, structure }: Place, items: unknown[], result: Result): void {
  const { minItems, maxItems, uniqueItems } = node.schema;
  const { errors } = result;
  const former = old === undefined ? undefined : structure?.formerItems(old);
  if (node.items)
    for (const [i, value] of items.entries())
      check({ node: node.items, value, path: `${path}[${i}]`, old: former?.(value), structure: structure?.items }, result);
  if (minItems !== undefined && items.length < minItems)
    errors.push(invalid(path, items.length, `${inBody(path)} should have at least ${minItems} items`));
  if (maxItems !== undefined && items.length > maxItems) errors.push(tooMany(path, items.length, maxItems));
  if (uniqueItems && new Set(items.map((item) => canonical(item))).size < items.length)
    errors.push(invalid(path, '', `${inBody(path)} shouldn't contain duplicates`));
  result.matched += 2;
}

function checkMembers({ node, path, old, structure }: Place, value: Record<string, unknown>, result: Result): void {
  const { minProperties, maxProperties, required: names, additionalProperties } = node.schema;
  const { errors } = result;
  const members = Object.keys(value);
  if (minProperties !== undefined && members.length < minProperties)
    errors.push(invalid(path, members.length, `${inBody(path)} should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && members.length > maxProperties) errors.push(tooMany(path, members.length, maxProperties));
  const former = isRecord(old) ? old : undefined;
  for (const name of members) {
    const property = node.property(name);
    const member = property ?? node.member(name);
    if (member) {
      const before = former && Object.hasOwn(former, name) && !(path === '' && isOfType(name)) ? former[name] : undefined;
      const below = structure === node ? member : structure?.member(name);
      const inner = property ? childPath(path, name) : `${path}.${name}`;
      check({ node: member, value: value[name], path: inner, old: before, structure: below }, result);
    } else if (additionalProperties === false) errors.push(invalid(path, name, `${path}.${name} in body is a forbidden property`));
  }
  if (names) for (const name of names) if (!Object.hasOwn(value, name)) errors.push(required(childPath(path, name)));
  result.matched += 1;
}

/** What every object is by its request, and not by what was there. */
const isOfType = (name: string) => name === 'apiVersion' || name === 'kind';

function checkCombined({ node, value, path, old, structure }: Place, result: Result): void {
  const { anyOf = [], oneOf = [], allOf = [], not } = node.schema;
  // What the schemas ask for is looked at as if it stood in this one: only what is within them may be as it was.
  const triedAfter = (schema: Schema, before: unknown) => {
    const outcome: Result = { errors: [], matched: 0 };
    checkChanged({ node: SchemaNode.of(schema), value, path, old: before, structure }, outcome);
    return outcome;
  };
  const tried = (schema: Schema) => triedAfter(schema, old);
  const refuse = (detail: string) => add(result, { errors: [invalid('', '', `${JSON.stringify(path)} ${detail}`)], matched: 0 });
  const isValid = ({ errors }: Result) => errors.length === 0;
  if (anyOf.length > 0) {
    const results = anyOf.map(tried);
    const valid = results.find(isValid);
    if (!valid) refuse('must validate at least one schema (anyOf)');
    add(result, valid ?? closest(results));
  }
  if (oneOf.length > 0) {
    const results = oneOf.map(tried);
    const valid = results.filter(isValid);
    const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
    if (valid.length !== 1) refuse(`must validate one and only one schema (oneOf). ${found}`);
    if (valid.length < 2) add(result, valid[0] ?? closest(results));
  }
  if (allOf.length > 0) {
    const results = allOf.map(tried);
    for (const one of results) add(result, one);
    const valid = results.filter(isValid).length;
    if (valid < results.length) refuse(`must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
  }
  // What was wrong before is wrong still, which is what it is to be.
  if (not && isValid(triedAfter(not, undefined))) refuse('must not validate the schema (not)');
}

/** The first of those that most checks let pass. */
function closest(results: Result[]): Result {
  return results.reduce((best, result) => (result.matched > best.matched ? result : best));
}

/** What is wrong by several schemas is said once. */
function add(result: Result, { errors, matched }: Result): void {
  const same = (a: FieldError, b: FieldError) => a.type === b.type && a.field === b.field && a.detail === b.detail;
  for (const error of errors) if (!result.errors.some((one) => same(one, error))) result.errors.push(error);
  result.matched += matched;
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
