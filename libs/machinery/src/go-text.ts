// JSON values as Go's fmt prints them, and what Go calls their types: Kubernetes' errors about patches hold both.
import { isInt64 } from './exact-json.ts';
import { isRecord } from './json.ts';

/** `%v`: `map[a:1 b:[x <nil>]]`, members in order. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isRecord(value)) return String(value);
  const members = Object.keys(value).sort();
  return `map[${members.map((name) => `${name}:${goText(value[name])}`).join(' ')}]`;
}

/** Of what is decoded into an interface (a bigint is a whole number beyond 2⁵³): `map[string]interface {}`, `int64`. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (isRecord(value)) return 'map[string]interface {}';
  return goKind(value);
}

/** `map`, `slice`, `string`, `bool`, `int64`, `float64`. */
export function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (isRecord(value)) return 'map';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'bigint') return isInt64(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** What Go's JSON decoder calls a value that it cannot use: `object`, `number`. */
export function goJsonName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  if (typeof value === 'bigint') return 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
