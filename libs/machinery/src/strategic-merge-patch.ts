// Strategic merge patch: a merge patch that knows which lists are maps by key (Kubernetes API conventions, "Strategic Merge
// Patch" and its directives $patch, $setElementOrder, $retainKeys, $deleteFromPrimitiveList). Pure.
import { goText, goType } from './go-text.ts';
import { checkShape, deepClone, deepEqual, isRecord } from './json.ts';
import { checkOrder, mergeOrder } from './merge-order.ts';
import type { FieldSchema, MessageSchema } from './schema.ts';
import { StatusError } from './status.ts';

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

type Json = Record<string, unknown>;

/** @throws StatusError BadRequest, in Kubernetes' words, for a directive or a list element that makes no sense */
export function applyStrategicMergePatch(message: MessageSchema, target: unknown, patch: unknown): unknown {
  checkShape(patch);
  if (!isRecord(patch)) throw StatusError.badRequest('invalid JSON document');
  return mergeObject(message, isRecord(target) ? target : {}, patch);
}

function mergeObject(message: MessageSchema | undefined, target: Json, patch: Json): Json {
  if (Object.hasOwn(patch, '$patch')) return replacement(patch);
  const result: Json = { ...target };
  retainKeys(result, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$retainKeys') continue;
    if (key.startsWith(deletePrefix)) deletePrimitives(result, key.slice(deletePrefix.length), value);
    else if (key.startsWith(orderPrefix)) {
      const name = key.slice(orderPrefix.length);
      const field = message?.byName.get(name);
      // Beside changes to the list itself, the order is taken in with them.
      if (!Object.hasOwn(patch, name) && Array.isArray(result[name])) result[name] = mergeList(field, result[name], [], orderOf(value));
    } else if (value === null) delete result[key];
    else {
      const order = Object.hasOwn(patch, orderPrefix + key) ? orderOf(patch[orderPrefix + key]) : undefined;
      const merged = mergeValue(message?.byName.get(key), Object.hasOwn(result, key) ? result[key] : undefined, value, order);
      if (merged === undefined) delete result[key];
      else result[key] = merged;
    }
  }
  return result;
}

/** What a patch with a directive of its own makes of an object, whatever that is. */
function replacement({ $patch, ...patch }: Json): Json {
  if ($patch === 'replace') return deepClone(patch);
  if ($patch === 'delete') return {};
  throw badDirective({ $patch, ...patch });
}

/** Undefined when nothing is to be there. */
function mergeValue(field: FieldSchema | undefined, current: unknown, patch: unknown, order: unknown[] | undefined): unknown {
  const isAdded = isRecord(patch) ? !isRecord(current) : !Array.isArray(current);
  if (isAdded) return order && Array.isArray(patch) ? addedInOrder(field, patch, order) : added(withoutNulls(patch));
  if (isRecord(patch)) {
    if (field?.patchStrategy?.includes('replace')) return deepClone(patch);
    const nested = field?.schema.kind === 'message' ? field.schema.message : undefined;
    return mergeObject(nested, current as Json, patch);
  }
  if (!Array.isArray(patch)) return patch;
  if (!field?.patchStrategy?.includes('merge')) return deepClone(patch);
  return mergeList(field, current as unknown[], patch, order);
}

/** What was not there is taken as it is: no list in it is merged, and only what has a directive is left out. */
function added(value: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap((item) => (isDirective(item) ? [] : [added(item)]));
  if (!isRecord(value)) return value;
  if (isDirective(value)) return undefined;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (isDirective(inner) ? [] : [[key, added(inner)]])));
}

function isDirective(value: unknown): boolean {
  return isRecord(value) && Object.hasOwn(value, '$patch');
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNulls(inner)]])));
}

function addedInOrder(field: FieldSchema | undefined, patch: unknown[], order: unknown[]): unknown[] {
  const key = field?.patchMergeKey;
  checkOrder(patch, order, key);
  return mergeOrder(added(patch) as unknown[], order, [], key);
}

function mergeList(field: FieldSchema | undefined, current: unknown[], patch: unknown[], order: unknown[] | undefined): unknown[] {
  const key = field?.patchMergeKey;
  if (order) checkOrder(patch, order, key);
  if (patch.some((item) => isRecord(item) && item.$patch === 'replace')) return deepClone(patch.filter((item) => !isDirective(item)));
  const merged = field && key !== undefined ? mergeByKey(field, key, current, patch) : [...new Set([...current, ...patch])];
  return mergeOrder(merged, order ?? patch, current, key);
}

function mergeByKey(field: FieldSchema, key: string, current: unknown[], patch: unknown[]): unknown[] {
  const element = field.schema.kind === 'list' && field.schema.of.kind === 'message' ? field.schema.of.message : undefined;
  const idOf = (item: unknown): unknown => {
    if (!isRecord(item)) throw badArgument({}, item);
    if (item[key] === undefined) throw StatusError.badRequest(`map: ${goText(item)} does not contain declared merge key: ${key}`);
    return item[key];
  };
  const hasId = (existing: unknown, id: unknown) => isRecord(existing) && deepEqual(existing[key], id);
  let result = [...current];
  // What goes goes first, wherever it stands.
  for (const item of patch.filter(isDirective) as Json[]) {
    if (item.$patch !== 'delete') throw badDirective(item);
    const id = idOf(item);
    result = result.filter((existing) => !hasId(existing, id));
  }
  for (const item of patch.filter((each) => !isDirective(each))) {
    const id = idOf(item);
    // Ports may share a number and differ in protocol; the first of them is meant.
    const at = result.findIndex((existing) => hasId(existing, id));
    if (at < 0) result.push(deepClone(item));
    else result[at] = mergeObject(element, result[at] as Json, item as Json);
  }
  return result;
}

function deletePrimitives(result: Json, name: string, values: unknown): void {
  const gone = listOf(values, 'primitive list');
  const list = Object.hasOwn(result, name) ? result[name] : undefined;
  if (Array.isArray(list)) result[name] = list.filter((item) => !gone.some((value) => deepEqual(value, item)));
}

/** For union-like objects (deployment strategy, volumes): what is not named goes. */
function retainKeys(result: Json, patch: Json): void {
  if (patch.$retainKeys === undefined) return;
  const keep = listOf(patch.$retainKeys, 'retainKeys');
  const left = Object.keys(patch).find((key) => !key.startsWith('$') && patch[key] !== null && !keep.includes(key));
  if (left !== undefined) throw badFormat('retainKeys');
  for (const key of Object.keys(result)) if (!keep.includes(key)) delete result[key];
}

function listOf(value: unknown, directive: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw badFormat(directive);
}

function badFormat(directive: string): StatusError {
  return StatusError.badRequest(`invalid patch format of ${directive}`);
}

function orderOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw badArgument([], value);
}

function badArgument(expected: unknown, actual: unknown): StatusError {
  return StatusError.badRequest(`expected a ${goType(expected)}, but received a ${goType(actual)}`);
}

function badDirective(patch: Json): StatusError {
  return StatusError.badRequest(`unknown patch type: ${goText(patch.$patch)} in map: ${goText(patch)}`);
}
