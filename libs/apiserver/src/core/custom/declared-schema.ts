// A schema's values as estimates of rules see them: how many items, entries and characters there may be, by what the schema says or, where
// it says nothing, by what fits into a request (k8s.io/apiserver, pkg/cel/common/schemas.go).
import { additionalOf, itemsOf, type JSONSchemaProps } from '@berth/api';
import { type DeclaredType, dyn, simple } from '../../cel/declared-type.ts';
import { escapedName, isReserved } from './cel-values.ts';

type Schema = JSONSchemaProps;

export const requestBytesMax = 3 * 1024 * 1024;
/** Within quotation marks, brackets or braces. */
const contentMax = requestBytesMax - 2;

const formats: Record<string, DeclaredType | undefined> = {
  duration: simple('duration', { maxElements: 32, minSize: 3 }),
  date: simple('timestamp', { maxElements: 12, minSize: 12 }),
  'date-time': simple('timestamp', { maxElements: 32, minSize: 21 }),
};

const text: Schema = { type: 'string' };
const identity: Record<string, Schema> = {
  apiVersion: text,
  kind: text,
  metadata: { type: 'object', properties: { name: text, generateName: text } },
};

/** Whether all of it is declared: then more of the metadata may be. */
function hasIdentity({ properties }: Schema): boolean {
  const isText = (schema: Schema | undefined) => schema?.type === 'string';
  const { apiVersion, kind, metadata } = properties ?? {};
  return isText(apiVersion) && isText(kind) && isText(metadata?.properties?.name) && isText(metadata?.properties?.generateName);
}

/** Undefined for what rules cannot look at. @param isResource whether it has a kind and a name, which need not be declared */
export function declaredType(schema: Schema, isResource = false): DeclaredType | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return { ...dyn, maxElements: schema.maxLength === undefined ? contentMax : bytesOf(schema.maxLength) };
  if (schema.type === 'array') return declaredList(schema);
  if (schema.type === 'object')
    return declaredObject(isResource && !hasIdentity(schema) ? { ...schema, properties: { ...schema.properties, ...identity } } : schema);
  if (schema.type === 'string') return declaredText(schema);
  if (schema.type === 'boolean') return simple('bool', { minSize: 4 });
  if (schema.type === 'number') return simple('double');
  return schema.type === 'integer' ? simple('int') : undefined;
}

function declaredList(schema: Schema): DeclaredType | undefined {
  const items = itemsOf(schema);
  const elem = items && declaredType(items, items['x-kubernetes-embedded-resource']);
  if (!elem) return undefined;
  const maxElements = schema.maxItems ?? Math.floor(contentMax / (elem.minSize + 1));
  return { kind: 'list', elem, maxElements: Math.max(0, maxElements), minSize: 2 };
}

function declaredObject(schema: Schema): DeclaredType | undefined {
  const additional = additionalOf(schema);
  if (additional) {
    const elem = declaredType(additional, additional['x-kubernetes-embedded-resource']);
    const maxElements = schema.maxProperties ?? Math.floor(contentMax / ((elem?.minSize ?? 0) + 6));
    return elem && { kind: 'map', elem, maxElements: Math.max(0, maxElements), minSize: 2 };
  }
  const fields = new Map<string, DeclaredType>();
  let minSize = 2;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const field = declaredType(property, property['x-kubernetes-embedded-resource']);
    if (!field) continue;
    const spelled = escapedName(name);
    if (spelled !== undefined) fields.set(spelled, field);
    if (isReserved(name)) fields.set(name, field);
    if (schema.required?.includes(name) && property.default === undefined) minSize += name.length + field.minSize + 4;
  }
  return { kind: 'object', fields, maxElements: 0, minSize };
}

function declaredText({ format, maxLength, enum: values = [] }: Schema): DeclaredType {
  if (format === 'byte') return simple('bytes', { maxElements: Math.max(0, maxLength ?? contentMax), minSize: 2 });
  const known = formats[format ?? ''];
  if (known) return known;
  const longest = () => Math.max(0, ...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0)));
  const unsaid = values.length > 0 ? longest() : contentMax;
  return simple('string', { maxElements: maxLength === undefined ? unsaid : bytesOf(maxLength), minSize: 2 });
}

/** A character may take four. */
function bytesOf(maxLength: number): number {
  return Math.max(0, maxLength) * 4;
}
