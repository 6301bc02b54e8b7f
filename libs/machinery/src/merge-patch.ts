// JSON Merge Patch (RFC 7386). Pure: targets are never changed.
import { checkShape, deepClone, isRecord } from './json.ts';

/** @throws StatusError BadRequest for a patch that is nested too deep */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  checkShape(patch);
  return merge(target, patch);
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return deepClone(patch);
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(Object.hasOwn(result, key) ? result[key] : undefined, value);
  }
  return result;
}
