// JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386). Pure: targets are never changed.
import { applyPatch, type Operation } from 'rfc6902';
import { checkShape, deepClone, isRecord } from './json.ts';
import { StatusError } from './status.ts';

const operationsMax = 10_000;
const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/** @throws StatusError 400 for what is no patch, 422 for one that does not apply */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw StatusError.badRequest('a JSON patch must be an array of operations');
  if (patch.length > operationsMax)
    throw StatusError.tooLarge(`the allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`);
  for (const operation of patch) {
    if (!isRecord(operation) || typeof operation.op !== 'string' || !operations.has(operation.op) || typeof operation.path !== 'string') {
      throw StatusError.badRequest(`${JSON.stringify(operation)} is not a JSON patch operation`);
    }
    const pointers = [operation.path, operation.from].filter((p): p is string => typeof p === 'string');
    if (pointers.some((p) => p.split('/').includes('__proto__'))) throw StatusError.badRequest('the key "__proto__" is not allowed');
  }
  const root = { document: deepClone(target) };
  // Paths are taken below `document`, so that an operation on the whole document works as well.
  const rooted = patch.map((o: Operation & { from?: string }) => ({
    ...o,
    path: `/document${o.path}`,
    ...(o.from !== undefined && { from: `/document${o.from}` }),
  }));
  const results = applyPatch(root, rooted as Operation[]);
  const failed = results.findIndex((result) => result !== null);
  if (failed >= 0) {
    const { op, path } = patch[failed] as { op: string; path: string };
    const detail = op === 'test' ? `testing value ${path} failed` : `${op} operation does not apply: missing value at ${path}`;
    throw new StatusError(422, 'Invalid', `the server rejected our request due to an error in our request: ${detail}`);
  }
  return root.document;
}

export function applyMergePatch(target: unknown, patch: unknown): unknown {
  checkShape(patch);
  return merge(target, patch);
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return deepClone(patch);
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
