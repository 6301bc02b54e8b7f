// A resource's schema as server-side apply sees it: which fields are owned piece by piece, and which as a whole.
import type { FieldSchema, MessageSchema, TypeSchema } from '@berth/machinery';
import { schemas } from '../schemas.ts';
import { additionalOf, itemsOf, type Schema } from './schema-parts.ts';

const untyped: TypeSchema = { kind: 'scalar', scalar: 'Untyped' };
const text: TypeSchema = { kind: 'scalar', scalar: 'string' };

/** @param name of the whole, such as `example.com/v1.CronTab` */
export function messageSchema(name: string, schema: Schema): MessageSchema {
  const whole = message(name, { ...schema, 'x-kubernetes-embedded-resource': true });
  // Every resource has metadata, so nobody owns that there is some.
  add(whole, { name: 'metadata', type: 'meta.v1.ObjectMeta', schema: metadata(), omitempty: true });
  return whole;
}

function message(name: string, schema: Schema): MessageSchema {
  const made: MessageSchema = { name, fields: [], byName: new Map(), byNumber: new Map() };
  for (const [property, inner] of Object.entries(schema.properties ?? {})) add(made, field(name, property, inner));
  if (schema['x-kubernetes-embedded-resource']) {
    add(made, { name: 'apiVersion', type: 'string', schema: text, omitempty: true });
    add(made, { name: 'kind', type: 'string', schema: text, omitempty: true });
    add(made, { name: 'metadata', type: 'meta.v1.ObjectMeta', schema: metadata(), omitempty: true, pointer: true });
  }
  if (schema['x-kubernetes-preserve-unknown-fields']) made.rest = untyped;
  return made;
}

function metadata(): TypeSchema {
  return { kind: 'message', message: schemas.message('meta.v1.ObjectMeta') };
}

function add(made: MessageSchema, added: FieldSchema): void {
  if (made.byName.has(added.name))
    made.fields.splice(
      made.fields.findIndex(({ name }) => name === added.name),
      1,
    );
  made.fields.push(added);
  made.byName.set(added.name, added);
}

function field(owner: string, name: string, schema: Schema): FieldSchema {
  const inner = `${owner}.${name}`;
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  return {
    name,
    type: inner,
    schema: typeSchema(inner, schema),
    pointer: true,
    omitempty: true,
    ...(isListType(listType) && { listType }),
    ...(keys && { listMapKeys: keys }),
    ...(schema['x-kubernetes-map-type'] === 'atomic' && { atomic: true as const }),
    ...(schema.default !== undefined && { default: schema.default }),
  };
}

function isListType(value: string | undefined): value is 'atomic' | 'set' | 'map' {
  return value === 'atomic' || value === 'set' || value === 'map';
}

function typeSchema(name: string, schema: Schema): TypeSchema {
  if (schema['x-kubernetes-int-or-string']) return { kind: 'scalar', scalar: 'IntOrString' };
  switch (schema.type) {
    case 'array': {
      const items = itemsOf(schema);
      return { kind: 'list', of: items ? typeSchema(`${name}[]`, items) : untyped };
    }
    case 'object':
      return objectSchema(name, schema);
    case 'string':
      return text;
    case 'boolean':
      return { kind: 'scalar', scalar: 'bool' };
    case 'integer':
      return { kind: 'scalar', scalar: 'int64' };
    case 'number':
      return { kind: 'scalar', scalar: 'double' };
    default:
      return untyped;
  }
}

function objectSchema(name: string, schema: Schema): TypeSchema {
  const additional = additionalOf(schema);
  if (additional === 'any') return { kind: 'map', of: untyped };
  if (additional) return { kind: 'map', of: typeSchema(`${name}.*`, additional) };
  const isBare = !schema.properties && !schema['x-kubernetes-embedded-resource'];
  return isBare && schema['x-kubernetes-preserve-unknown-fields'] ? untyped : { kind: 'message', message: message(name, schema) };
}
