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
  if (patch.$patch === 'replace') return withoutDirectives(patch);
  if (patch.$patch === 'delete') return {};
  if (patch.$patch !== undefined && patch.$patch !== 'merge') throw badDirective(patch);
  const result: Json = { ...target };
  retainKeys(result, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys') continue;
    if (key.startsWith(deletePrefix)) deletePrimitives(result, key.slice(deletePrefix.length), value);
    else if (key.startsWith(orderPrefix)) {
      const name = key.slice(orderPrefix.length);
      const field = message?.byName.get(name);
      // Beside changes to the list itself, the order is taken in with them.
      if (!Object.hasOwn(patch, name) && Array.isArray(result[name])) result[name] = mergeList(field, result[name], [], orderOf(value));
    } else if (value === null) delete result[key];
    else {
      const order = Object.hasOwn(patch, orderPrefix + key) ? orderOf(patch[orderPrefix + key]) : undefined;
      result[key] = mergeValue(message?.byName.get(key), Object.hasOwn(result, key) ? result[key] : undefined, value, order);
    }
  }
  return result;
}

function mergeValue(field: FieldSchema | undefined, current: unknown, patch: unknown, order: unknown[] | undefined): unknown {
  if (isRecord(patch)) {
    if (field?.patchStrategy?.includes('replace')) return withoutDirectives(patch);
    const nested = field?.schema.kind === 'message' ? field.schema.message : undefined;
    return mergeObject(nested, isRecord(current) ? current : {}, patch);
  }
  if (!Array.isArray(patch)) return patch;
  if (!field?.patchStrategy?.includes('merge')) return patch.map((item) => (isRecord(item) ? withoutDirectives(item) : deepClone(item)));
  return mergeList(field, Array.isArray(current) ? current : [], patch, order);
}

function mergeList(field: FieldSchema | undefined, current: unknown[], patch: unknown[], order: unknown[] | undefined): unknown[] {
  if (patch.some((item) => isRecord(item) && item.$patch === 'replace'))
    return patch.flatMap((item) => (isRecord(item) ? (item.$patch === undefined ? [withoutDirectives(item)] : []) : [item]));
  const key = field?.patchMergeKey;
  if (order) checkOrder(patch, order, key);
  const merged = field && key !== undefined ? mergeByKey(field, key, current, patch) : [...new Set([...current, ...patch])];
  return mergeOrder(merged, order ?? patch, current, key);
}

function mergeByKey(field: FieldSchema, key: string, current: unknown[], patch: unknown[]): unknown[] {
  const element = field.schema.kind === 'list' && field.schema.of.kind === 'message' ? field.schema.of.message : undefined;
  let result = [...current];
  for (const item of patch) {
    if (!isRecord(item)) throw badArgument({}, item);
    const id = item[key];
    if (id === undefined) throw StatusError.badRequest(`map: ${goText(item)} does not contain declared merge key: ${key}`);
    const isSame = (existing: unknown) => isRecord(existing) && deepEqual(existing[key], id);
    if (item.$patch === 'delete') {
      result = result.filter((existing) => !isSame(existing));
      continue;
    }
    // Ports may share a number and differ in protocol; the first of them is meant.
    const at = result.findIndex(isSame);
    if (at < 0) result.push(mergeObject(element, {}, item));
    else result[at] = mergeObject(element, result[at] as Json, item);
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

function withoutDirectives(value: Json): Json {
  const result: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix) || key.startsWith(deletePrefix) || inner === null)
      continue;
    result[key] = isRecord(inner) ? withoutDirectives(inner) : deepClone(inner);
  }
  return result;
}
