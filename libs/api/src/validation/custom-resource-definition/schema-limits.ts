// How large a schema may be. Kubernetes bounds it by the size of a request alone; here what is too deep or too much to be walked
// by everything that reads schemas, or to be compiled for every object, is refused with the path where that is so.
import { type FieldError, invalidWithoutValue, tooLong, tooMany } from '../errors.ts';
import { patternSteps } from './pattern.ts';
import { additionalOf, itemLists, itemsOf, propertiesOf, type Schema } from './schema-shape.ts';

const depthMax = 60;
const schemasMax = 20_000;
const patternLengthMax = 10_000;
/** Of all different patterns of a schema together, once they are compiled. */
const patternStepsMax = 10_000;
const mapKeysMax = 64;

interface Spent {
  schemas: number;
  steps: number;
  patterns: Set<string>;
}

/** The first limit that is exceeded: nothing else is worth saying then. */
export function schemaLimit(schema: Schema, field: string): FieldError | undefined {
  return limitAt(schema, field, 0, { schemas: 0, steps: 0, patterns: new Set() });
}

function limitAt(schema: Schema, field: string, depth: number, spent: Spent): FieldError | undefined {
  if (depth > depthMax) return invalidWithoutValue(field, `must not be nested deeper than ${depthMax} levels`);
  if (++spent.schemas > schemasMax) return invalidWithoutValue(field, `must not hold more than ${schemasMax} schemas in all`);
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (keys.length > mapKeysMax) return tooMany(`${field}.x-kubernetes-list-map-keys`, keys.length, mapKeysMax);
  const own = patternLimit(schema, field, spent);
  if (own) return own;
  for (const [inner, path] of below(schema, field)) {
    const found = limitAt(inner, path, depth + 1, spent);
    if (found) return found;
  }
  return undefined;
}

function patternLimit({ pattern }: Schema, field: string, spent: Spent): FieldError | undefined {
  if (!pattern || spent.patterns.has(pattern)) return undefined;
  if (pattern.length > patternLengthMax) return tooLong(`${field}.pattern`, patternLengthMax);
  spent.patterns.add(pattern);
  spent.steps += patternSteps(pattern);
  if (spent.steps <= patternStepsMax) return undefined;
  const detail = `all patterns of a schema together must not be longer than ${patternStepsMax} characters, repetitions counted as often as they may be`;
  return invalidWithoutValue(`${field}.pattern`, detail);
}

function* below(schema: Schema, field: string): Generator<[Schema, string]> {
  const items = itemsOf(schema);
  if (items) yield [items, `${field}.items`];
  for (const [i, item] of itemLists(schema).entries()) yield [item, `${field}.items[${i}]`];
  for (const [name, inner] of propertiesOf(schema)) yield [inner, `${field}.properties[${name}]`];
  const additional = additionalOf(schema);
  if (additional) yield [additional, `${field}.additionalProperties`];
  if (typeof schema.additionalItems === 'object') yield [schema.additionalItems, `${field}.additionalItems`];
  if (schema.not) yield [schema.not, `${field}.not`];
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
    for (const [i, inner] of (schema[name] ?? []).entries()) yield [inner, `${field}.${name}[${i}]`];
  for (const name of ['patternProperties', 'definitions', 'dependencies'] as const)
    for (const [key, inner] of Object.entries(schema[name] ?? {}))
      if (!Array.isArray(inner) && inner) yield [inner, `${field}.${name}[${key}]`];
}
