// Structural schemas: every field has its type outside of what merely narrows values, so that objects can be pruned, defaulted
// and merged by the schema alone (k8s.io/apiextensions-apiserver, pkg/apiserver/schema).
import { fieldMessage } from '@berth/machinery';
import { type FieldError, forbidden, invalid, required } from '../errors.ts';
import { additionalOf, itemsOf, propertiesOf, propertyOf, type Schema } from './schema-shape.ts';
import { validateCompleteness, validateNarrowing } from './structural-narrowing.ts';

type Level = 'root' | 'item' | 'field';

const untyped: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

/** In the order of their texts. */
export function validateStructural(schema: Schema, field: string): FieldError[] {
  const errors = [...invariants(schema, 'root', field), ...validateCompleteness(schema, schema, field, field)];
  return errors
    .map((error) => [`${error.field}: ${fieldMessage(error)}`, error] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, error]) => error);
}

function invariants(schema: Schema, level: Level, field: string): FieldError[] {
  const items = itemsOf(schema);
  const errors: FieldError[] = [];
  if (schema.type === 'array' && !items) errors.push(required(`${field}.items`, 'must be specified'));
  if (items) errors.push(...invariants(items, 'item', `${field}.items`));
  for (const [name, property] of propertiesOf(schema)) errors.push(...invariants(property, 'field', `${field}.properties[${name}]`));
  const additional = additionalOf(schema);
  if (schema.additionalProperties !== undefined && level === 'root')
    errors.push(forbidden(`${field}.additionalProperties`, 'must not be used at the root'));
  if (additional) errors.push(...invariants(additional, 'field', `${field}.additionalProperties`));
  return [
    ...errors,
    ...extensions(schema, field),
    ...validateNarrowing(schema, field),
    ...typeRules(schema, level, field),
    ...resourceRules(schema, level, field),
  ];
}

function extensions(schema: Schema, field: string): FieldError[] {
  if (!schema['x-kubernetes-int-or-string']) return [];
  const excluded = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const;
  return excluded.flatMap((name) =>
    schema[name] ? [invalid(`${field}.${name}`, true, 'must be false if x-kubernetes-int-or-string is true')] : [],
  );
}

function typeRules(schema: Schema, level: Level, field: string): FieldError[] {
  const { type = '' } = schema;
  const isEmbedded = schema['x-kubernetes-embedded-resource'];
  const errors: FieldError[] = [];
  const embedded = 'must be object if x-kubernetes-embedded-resource is true';
  if (isEmbedded && type !== 'object') errors.push(type ? invalid(`${field}.type`, type, embedded) : required(`${field}.type`, embedded));
  else if (!type && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields'])
    errors.push(required(`${field}.type`, untyped[level]));
  if (isEmbedded && schema.additionalProperties !== undefined)
    errors.push(forbidden(`${field}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'));
  if (level === 'root' && type && type !== 'object') errors.push(invalid(`${field}.type`, type, 'must be object at the root'));
  return errors;
}

/** Of whole objects: what is in every one of them has its type already. */
function resourceRules(schema: Schema, level: Level, field: string): FieldError[] {
  const isEmbedded = schema['x-kubernetes-embedded-resource'] ?? false;
  const isResource = level === 'root' || isEmbedded;
  const errors: FieldError[] = [];
  for (const name of ['kind', 'apiVersion']) {
    const property = isResource ? propertyOf(schema, name) : undefined;
    if (property && property.type !== 'string')
      errors.push(invalid(`${field}.properties[${name}].type`, property.type ?? '', 'must be string'));
  }
  const metadata = propertyOf(schema, 'metadata');
  if (metadata) errors.push(...metadataRules(metadata, isResource, level, `${field}.properties[metadata]`));
  if (isEmbedded && !schema['x-kubernetes-preserve-unknown-fields'] && propertiesOf(schema).length === 0) {
    const detail = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(`${field}.properties`, detail));
  }
  return errors;
}

/** Members of a schema for metadata that are no restriction of it. */
const harmless = ['type', 'default', 'example', 'externalDocs'];

function metadataRules(metadata: Schema, isResource: boolean, level: Level, field: string): FieldError[] {
  const errors = isResource && metadata.type !== 'object' ? [invalid(`${field}.type`, metadata.type ?? '', 'must be object')] : [];
  if (level !== 'root') return errors;
  const names = propertiesOf(metadata).map(([name]) => name);
  const restricts = (member: string) =>
    member === 'properties' ? names.some((name) => name !== 'name' && name !== 'generateName') : !harmless.includes(member);
  if (!Object.keys(metadata).some(restricts)) return errors;
  const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
  return [...errors, forbidden(field, detail)];
}

/** What makes a schema one that is not looked at further; said only when nothing else is wrong. */
export function unsupportedPart(schema: Schema): string | undefined {
  const own = unsupportedMember(schema);
  if (own) return own;
  const { not, allOf = [], anyOf = [], oneOf = [] } = schema;
  for (const inner of [...(not ? [not] : []), ...allOf, ...anyOf, ...oneOf]) {
    const found = unsupportedPart(inner);
    if (found) return found;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  if (Array.isArray(schema.items)) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  const below = [itemsOf(schema), ...propertiesOf(schema).map(([, property]) => property), additionalOf(schema)];
  for (const inner of below) {
    const found = inner && unsupportedPart(inner);
    if (found) return found;
  }
  return undefined;
}

function unsupportedMember(schema: Schema): string | undefined {
  const member = (name: string) => `OpenAPIV3Schema '${name}' is not supported`;
  if (schema.id) return member('id');
  if (schema.$schema) return member('schema');
  if (schema.$ref) return member('$ref');
  for (const name of ['patternProperties', 'dependencies'] as const) if (Object.keys(schema[name] ?? {}).length > 0) return member(name);
  if (schema.additionalItems !== undefined) return member('additionalItems');
  return Object.keys(schema.definitions ?? {}).length > 0 ? member('definitions') : undefined;
}
