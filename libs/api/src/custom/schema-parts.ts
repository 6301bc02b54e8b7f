// What parts a schema of a custom resource has. Its free-form members are declared as JSON: a schema for all items, or for all
// properties that have no name of their own.
import { isRecord, own } from '@berth/machinery';
import type { JSONSchemaProps } from '../generated/apiextensions-v1.types.ts';

export type Schema = JSONSchemaProps;

/** Members that every resource has, and that its schema need not name. */
export const typeAndMetadata: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

export function itemsOf({ items }: Schema): Schema | undefined {
  return isRecord(items) ? (items as Schema) : undefined;
}

export function propertyOf({ properties }: Schema, name: string): Schema | undefined {
  return properties && (own(properties, name) as Schema | undefined);
}

/** `any` where whatever has no schema of its own is let through. */
export function additionalOf({ additionalProperties }: Schema): Schema | 'any' | undefined {
  if (isRecord(additionalProperties)) return additionalProperties as Schema;
  return additionalProperties === true ? 'any' : undefined;
}

/** What a member of an object must be; undefined where nothing says. */
export function memberSchema(schema: Schema, name: string): Schema | undefined {
  const named = propertyOf(schema, name);
  if (named) return named;
  const additional = additionalOf(schema);
  return additional === 'any' ? undefined : additional;
}

/** As a field's path goes on: `spec` and `spec.replicas`. */
export function childPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
