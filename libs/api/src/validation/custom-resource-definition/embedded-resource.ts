// Objects of the API within others: what makes them objects must be whole, wherever a schema says that there is one.
import { checkTypes, decisiveProblem, isRecord } from '@berth/machinery';
import type { ObjectMeta } from '../../generated/meta-v1.types.ts';
import { schemas } from '../../schemas.ts';
import { type FieldError, invalid, required } from '../errors.ts';
import { validateMetadata } from '../metadata.ts';
import { dns1035Label, pathSegment } from '../names.ts';
import { additionalOf, itemsOf, propertyOf, type Schema, someSchema } from './schema-shape.ts';

/** What is wrong with the types and metadata of objects in a value; at first only what cannot be read as such. */
export function validateEmbedded(schema: Schema, value: unknown, field: string): FieldError[] {
  if (!hasEmbedded(schema)) return [];
  const unreadable = eachEmbedded(schema, value, field, readable);
  return unreadable.length > 0 ? unreadable.slice(0, 1) : eachEmbedded(schema, value, field, sound);
}

/**
 * Makes metadata what its type says, wherever there is an object within the value.
 * @param value is changed
 * @returns the fields that metadata does not have, and what cannot be read as types and metadata
 */
export function readEmbedded(schema: Schema, value: unknown): { unknown: string[]; refused?: FieldError } {
  if (!hasEmbedded(schema)) return { unknown: [] };
  const unknown: string[] = [];
  const [refused] = eachEmbedded(schema, value, '', (object, field) => {
    const errors = readable(object, field);
    if (errors.length > 0 || !('metadata' in object)) return errors;
    const read = checkTypes(metadataType, object.metadata ?? {});
    object.metadata = read.value;
    unknown.push(...read.unknown.map((name) => `${join(field, 'metadata')}.${name}`));
    return [];
  });
  return { unknown: unknown.sort(), refused };
}

const metadataType = schemas.message('meta.v1.ObjectMeta');

const known = new WeakMap<Schema, boolean>();

/** Most schemas have none, and schemas stay what they are. */
function hasEmbedded(schema: Schema): boolean {
  let has = known.get(schema);
  if (has === undefined) {
    has = someSchema(schema, (inner) => inner['x-kubernetes-embedded-resource'] === true);
    known.set(schema, has);
  }
  return has;
}

type Check = (value: Record<string, unknown>, field: string) => FieldError[];

function eachEmbedded(schema: Schema | undefined, value: unknown, field: string, check: Check): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => eachEmbedded(itemsOf(schema), item, `${field}[${i}]`, check));
  if (!isRecord(value)) return [];
  const own = schema['x-kubernetes-embedded-resource'] ? check(value, field) : [];
  return [
    ...own,
    ...Object.entries(value).flatMap(([name, inner]) => {
      const property = propertyOf(schema, name);
      if (property) return eachEmbedded(property, inner, join(field, name), check);
      return eachEmbedded(additionalOf(schema), inner, `${field}[${name}]`, check);
    }),
  ];
}

function join(field: string, name: string): string {
  return field ? `${field}.${name}` : name;
}

function readable(value: Record<string, unknown>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['apiVersion', 'kind'])
    if (name in value && typeof value[name] !== 'string') errors.push(invalid(join(field, name), value[name], 'must be a string'));
  if (!('metadata' in value) || value.metadata === null) return errors;
  const problem = decisiveProblem(checkTypes(metadataType, value.metadata).errors);
  return problem ? [...errors, invalid(join(field, 'metadata'), value.metadata, problem.detail)] : errors;
}

function sound(value: Record<string, unknown>, field: string): FieldError[] {
  const errors = ['apiVersion', 'kind'].filter((name) => !(name in value)).map((name) => required(join(field, name)));
  const { apiVersion, kind, metadata } = value;
  if (apiVersion === '') errors.push(invalid(join(field, 'apiVersion'), apiVersion, 'must not be empty'));
  else if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2)
    errors.push(invalid(join(field, 'apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  if (kind === '') errors.push(invalid(join(field, 'kind'), kind, 'must not be empty'));
  else if (typeof kind === 'string') {
    const reasons = dns1035Label(kind.toLowerCase());
    const detail = `may have mixed case, but should otherwise match: ${reasons.join(',')}`;
    if (reasons.length > 0) errors.push(invalid(join(field, 'kind'), kind, detail));
  }
  if (!isRecord(metadata)) return errors;
  const given = { ...metadata, name: metadata.name || 'fakename' } as unknown as ObjectMeta;
  const scope = given.namespace ? 'Namespaced' : 'Cluster';
  return [...errors, ...validateMetadata({ metadata: given }, { scope, name: pathSegment }, join(field, 'metadata'))];
}
