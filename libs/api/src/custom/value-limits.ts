// What a schema asks of single values: their type, and the bounds of numbers and strings. Worded as Kubernetes' validation of
// custom resources words it.
import { deepEqual } from '@berth/machinery';
import { RE2JS } from 're2js';
import { type FieldError, invalid, notSupported, tooLong } from '../validation/errors.ts';
import { type NativePattern, nativePattern } from './native-pattern.ts';
import type { Schema } from './schema-parts.ts';
import { hasFormat, knowsFormat } from './string-formats.ts';

export type JsonType = 'object' | 'array' | 'string' | 'boolean' | 'integer' | 'number' | 'null';

const int64Limit = 2n ** 63n;

/** What Go reads a value as: integers that have no room in 64 bits, and those written as 1e30, are numbers. */
export function jsonType(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return value >= -int64Limit && value < int64Limit ? 'integer' : 'number';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number';
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
  const format = isFormatKnown(schema) ? schema.format : undefined;
  const mistyped = (type: string, is: string): FieldError => {
    return { type: 'TypeInvalid', field: path, value: is, detail: `${inBody(path)} must be of type ${type}: "${is}"` };
  };
  if (given === 'null') return wanted.length === 0 || schema.nullable ? undefined : mistyped(wanted.join(','), 'null');
  if (wanted.length === 0 && !format) return undefined;
  const fits = wanted.includes(given) || (given === 'integer' && wanted.includes('number'));
  // What is no text is looked at by its format first, and what is text or a list by nothing else, unless it should be a number.
  if (given === 'string' || given === 'array') {
    if (format && !wanted.includes('number') && !wanted.includes('integer')) return undefined;
  } else if (format && !fits) return mistyped(format, goFormats[given] ?? '');
  return fits ? undefined : mistyped(wanted.join(','), given);
}

/** How Go's types are called as formats. */
const goFormats: Partial<Record<JsonType, string>> = { integer: 'int64', number: 'double' };

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
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  // Integers are compared with integers: what a bound has behind its point is cut off.
  const bound = (given: number) => (jsonType(value) === 'integer' ? Math.trunc(given) : given);
  if (multipleOf !== undefined) errors.push(...multipleErrors(bound(multipleOf), value, path));
  if (minimum !== undefined && (exclusiveMinimum ? value <= bound(minimum) : value < bound(minimum)))
    errors.push(invalid(path, value, `${inBody(path)} should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${bound(minimum)}`));
  if (maximum !== undefined && (exclusiveMaximum ? value >= bound(maximum) : value > bound(maximum)))
    errors.push(invalid(path, value, `${inBody(path)} should be less than ${exclusiveMaximum ? '' : 'or equal to '}${bound(maximum)}`));
}

function multipleErrors(factor: number, value: number | bigint, path: string): FieldError[] {
  if (factor <= 0) return [invalid(path, factor, `factor MultipleOf declared for ${path} must be positive: ${factor}`)];
  return isMultiple(value, factor) ? [] : [invalid(path, value, `${inBody(path)} should be a multiple of ${factor}`)];
}

/** As far as doubles tell, of what is no integer. */
function isMultiple(value: number | bigint, of: number): boolean {
  if (typeof value === 'bigint') return value % BigInt(of) === 0n;
  if (Number.isSafeInteger(value)) return value % of === 0;
  const times = of < 1 ? (1 / of) * value : value / of;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

/** The first thing wrong with a string. */
export function checkString(schema: Schema, value: string, path: string, errors: FieldError[]): void {
  const { minLength, maxLength, pattern } = schema;
  if (maxLength !== undefined && value.length > maxLength && characters(value) > maxLength) errors.push(tooLong(path, maxLength));
  else if (minLength !== undefined && characters(value) < minLength)
    errors.push(invalid(path, value, `${inBody(path)} should be at least ${minLength} chars long`));
  else if (pattern && !matches(pattern, value)) errors.push(invalid(path, value, `${inBody(path)} should match '${pattern}'`));
}

/** Others ask for nothing. */
export function isFormatKnown({ format }: Schema): boolean {
  return format !== undefined && format !== '' && knowsFormat(format);
}

export function checkFormat({ format = '' }: Schema, value: string, path: string, errors: FieldError[]): void {
  if (hasFormat(format, value)) return;
  errors.push({ type: 'TypeInvalid', field: path, value, detail: `${inBody(path)} must be of type ${format}: ${JSON.stringify(value)}` });
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
