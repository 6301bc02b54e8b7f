// JSON values: parsing that cannot be turned against us, copying and comparing.
import { StatusError } from './status.ts';

const depthMax = 200;
const decoder = new TextDecoder('utf-8');

/** @param input text, or UTF-8 bytes. @throws StatusError BadRequest that says where the text went wrong */
export function parseJson(input: string | Uint8Array): unknown {
  const text = typeof input === 'string' ? input : decoder.decode(input);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw StatusError.badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
  checkShape(value);
  return value;
}

/** Refuses depth beyond 200 and the key `__proto__`. Iterative, so that depth cannot exhaust the stack. @throws StatusError */
export function checkShape(root: unknown): void {
  if (root === null || typeof root !== 'object') return;
  const pending: object[] = [root];
  const depths = [0];
  for (let value = pending.pop(); value; value = pending.pop()) {
    const depth = depths.pop() ?? 0;
    if (depth >= depthMax) throw StatusError.badRequest(`the object is nested deeper than ${depthMax} levels`);
    if (Object.hasOwn(value, '__proto__')) throw StatusError.badRequest('the key "__proto__" is not allowed');
    // Every body passes through here: nothing is set aside that cannot hold more.
    for (const key in value) {
      const inner: unknown = (value as Record<string, unknown>)[key];
      if (inner === null || typeof inner !== 'object') continue;
      pending.push(inner);
      depths.push(depth + 1);
    }
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Equality of JSON values; an undefined member equals an absent one. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const key of Object.keys(a)) if (!deepEqual(a[key], own(b, key))) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && own(a, key) === undefined) return false;
  return true;
}

/** Users may call a label `constructor`, which every object inherits. */
function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** A copy that shares nothing with the original. */
export function deepClone<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => deepClone(item)) as T;
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) copy[key] = deepClone(inner);
  return copy as T;
}
