// Defaults of a schema: each must be what the schema itself would take, and nothing of it may be pruned.
import { deepClone, fieldMessage } from '@berth/machinery';
import { prune } from '../../custom/pruning.ts';
import { validateValue } from '../../custom/value-validation.ts';
import { type FieldError, invalid } from '../errors.ts';
import { validateEmbedded } from './embedded-resource.ts';
import { itemsOf, propertiesOf, type Schema } from './schema-shape.ts';

/** Where in an object of the API a default stands, when it is a part of its type or metadata. */
interface Around {
  resource: Schema;
  /** Names of members; null stands for an item of a list. */
  steps: (string | null)[];
  insideMetadata: boolean;
}

/** @param schema structural */
export function validateDefaults(schema: Schema, field: string): FieldError[] {
  const resource = { ...schema, 'x-kubernetes-embedded-resource': true };
  return check(resource, field, { resource, steps: [], insideMetadata: false });
}

function check(schema: Schema, field: string, given: Around): FieldError[] {
  const isResource = schema['x-kubernetes-embedded-resource'] ?? false;
  const around = isResource ? { resource: schema, steps: [], insideMetadata: false } : given;
  const errors: FieldError[] = [];
  if ((schema.default ?? null) !== null)
    errors.push(...(around.insideMetadata ? ofMetadata(schema, field, around) : ofContent(schema, field)));
  // Defaults below additionalProperties stand for nothing that could be looked at.
  const items = itemsOf(schema);
  if (items) errors.push(...check(items, `${field}.items`, { ...around, steps: [...around.steps, null] }));
  for (const [name, property] of propertiesOf(schema)) {
    const insideMetadata = around.insideMetadata || (isResource && ['metadata', 'apiVersion', 'kind'].includes(name));
    errors.push(...check(property, `${field}.properties[${name}]`, { ...around, steps: [...around.steps, name], insideMetadata }));
  }
  return errors;
}

function ofContent(schema: Schema, field: string): FieldError[] {
  const at = `${field}.default`;
  const value = schema.default;
  const isWhole = prune({ type: 'object', properties: { value: schema } }, { value: deepClone(value) }).length === 0;
  const errors = isWhole ? [] : [invalid(at, value, 'must not have unknown fields')];
  const embedded = validateEmbedded(schema, value, at);
  return [...errors, ...(embedded.length > 0 ? embedded : wrongValues(schema, at))];
}

/** What a default makes of the object that it is in decides: a name alone says nothing. */
function ofMetadata(schema: Schema, field: string, { resource, steps }: Around): FieldError[] {
  const at = `${field}.default`;
  const whole = steps.reduceRight<unknown>((inner, step) => (step === null ? [inner] : { [step]: inner }), deepClone(schema.default));
  const object = { apiVersion: 'validation/v1', kind: 'Validation', ...(whole as object) };
  const errors = validateEmbedded(resource, object, '');
  if (errors.length === 0) return wrongValues(schema, at);
  const texts = [...new Set(errors.map((error) => `${error.field}: ${fieldMessage(error)}`))];
  const detail = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return [invalid(at, schema.default, `must result in valid metadata: ${detail}`)];
}

function wrongValues(schema: Schema, field: string): FieldError[] {
  return validateValue(schema, schema.default, field);
}
