// What of OpenAPI may stand in a schema of a definition, at every place in it.
import { type FieldError, forbidden, invalid, notSupported } from '../errors.ts';
import { type ListStrictness, validateListsAndMaps } from './list-rules.ts';
import { validateRules } from './rules.ts';
import { additionalOf, itemLists, itemsOf, propertiesOf, type Schema } from './schema-shape.ts';

export const openApiTypes = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

export interface SchemaStrictness extends ListStrictness {
  knownTypes: boolean;
}

interface Place {
  isRoot?: boolean;
  /** Why defaults may not stand here. */
  noDefaults?: string;
  /** Whether it is part of an object's type or metadata. */
  insideMetadata?: boolean;
}

const metadataFields = ['metadata', 'kind', 'apiVersion'];

export function validateOpenApiSchema(schema: Schema, field: string, strict: SchemaStrictness): FieldError[] {
  return check(schema, field, strict, { isRoot: true });
}

function check(schema: Schema, field: string, strict: SchemaStrictness, { isRoot = false, ...place }: Place): FieldError[] {
  const inner = (given: Schema | undefined, at: string, there: Place = place) =>
    given ? check(given, `${field}.${at}`, strict, there) : [];
  const errors = members(schema, field, strict, place);
  errors.push(...additional(schema, field));
  const reason = 'inside additionalProperties applying to object metadata';
  errors.push(...inner(additionalOf(schema), 'additionalProperties', place.insideMetadata ? { ...place, noDefaults: reason } : place));
  for (const [name, property] of propertiesOf(schema)) {
    const isMetadata = (isRoot || schema['x-kubernetes-embedded-resource']) && metadataFields.includes(name);
    const there = {
      ...place,
      ...(isMetadata && { insideMetadata: true }),
      ...(isMetadata && isRoot && { noDefaults: `in top-level ${name}` }),
    };
    errors.push(...inner(property, `properties[${name}]`, there));
  }
  errors.push(...inner(schema.not, 'not'));
  for (const junctor of ['allOf', 'oneOf', 'anyOf'] as const)
    for (const [i, given] of (schema[junctor] ?? []).entries()) errors.push(...inner(given, `${junctor}[${i}]`));
  for (const [name, given] of Object.entries(schema.definitions ?? {})) errors.push(...inner(given, `definitions[${name}]`));
  errors.push(...inner(itemsOf(schema), 'items'));
  for (const [i, given] of itemLists(schema).entries()) errors.push(...inner(given, `items[${i}]`));
  for (const [name, given] of Object.entries(schema.dependencies ?? {}))
    if (!Array.isArray(given)) errors.push(...inner(given ?? undefined, `dependencies[${name}]`));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(`${field}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  return [...errors, ...validateListsAndMaps(schema, field, strict), ...validateRules(schema, field)];
}

/** Members that mean nothing here. */
const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

function members(schema: Schema, field: string, strict: SchemaStrictness, { noDefaults, insideMetadata }: Place): FieldError[] {
  const { type } = schema;
  const errors: FieldError[] = [];
  if (strict.knownTypes && type && !openApiTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, openApiTypes));
  if (noDefaults && (schema.default ?? null) !== null) errors.push(forbidden(`${field}.default`, `must not be set ${noDefaults}`));
  for (const name of unsupported) {
    const value = schema[name];
    if (value === undefined || (value === '' && name === 'id')) continue;
    errors.push(forbidden(`${field}.${name}`, `${name} is not supported`));
  }
  if (type === 'null') errors.push(forbidden(`${field}.type`, 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(schema.items)) errors.push(forbidden(`${field}.items`, 'items must be a schema object and not an array'));
  if (insideMetadata && schema['x-kubernetes-embedded-resource'])
    errors.push(forbidden(`${field}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'));
  if (schema.uniqueItems) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbidden(`${field}.uniqueItems`, detail));
  }
  return errors;
}

function additional(schema: Schema, field: string): FieldError[] {
  const { additionalProperties } = schema;
  if (additionalProperties === undefined || additionalProperties === true || propertiesOf(schema).length === 0) return [];
  return [forbidden(`${field}.additionalProperties`, 'additionalProperties and properties are mutual exclusive')];
}
