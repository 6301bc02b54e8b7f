// Schemas of definitions as rules look at them: what is under which path, and whether anything of a kind is anywhere in them.
import type { JSONSchemaProps } from '../../generated/apiextensions-v1.types.ts';

export type Schema = JSONSchemaProps;

/** The schema of all items; a list has none when there is one for each. */
export function itemsOf({ items }: Schema): Schema | undefined {
  return Array.isArray(items) ? undefined : items;
}

export function itemLists({ items }: Schema): Schema[] {
  return Array.isArray(items) ? items : [];
}

export function additionalOf({ additionalProperties }: Schema): Schema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

export function propertiesOf({ properties }: Schema): [string, Schema][] {
  return Object.entries(properties ?? {});
}

export function propertyOf({ properties }: Schema, name: string): Schema | undefined {
  return properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** Members of schemas that hold schemas by name. */
const maps = ['properties', 'patternProperties', 'definitions', 'dependencies'] as const;
const lists = ['allOf', 'anyOf', 'oneOf'] as const;

/** All schemas right below a schema, whatever for. */
export function schemasIn(schema: Schema): Schema[] {
  const { items, not, additionalProperties, additionalItems } = schema;
  const single = [items, not, additionalProperties, additionalItems].flatMap((value) => value ?? []);
  const inLists = lists.flatMap((name) => schema[name] ?? []);
  const named = maps.flatMap((name): unknown[] => Object.values(schema[name] ?? {}));
  return [...single, ...inLists, ...named].filter(
    (value): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value),
  );
}

/** Whether a schema, or one within it, is of a kind. */
export function someSchema(schema: Schema | undefined, test: (schema: Schema) => boolean): boolean {
  const waiting = schema ? [schema] : [];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (test(next)) return true;
    for (const inner of schemasIn(next)) waiting.push(inner);
  }
  return false;
}

/** How many schemas an error shows: more are more than anybody reads. */
export const shownMax = 1_000;

/** How many schemas there are in one; beyond `max`, that there are more. */
export function countSchemas(schema: Schema, max: number): number {
  let count = 0;
  someSchema(schema, () => ++count > max);
  return count;
}
