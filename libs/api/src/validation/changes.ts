// Whether two JSON values differ, as Kubernetes' own types would: absent, null, zero and empty count as the same.

import { deepEqual, type FieldSchema, type MessageSchema, type TypeSchema } from '@berth/machinery';
import { schemas } from '../schemas.ts';

/**
 * The same for values of a type, such as `core.v1.PodSpec`: what Go points at differs from what is not there, however empty it is
 * (`hostUsers: false`), and a list of one empty item from an empty list.
 */
export function isSame(type: string, a: unknown, b: unknown): boolean {
  return deepEqual(a, b) || isSameMessage(schemas.message(type), a, b);
}

function isSameMessage(message: MessageSchema, a: unknown, b: unknown): boolean {
  const [one, other] = [isObject(a) ? a : {}, isObject(b) ? b : {}];
  return [...message.byName.values()].every((field) => isSameField(field, one[field.name] ?? undefined, other[field.name] ?? undefined));
}

function isSameField({ pointer, schema }: FieldSchema, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (pointer && (a === undefined || b === undefined)) return false;
  return isSameValue(schema, a, b);
}

function isSameValue(type: TypeSchema, a: unknown, b: unknown): boolean {
  if (type.kind === 'message') return isSameMessage(type.message, a, b);
  if (type.kind === 'list') {
    const [one, other] = [Array.isArray(a) ? a : [], Array.isArray(b) ? b : []];
    return one.length === other.length && one.every((item, index) => isSameValue(type.of, item, other[index]));
  }
  if (type.kind === 'map') {
    const [one, other] = [isObject(a) ? a : {}, isObject(b) ? b : {}];
    const keys = Object.keys(one);
    return (
      keys.length === Object.keys(other).length &&
      keys.every((key) => Object.hasOwn(other, key) && isSameValue(type.of, one[key], other[key]))
    );
  }
  return isEqual(a, b);
}

export function isEqual(a: unknown, b: unknown): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  if (!isObject(a) || !isObject(b)) return a === b;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => isEqual(a[key], b[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}
