// JSON as CEL sees it, in the form in which the library holds values: whole numbers are ints, objects are maps whose keys no
// prototype adds to.
import { ExpressionError } from './expression-error.ts';

const depthMax = 100;

/** @throws ExpressionError for JSON that is nested too deeply */
export function celValue(json: unknown, depth = 0): unknown {
  if (depth > depthMax) throw new ExpressionError(`the value has more than ${depthMax} levels`);
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) return json.map((item) => celValue(item, depth + 1));
  if (typeof json !== 'object' || json === null) return json;
  return new Map(Object.entries(json).map(([key, value]) => [key, celValue(value, depth + 1)]));
}

/** Of a map; the library makes objects of those that an expression spells out. Undefined for everything else. */
export function entriesOf(value: unknown): [unknown, unknown][] | undefined {
  if (value instanceof Map) return [...value];
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.entries(value) : undefined;
}
