// What a schema asks of single values: their type, and the bounds of numbers and strings. Worded as Kubernetes' validation of
// custom resources words it.
import { deepEqual } from '@berth/machinery';
import { RE2JS } from 're2js';
import { type FieldError, invalid, notSupported, tooLong } from '../validation/errors.ts';
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
export function place(path: string): string {
  return `${path} in body`;
}

/** The wrong type of a value, if it is. */
export function typeError(schema: Schema, value: unknown, path: string): FieldError | undefined {
  const wanted = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : schema.type ? [schema.type] : [];
  const given = jsonType(value);
  if (wanted.length === 0 || wanted.includes(given)) return undefined;
  if (given === 'null' && schema.nullable) return undefined;
  if (given === 'integer' && wanted.includes('number')) return undefined;
  const detail = `${place(path)} must be of type ${wanted.join(',')}: "${given}"`;
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

export function numberErrors(schema: Schema, value: number | bigint, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf, format } = schema;
  const bits = format === 'int32' ? 31 : 63;
  const isWhole = schema.type === 'integer' || format === 'int32' || format === 'int64';
  if (isWhole && jsonType(value) === 'integer' && (value < -(2 ** bits) || value >= 2 ** bits)) {
    const shape = format ? `of type integer with format ${format}` : 'of type integer (default format)';
    errors.push(invalid('', '', `Checked value must be ${shape} in ${path}`));
  }
  if (multipleOf !== undefined && !isMultiple(Number(value), multipleOf))
    errors.push(invalid(path, value, `${place(path)} should be a multiple of ${multipleOf}`));
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    errors.push(invalid(path, value, `${place(path)} should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    errors.push(invalid(path, value, `${place(path)} should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`));
  return errors;
}

/** As far as doubles tell. */
function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

/** The first thing wrong with a string. */
export function stringErrors(schema: Schema, value: string, path: string): FieldError[] {
  const { minLength, maxLength, pattern, format } = schema;
  const errors: FieldError[] = [];
  // Characters are what counts, not UTF-16 units.
  const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length;
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength));
  else if (minLength !== undefined && length < minLength)
    errors.push(invalid(path, value, `${place(path)} should be at least ${minLength} chars long`));
  else if (pattern && !matches(pattern, value)) errors.push(invalid(path, value, `${place(path)} should match '${pattern}'`));
  if (format && !hasFormat(format, value)) {
    const detail = `${place(path)} must be of type ${format}: ${JSON.stringify(value)}`;
    errors.push(invalid(path, value, detail));
  }
  return errors;
}

const compiled = new Map<string, RE2JS>();
/** Forgotten all at once: definitions come and go. */
const compiledMax = 1_000;

/** RE2, as in Go: the time it takes grows with the text alone. */
function matches(pattern: string, value: string): boolean {
  let expression = compiled.get(pattern);
  if (!expression) {
    expression = RE2JS.compile(pattern);
    if (compiled.size >= compiledMax) compiled.clear();
    compiled.set(pattern, expression);
  }
  return expression.matcher(value).find();
}
