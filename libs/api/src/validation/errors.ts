// Builders of field errors, worded as Kubernetes words them, since people and tools match on the text.
import { asGoStruct, type FieldError, wasGivenEmpty } from '@berth/machinery';
import { schemas } from '../schemas.ts';

export type { FieldError };

/** Details that several fields share. */
export const immutable = 'field is immutable';
export const notNegative = 'must be greater than or equal to 0';

export function required(field: string, detail = ''): FieldError {
  return { type: 'Required', field, detail };
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'Invalid', field, value, detail };
}

/** Of what is too long to show, or is many things. */
export function invalidWithoutValue(field: string, detail: string): FieldError {
  return { type: 'Invalid', field, isValueOmitted: true, detail };
}

/** A value as Kubernetes' errors show it. @param type such as `meta.v1.LabelSelector` */
export function shown(type: string, value: unknown): unknown {
  return asGoStruct(schemas.message(type), value);
}

/** The same of a map, whose members Go sorts; null for none. */
export function shownMap(map: Record<string, unknown> | undefined): Record<string, unknown> | null {
  return map ? Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))) : null;
}

/** A list or map of an object: empty when it was given so, null for none. */
export function shownMember(parent: object | undefined, name: string): unknown {
  const value = (parent as Record<string, unknown> | undefined)?.[name];
  const isNothing = value === undefined || value === null || Object.keys(value).length === 0;
  if (!isNothing) return Array.isArray(value) ? value : shownMap(value as Record<string, unknown>);
  return parent && wasGivenEmpty(parent, name) ? (value ?? {}) : null;
}

/** One Invalid error for each message, as the name checks return them. */
export function invalidAll(field: string, value: unknown, details: string[]): FieldError[] {
  return details.map((detail) => invalid(field, value, detail));
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  return { type: 'NotSupported', field, value, detail: `supported values: ${supported.map((s) => JSON.stringify(s)).join(', ')}` };
}

export function duplicate(field: string, value: unknown): FieldError {
  return { type: 'Duplicate', field, value, detail: '' };
}

export function forbidden(field: string, detail: string): FieldError {
  return { type: 'Forbidden', field, detail };
}

export function notFound(field: string, value: unknown): FieldError {
  return { type: 'NotFound', field, value, detail: '' };
}

export function tooLong(field: string, bytesMax: number): FieldError {
  return { type: 'TooLong', field, detail: `may not be more than ${bytesMax} bytes` };
}

export function tooMany(field: string, actual: number, itemsMax: number): FieldError {
  return { type: 'TooMany', field, value: actual, detail: `must have at most ${itemsMax} items` };
}

/** An enumerated field that defaults have filled in: absent is Required, unknown is NotSupported. */
export function oneOf(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (!value) return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** The same, where an empty text is a value as any other. */
export function oneOfGiven(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (value === undefined) return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** The same for a field that may stay absent. */
export function optionalOneOf(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value ? oneOf(field, value, supported) : [];
}

/** The same, where an empty text is a value as any other: what Kubernetes has a pointer for. */
export function optionalOneOfGiven(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function nonNegative(field: string, value: number | undefined): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(field, value, notNegative)] : [];
}

/** Duplicates by a key; `errorAt` says what to report for the second and later ones. */
export function duplicates<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  errorAt: (index: number, item: T) => FieldError,
): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (!key) return;
    if (seen.has(key)) errors.push(errorAt(index, item));
    seen.add(key);
  });
  return errors;
}

/** Applies a check to every item of an optional list, with the item's path. */
export function each<T>(
  items: readonly T[] | undefined,
  field: string,
  check: (item: T, field: string, index: number) => FieldError[],
): FieldError[] {
  return (items ?? []).flatMap((item, index) => check(item, `${field}[${index}]`, index));
}
