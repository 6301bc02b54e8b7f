// How lists and objects merge: what their items are known by must be there, and plain.
import { type FieldError, forbidden, invalid, notSupported, required, shown } from '../errors.ts';
import { itemsOf, propertyOf, type Schema } from './schema-shape.ts';

const listTypes = ['atomic', 'set', 'map'];
const mapTypes = ['atomic', 'granular'];

/** Rules that definitions of an earlier version of Kubernetes need not keep. */
export interface ListStrictness {
  atomicSets: boolean;
  mapKeys: boolean;
}

export function validateListsAndMaps(schema: Schema, field: string, strict: ListStrictness): FieldError[] {
  return [
    ...mapType(schema, field),
    ...listType(schema, field, strict),
    ...mapKeys(schema, field),
    ...(strict.mapKeys ? keyErrors(schema, field) : []),
  ];
}

function mapType(schema: Schema, field: string): FieldError[] {
  const type = schema['x-kubernetes-map-type'];
  if (type === undefined) return [];
  const errors = typeOfMerged(schema, 'object', 'x-kubernetes-map-type', field);
  return mapTypes.includes(type) ? errors : [...errors, notSupported(`${field}.x-kubernetes-map-type`, type, mapTypes)];
}

function typeOfMerged({ type }: Schema, wanted: string, given: string, field: string): FieldError[] {
  if (type === wanted) return [];
  const detail = `must be ${wanted} if ${given} is specified`;
  return [type ? invalid(`${field}.type`, type, detail) : required(`${field}.type`, detail)];
}

function listType(schema: Schema, field: string, strict: ListStrictness): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === undefined) return [];
  const errors = typeOfMerged(schema, 'array', 'x-kubernetes-list-type', field);
  if (errors.length === 0 && strict.atomicSets && isNonAtomicSet(schema)) {
    const member = itemsOf(schema)?.type === 'array' ? 'list' : 'map';
    // Of either, Kubernetes shows the type of list.
    const given = itemsOf(schema)?.['x-kubernetes-list-type'] ?? null;
    const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
    errors.push(invalid(`${field}.items.x-kubernetes-${member}-type`, given, detail));
  }
  return listTypes.includes(type) ? errors : [...errors, notSupported(`${field}.x-kubernetes-list-type`, type, listTypes)];
}

/** A set whose items have parts of their own that would merge. */
export function isNonAtomicSet(schema: Schema): boolean {
  const items = itemsOf(schema);
  if (schema['x-kubernetes-list-type'] !== 'set' || !items) return false;
  if (items.type === 'array') return (items['x-kubernetes-list-type'] ?? 'atomic') !== 'atomic';
  return items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic';
}

function mapKeys(schema: Schema, field: string): FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const type = schema['x-kubernetes-list-type'];
  const at = `${field}.x-kubernetes-list-map-keys`;
  const errors: FieldError[] = [];
  if (keys.length > 0 && type !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const typeField = `${field}.x-kubernetes-list-type`;
    errors.push(type === undefined ? required(typeField, detail) : invalid(typeField, type, detail));
  }
  if (type !== 'map') return errors;
  if (keys.length === 0) errors.push(required(at, 'must not be empty if x-kubernetes-list-type is map'));
  const items = itemsOf(schema);
  if (schema.items === undefined) errors.push(required(`${field}.items`, 'must have a schema if x-kubernetes-list-type is map'));
  else if (Array.isArray(schema.items)) {
    const value = (shown('apiextensions.v1.JSONSchemaProps', schema) as { Items: unknown }).Items;
    errors.push(invalid(`${field}.items`, value, 'must only have a single schema if x-kubernetes-list-type is map'));
  }
  if (!items) return errors;
  if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalid(`${field}.items.type`, items.type ?? '', detail)];
  }
  return [...errors, ...keys.flatMap((key, index) => keyNames(key, index, keys, items, field))];
}

function keyNames(key: string, index: number, keys: string[], items: Schema, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${field}.x-kubernetes-list-map-keys`;
  const type = propertyOf(items, key)?.type;
  if (!propertyOf(items, key)) errors.push(invalid(at, keys, 'entries must all be names of item properties'));
  else if (type === 'array' || type === 'object') {
    const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
    errors.push(invalid(`${field}.items.properties[${key}].type`, items.type, detail));
  }
  if (keys.indexOf(key) < index) errors.push(invalid(at, keys, 'must not contain duplicate entries'));
  return errors;
}

/** Items that are null, and keys that may be missing or null. */
export function keyErrors(schema: Schema, field: string): FieldError[] {
  const items = itemsOf(schema);
  const type = schema['x-kubernetes-list-type'];
  if (!items || (type !== 'set' && type !== 'map')) return [];
  const errors = items.nullable ? [forbidden(`${field}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${type}`)] : [];
  if (type === 'set') return errors;
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = propertyOf(items, key);
    if (!property) continue;
    const at = `${field}.items.properties[${key}]`;
    if (!items.required?.includes(key) && (property.default ?? null) === null) {
      const detail = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(`${at}.default`, detail));
    }
    if (property.nullable) {
      errors.push(forbidden(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'));
    }
  }
  return errors;
}
