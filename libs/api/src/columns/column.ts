// Building blocks of printer columns, and the two that every table has: name and age.
import { type Column, humanDuration } from '@berth/machinery';
import type { ObjectMeta } from '../generated/meta-v1.types.ts';

interface Listed {
  metadata: ObjectMeta;
}

export const none = '<none>';
export const unknown = '<unknown>';

/** How long ago a time was, as kubectl writes it. */
export function ago(time: string | undefined, now: number): string {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? unknown : humanDuration(now - at);
}

export function nameColumn<T extends Listed>(): Column<T> {
  return {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: 'Name of the object, unique within its namespace and kind',
    value: (object) => object.metadata.name,
  };
}

export function ageColumn<T extends Listed>(): Column<T> {
  return {
    name: 'Age',
    type: 'string',
    description: 'Time since the object was created',
    value: (object, now) => ago(object.metadata.creationTimestamp, now),
  };
}

/** Of a column that Kubernetes calls a text although its cells are numbers. */
export function shownAsText<T>(column: Column<T>): Column<T> {
  return { ...column, type: 'string' };
}

export function text<T>(name: string, description: string, value: (object: T, now: number) => string | undefined): Column<T> {
  return { name, type: 'string', description, value: (object, now) => value(object, now) ?? '' };
}

export function count<T>(name: string, description: string, value: (object: T) => number | undefined): Column<T> {
  return { name, type: 'integer', description, value: (object) => value(object) ?? 0 };
}

/** Shown with `-o wide` only. */
export function wide<T>(column: Column<T>): Column<T> {
  return { ...column, priority: 1 };
}

/** `a=1,b=2`, or `<none>`. */
export function labelText(labels: Record<string, string> | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? none : entries.map(([key, value]) => `${key}=${value}`).join(',');
}

/** What tables without columns of their own show besides the name: `kubectl get roles` prints a time, not an age. */
export function createdAtColumn<T extends Listed>(): Column<T> {
  return {
    name: 'Created At',
    type: 'date',
    description: 'Time at which the object was created',
    // Go's zero time, of what was never created: a bookmark.
    value: (object) => object.metadata.creationTimestamp ?? '0001-01-01T00:00:00Z',
  };
}

export function flag<T>(name: string, description: string, value: (object: T) => boolean | undefined): Column<T> {
  return { name, type: 'boolean', description, value: (object) => value(object) ?? false };
}
