// What a schema asks of single values: their type, and the bounds of numbers and strings. Worded as Kubernetes' validation of
// custom resources words it.
import { deepEqual } from '@berth/machinery';
import { RE2JS } from 're2js';
import { type FieldError, invalid, notSupported, tooLong } from '../validation/errors.ts';
import { type NativePattern, nativePattern } from './native-pattern.ts';
import type { Schema } from './schema-parts.ts';
import { hasFormat } from './string-formats.ts';

export type JsonType = 'object' | 'array' | 'string' | 'boolean' | 'integer' | 'number' | 'null';

export function jsonType(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value as JsonType;
}

/** `spec.replicas in body`: how messages name the place. */
export function inBody(path: string): string {
  return `${path} in body`;
}

/** The wrong type of a value, if it is. */
export function typeError(schema: Schema, value: unknown, path: string): FieldError | undefined {
  const given = jsonType(value);
  if (schema.type === given && !schema['x-kubernetes-int-or-string']) return undefined;
  const wanted = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : schema.type ? [schema.type] : [];
  if (wanted.length === 0 || wanted.includes(given)) return undefined;
  if (given === 'null' && schema.nullable) return undefined;
  if (given === 'integer' && wanted.includes('number')) return undefined;
  const detail = `${inBody(path)} must be of type ${wanted.join(',')}: "${given}"`;
  return { type: 'TypeInvalid', field: path, value: given === 'null' ? 'null' : given, detail };
}

export function enumError(schema: Schema, value: unknown, path: string): FieldError | undefined {
  const allowed = schema.enum;
  if (!allowed || allowed.length === 0) return undefined;
  if (allowed.some((one) => deepEqual(one, value))) return undefined;
  return notSupported(
    path,
    value,
    allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
  );
}

export function checkNumber(schema: Schema, value: number | bigint, path: string, errors: FieldError[]): void {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf, format } = schema;
  const bits = format === 'int32' ? 31 : 63;
  const isWhole = schema.type === 'integer' || format === 'int32' || format === 'int64';
  if (isWhole && jsonType(value) === 'integer' && (value < -(2 ** bits) || value >= 2 ** bits)) {
    const shape = format ? `of type integer with format ${format}` : 'of type integer (default format)';
    errors.push(invalid('', '', `Checked value must be ${shape} in ${path}`));
  }
  if (multipleOf !== undefined && !isMultiple(Number(value), multipleOf))
    errors.push(invalid(path, value, `${inBody(path)} should be a multiple of ${multipleOf}`));
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    errors.push(invalid(path, value, `${inBody(path)} should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    errors.push(invalid(path, value, `${inBody(path)} should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`));
}

/** As far as doubles tell. */
function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

/** The first thing wrong with a string. */
export function checkString(schema: Schema, value: string, path: string, errors: FieldError[]): void {
  const { minLength, maxLength, pattern, format } = schema;
  if (maxLength !== undefined && value.length > maxLength && characters(value) > maxLength) errors.push(tooLong(path, maxLength));
  else if (minLength !== undefined && characters(value) < minLength)
    errors.push(invalid(path, value, `${inBody(path)} should be at least ${minLength} chars long`));
  else if (pattern && !matches(pattern, value)) errors.push(invalid(path, value, `${inBody(path)} should match '${pattern}'`));
  if (format && !hasFormat(format, value)) {
    const detail = `${inBody(path)} must be of type ${format}: ${JSON.stringify(value)}`;
    errors.push(invalid(path, value, detail));
  }
}

/** Characters are what counts, not UTF-16 units. */
function characters(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) if (isPair(text.charCodeAt(i - 1), text.charCodeAt(i))) count--;
  return count;
}

const isPair = (high: number, low: number) => high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;

interface Pattern {
  native: NativePattern | undefined;
  /** Made when it is needed. */
  original: RE2JS | undefined;
}

/** Characters that may be looked at for one text without RE2: some milliseconds at most. */
const nativeStepsMax = 1_000_000;
const compiled = new Map<string, Pattern>();
/** Forgotten all at once: definitions come and go. */
const compiledMax = 1_000;

/** As RE2 does in Go: the time it takes grows with the text alone. */
export function matches(source: string, value: string): boolean {
  const pattern = patternOf(source);
  if (pattern.native && pattern.native.steps * value.length <= nativeStepsMax) return pattern.native.expression.test(value);
  pattern.original ??= RE2JS.compile(source);
  return pattern.original.matcher(value).find();
}

function patternOf(source: string): Pattern {
  let pattern = compiled.get(source);
  if (!pattern) {
    pattern = { native: nativePattern(source), original: undefined };
    if (compiled.size >= compiledMax) compiled.clear();
    compiled.set(source, pattern);
  }
  return pattern;
}
