// Strategic merge patch: a merge patch that knows which lists are maps by key (Kubernetes API conventions, "Strategic Merge
// Patch" and its directives $patch, $setElementOrder, $retainKeys, $deleteFromPrimitiveList). Pure.
import { checkShape, deepClone, deepEqual, isRecord } from './json.ts';
import type { FieldSchema, MessageSchema } from './schema.ts';
import { StatusError } from './status.ts';

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

type Json = Record<string, unknown>;

/** @throws StatusError BadRequest for a directive or a list element that makes no sense */
export function applyStrategicMergePatch(message: MessageSchema, target: unknown, patch: unknown): unknown {
  checkShape(patch);
  if (!isRecord(patch)) throw StatusError.badRequest('a strategic merge patch must be an object');
  return mergeObject(message, isRecord(target) ? target : {}, patch);
}

function mergeObject(message: MessageSchema | undefined, target: Json, patch: Json): Json {
  if (patch.$patch === 'replace') return withoutDirectives(patch);
  if (patch.$patch === 'delete') return {};
  if (patch.$patch !== undefined && patch.$patch !== 'merge')
    throw StatusError.badRequest(`invalid value ${JSON.stringify(patch.$patch)} of $patch; expected replace, delete or merge`);
  const result: Json = { ...target };
  retainKeys(result, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys') continue;
    if (key.startsWith(deletePrefix)) deletePrimitives(result, key.slice(deletePrefix.length), value);
    else if (key.startsWith(orderPrefix)) {
      const name = key.slice(orderPrefix.length);
      if (!(name in patch)) result[name] = ordered(message?.byName.get(name), result[name], value);
    } else if (value === null) delete result[key];
    else result[key] = mergeValue(message?.byName.get(key), result[key], value, patch[orderPrefix + key]);
  }
  return result;
}

function mergeValue(field: FieldSchema | undefined, current: unknown, patch: unknown, order: unknown): unknown {
  if (isRecord(patch)) {
    const nested = field?.schema.kind === 'message' ? field.schema.message : undefined;
    if (field?.patchStrategy?.includes('replace')) return withoutDirectives(patch);
    // An object whose deletion was asked for is gone, not empty.
    if (patch.$patch === 'delete' && Object.keys(patch).length === 1) return undefined;
    return mergeObject(nested, isRecord(current) ? current : {}, patch);
  }
  if (!Array.isArray(patch)) return patch;
  if (!field?.patchStrategy?.includes('merge')) return patch.map((item) => (isRecord(item) ? withoutDirectives(item) : deepClone(item)));
  const list = Array.isArray(current) ? current : [];
  const merged = field.patchMergeKey ? mergeByKey(field, field.patchMergeKey, list, patch) : mergePrimitives(list, patch);
  return order === undefined ? merged : ordered(field, merged, order, patch);
}

function mergeByKey(field: FieldSchema, key: string, current: unknown[], patch: unknown[]): unknown[] {
  if (patch.some((item) => isRecord(item) && item.$patch === 'replace')) {
    return patch.filter((item) => !(isRecord(item) && item.$patch === 'replace')).map(deepClone);
  }
  const element = field.schema.kind === 'list' && field.schema.of.kind === 'message' ? field.schema.of.message : undefined;
  let result = [...current];
  for (const item of patch) {
    if (!isRecord(item)) throw StatusError.badRequest(`elements of ${field.name} must be objects`);
    const id = item[key];
    if (id === undefined) throw StatusError.badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    if (item.$patch === 'delete') {
      result = result.filter((existing) => !(isRecord(existing) && deepEqual(existing[key], id)));
      continue;
    }
    const at = result.findIndex((existing) => isRecord(existing) && deepEqual(existing[key], id));
    if (at < 0) result.push(mergeObject(element, {}, item));
    else result[at] = mergeObject(element, result[at] as Json, item);
  }
  return result;
}

function mergePrimitives(current: unknown[], patch: unknown[]): unknown[] {
  return [...current, ...patch.filter((item) => !current.some((existing) => deepEqual(existing, item)))];
}

function deletePrimitives(result: Json, name: string, values: unknown): void {
  if (!Array.isArray(values)) throw StatusError.badRequest(`${deletePrefix}${name} must be a list`);
  const list = result[name];
  if (Array.isArray(list)) result[name] = list.filter((item) => !values.some((value) => deepEqual(value, item)));
}

/**
 * Elements named by the order come in that order; those that only the server has keep their place relative to what stood
 * before them.
 */
function ordered(field: FieldSchema | undefined, list: unknown, order: unknown, patch: unknown[] = []): unknown {
  if (!Array.isArray(list) || !Array.isArray(order)) return list;
  const key = field?.patchMergeKey;
  const idOf = (item: unknown) => (key && isRecord(item) ? item[key] : item);
  const rank = (item: unknown) => order.findIndex((entry) => deepEqual(idOf(entry), idOf(item)));
  const unlisted = patch.find((item) => !(isRecord(item) && (item.$patch === 'delete' || item.$patch === 'replace')) && rank(item) < 0);
  if (unlisted !== undefined)
    throw StatusError.badRequest(
      `The order in patch list:\n${JSON.stringify(patch)}\n doesn't match $setElementOrder list:\n${JSON.stringify(order)}`,
    );
  const listed = list.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  const result: unknown[] = [];
  let next = 0;
  for (const item of list) {
    if (rank(item) < 0) result.push(item);
    else if (next < listed.length) result.push(listed[next++]);
  }
  return result;
}

/** For union-like objects (deployment strategy, volumes): what is not named goes. */
function retainKeys(result: Json, patch: Json): void {
  const keep = patch.$retainKeys;
  if (keep === undefined) return;
  if (!Array.isArray(keep)) throw StatusError.badRequest('$retainKeys must be a list');
  for (const key of Object.keys(result)) if (!keep.includes(key)) delete result[key];
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
