// What a schema says of the parts of a custom resource.
import { additionalOf as othersOf, propertyOf, type Schema } from '../validation/custom-resource-definition/schema-shape.ts';

export { itemsOf, propertyOf, type Schema } from '../validation/custom-resource-definition/schema-shape.ts';

/** Members that every resource has, and that its schema need not name. */
export const typeAndMetadata: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** `any` where whatever has no schema of its own is let through. */
export function additionalOf(schema: Schema): Schema | 'any' | undefined {
  return othersOf(schema) ?? (schema.additionalProperties === true ? 'any' : undefined);
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
