// The schema of a version, or of all versions: OpenAPI, structural, and with defaults that it would take itself.
import type { CustomResourceValidation } from '../../generated/apiextensions-v1.types.ts';
import { type FieldError, forbidden, invalid, invalidWithoutValue, shown } from '../errors.ts';
import { validateDefaults } from './defaults.ts';
import { validateOpenApiSchema } from './open-api-schema.ts';
import type { Strictness } from './ratchets.ts';
import { schemaLimit } from './schema-limits.ts';
import { countSchemas, type Schema, shownMax } from './schema-shape.ts';
import { unsupportedPart, validateStructural } from './structural.ts';

export function validateSchema(
  { openAPIV3Schema: schema }: CustomResourceValidation,
  hasStatus: boolean,
  strict: Strictness,
  field: string,
): FieldError[] {
  if (!schema) return [];
  const at = `${field}.openAPIV3Schema`;
  const limit = schemaLimit(schema, at);
  if (limit) return [limit];
  const errors = hasStatus ? rootMembers(schema, at) : [];
  if (schema.nullable) errors.push(forbidden(`${at}.nullable`, 'nullable cannot be true at the root'));
  const unsupported = unsupportedPart(schema);
  if (unsupported === undefined) errors.push(...structural(schema, at));
  errors.push(...validateOpenApiSchema(schema, at, strict));
  return errors.length === 0 && unsupported !== undefined ? [invalid(at, '', unsupported)] : errors;
}

/** Defaults are held against a schema that is sound itself. */
function structural(schema: Schema, field: string): FieldError[] {
  const errors = validateStructural(schema, field);
  return errors.length > 0 ? errors : validateDefaults(schema, field);
}

/** Members, besides the type, that stay with a schema whose status is checked for itself; in Go's order and by Go's names. */
const allowedAtRoot = {
  description: 'Description',
  type: 'Type',
  format: 'Format',
  title: 'Title',
  maximum: 'Maximum',
  exclusiveMaximum: 'ExclusiveMaximum',
  minimum: 'Minimum',
  exclusiveMinimum: 'ExclusiveMinimum',
  maxLength: 'MaxLength',
  minLength: 'MinLength',
  pattern: 'Pattern',
  maxItems: 'MaxItems',
  minItems: 'MinItems',
  uniqueItems: 'UniqueItems',
  multipleOf: 'MultipleOf',
  required: 'Required',
  items: 'Items',
  properties: 'Properties',
  externalDocs: 'ExternalDocs',
  example: 'Example',
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
};
/** They come before the type, so that nothing is said of it. */
const first = ['id', '$schema', '$ref'] as const;

function rootMembers(schema: Schema, field: string): FieldError[] {
  const isFirst = first.some((name) => schema[name] !== undefined && (schema[name] !== '' || name === '$ref'));
  if (!isFirst && schema.type && schema.type !== 'object') {
    const detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [invalid(`${field}.type`, schema.type, detail)];
  }
  if (Object.keys(schema).every((name) => name in allowedAtRoot)) return [];
  const allowed = `[${Object.values(allowedAtRoot).join(' ')}]`;
  const detail = `only ${allowed} fields are allowed at the root of the schema if the status subresource is enabled`;
  if (countSchemas(schema, shownMax) > shownMax) return [invalidWithoutValue(field, detail)];
  return [invalid(field, shown('apiextensions.v1.JSONSchemaProps', schema), detail)];
}
