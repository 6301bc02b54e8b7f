// What may stand within allOf, anyOf, oneOf and not: rules about values, for fields that the schema around them has, and nothing
// that would say what a field is.
import { type FieldError, forbidden, invalid, required } from '../errors.ts';
import { patternError } from './pattern.ts';
import { itemsOf, propertiesOf, propertyOf, type Schema } from './schema-shape.ts';

const junctors = ['anyOf', 'allOf', 'oneOf'] as const;

/** Rules about the values of a schema itself. */
export function validateNarrowing(schema: Schema, field: string): FieldError[] {
  const skips = { anyOf: isIntOrString(schema.anyOf), firstAllOf: isIntOrString(schema.allOf?.[0]?.anyOf) };
  return narrowing(schema, field, skips);
}

/** The one pattern in which types may stand there. */
function isIntOrString(alternatives: Schema[] | undefined): boolean {
  return alternatives?.length === 2 && isTypeAlone(alternatives[0], 'integer') && isTypeAlone(alternatives[1], 'string');
}

function isTypeAlone(schema: Schema | undefined, type: string): boolean {
  return schema?.type === type && Object.keys(schema).every((name) => name === 'type' || isForPeople(schema, name));
}

function isForPeople(schema: Schema, name: string): boolean {
  return name === 'example' || name === 'externalDocs' || (name === 'additionalProperties' && schema.additionalProperties === false);
}

function narrowing(schema: Schema, field: string, skips: { anyOf?: boolean; firstAllOf?: boolean }): FieldError[] {
  const errors = junctors.flatMap((junctor) => {
    if (junctor === 'anyOf' && skips.anyOf) return [];
    return (schema[junctor] ?? []).flatMap((inner, i) =>
      nested(inner, `${field}.${junctor}[${i}]`, junctor === 'allOf' && i === 0 && skips.firstAllOf),
    );
  });
  if (schema.not) errors.push(...nested(schema.not, `${field}.not`));
  const wrong = schema.pattern ? patternError(schema.pattern) : undefined;
  if (wrong) errors.push(invalid(`${field}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${wrong}`));
  return errors;
}

const empty = 'must be empty to be structural';
const isFalse = 'must be false to be structural';
const notDefined = 'must be undefined to be structural';

/** Members that say what a value is, and why they may not be there, in Kubernetes' order. */
const defining: [keyof Schema, string][] = [
  ['type', empty],
  ['additionalProperties', notDefined],
  ['default', notDefined],
  ['title', empty],
  ['description', empty],
  ['nullable', isFalse],
  ['x-kubernetes-preserve-unknown-fields', isFalse],
  ['x-kubernetes-embedded-resource', isFalse],
  ['x-kubernetes-int-or-string', isFalse],
  ['x-kubernetes-list-map-keys', empty],
  ['x-kubernetes-list-type', notDefined],
  ['x-kubernetes-map-type', notDefined],
  ['x-kubernetes-validations', empty],
];
const countWhenEmpty = new Set<keyof Schema>(['x-kubernetes-list-type', 'x-kubernetes-map-type']);

function isThere(schema: Schema, member: keyof Schema): boolean {
  const value = schema[member];
  if (value === undefined || value === null || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  // Of `default`, any value but null is one.
  return value !== '' || countWhenEmpty.has(member) || member === 'default';
}

function nested(schema: Schema, field: string, skipsAnyOf = false): FieldError[] {
  const errors = narrowing(schema, field, { anyOf: skipsAnyOf });
  const items = itemsOf(schema);
  if (items) errors.push(...nested(items, `${field}.items`));
  for (const [name, property] of propertiesOf(schema)) errors.push(...nested(property, `${field}.properties[${name}]`));
  for (const [member, detail] of defining)
    if (isThere(schema, member) || (member === 'default' && schema.default === false)) errors.push(forbidden(`${field}.${member}`, detail));
  if (propertyOf(schema, 'metadata')) errors.push(forbidden(`${field}.properties[metadata]`, 'must not be specified in a nested context'));
  return errors;
}

/** What is narrowed must be there. @param schema what narrows, at `at` @param whole what it narrows, at `field` */
export function validateCompleteness(schema: Schema, whole: Schema, field: string, at: string): FieldError[] {
  const inner = (given: Schema, path: string) => nestedCompleteness(given, whole, field, path);
  return [
    ...(schema.not ? inner(schema.not, `${at}.not`) : []),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((junctor) =>
      (schema[junctor] ?? []).flatMap((given, i) => inner(given, `${at}.${junctor}[${i}]`)),
    ),
  ];
}

function nestedCompleteness(schema: Schema, whole: Schema | undefined, field: string, at: string): FieldError[] {
  if (!whole) return [required(field, `because it is defined in ${at}`)];
  const errors = validateCompleteness(schema, whole, field, at);
  const items = itemsOf(schema);
  if (items) errors.push(...nestedCompleteness(items, itemsOf(whole), `${field}.items`, `${at}.items`));
  for (const [name, property] of propertiesOf(schema)) {
    const path = `.properties[${name}]`;
    errors.push(...nestedCompleteness(property, propertyOf(whole, name), field + path, at + path));
  }
  return errors;
}
