// An OpenAPI v2 document in protobuf, as gnostic's openapi.v2 describes it: the only form in which client-go asks for it.
import { isRecord, type OpenApi } from '@berth/machinery';
import protobuf from 'protobufjs';
import type { OpenApiV2 } from './openapi-v2.ts';

const optional = (fields: Record<string, [string, number]>) =>
  Object.fromEntries(Object.entries(fields).map(([name, [type, id]]) => [name, { type, id }]));
const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id });

/** Fields by name, type and number; what Berth's documents never have is left out. */
const root = protobuf.Root.fromJSON({
  nested: {
    Document: { fields: optional({ swagger: ['string', 1], info: ['Info', 2], paths: ['Paths', 8], definitions: ['Definitions', 9] }) },
    Info: { fields: optional({ title: ['string', 1], version: ['string', 2], description: ['string', 3] }) },
    Paths: { fields: {} },
    Definitions: { fields: { named: repeated('NamedSchema', 1) } },
    NamedSchema: { fields: optional({ name: ['string', 1], value: ['Schema', 2] }) },
    Schema: {
      fields: {
        ...optional({ ref: ['string', 1], format: ['string', 2], title: ['string', 3], description: ['string', 4], default: ['Any', 5] }),
        ...optional({ multipleOf: ['double', 6], maximum: ['double', 7], exclusiveMaximum: ['bool', 8], minimum: ['double', 9] }),
        ...optional({ exclusiveMinimum: ['bool', 10], maxLength: ['int64', 11], minLength: ['int64', 12], pattern: ['string', 13] }),
        ...optional({ maxItems: ['int64', 14], minItems: ['int64', 15], uniqueItems: ['bool', 16], maxProperties: ['int64', 17] }),
        ...optional({ minProperties: ['int64', 18], additionalProperties: ['Additional', 21], type: ['TypeItem', 22] }),
        ...optional({
          items: ['ItemsItem', 23],
          properties: ['Definitions', 25],
          externalDocs: ['ExternalDocs', 29],
          example: ['Any', 30],
        }),
        required: repeated('string', 19),
        enum: repeated('Any', 20),
        extensions: repeated('NamedAny', 31),
      },
    },
    Additional: { fields: optional({ schema: ['Schema', 1], boolean: ['bool', 2] }) },
    TypeItem: { fields: { value: repeated('string', 1) } },
    ItemsItem: { fields: { schema: repeated('Schema', 1) } },
    ExternalDocs: { fields: optional({ description: ['string', 1], url: ['string', 2] }) },
    NamedAny: { fields: optional({ name: ['string', 1], value: ['Any', 2] }) },
    Any: { fields: optional({ yaml: ['string', 2] }) },
  },
});
const Document = root.lookupType('Document');
const NamedSchema = root.lookupType('NamedSchema');

/** All but the definitions, which are its last field. */
export function encodeFrame(frame: Omit<OpenApiV2, 'definitions'>): Uint8Array {
  return Document.encode({ ...frame, paths: {} }).finish();
}

export function encodeDefinition(name: string, schema: OpenApi): Uint8Array {
  return NamedSchema.encode({ name, value: message(schema) }).finish();
}

function named(schemas: Record<string, OpenApi>): object[] {
  return Object.entries(schemas).map(([name, schema]) => ({ name, value: message(schema) }));
}

function message(schema: OpenApi): object {
  const { $ref, type, items, properties, additionalProperties, default: preset, example, enum: values, ...rest } = schema;
  const entries = Object.entries(rest);
  const extensions = entries.filter(([name]) => name.startsWith('x-')).map(([name, value]) => ({ name, value: any(value) }));
  return {
    ...Object.fromEntries(entries.filter(([name]) => !name.startsWith('x-'))),
    ...(typeof $ref === 'string' && { ref: $ref }),
    ...(typeof type === 'string' && { type: { value: [type] } }),
    ...(isRecord(items) && { items: { schema: [message(items)] } }),
    ...(isRecord(properties) && { properties: { named: named(properties as Record<string, OpenApi>) } }),
    ...(isRecord(additionalProperties) && { additionalProperties: { schema: message(additionalProperties) } }),
    ...(typeof additionalProperties === 'boolean' && { additionalProperties: { boolean: additionalProperties } }),
    ...(preset !== undefined && { default: any(preset) }),
    ...(example !== undefined && { example: any(example) }),
    ...(Array.isArray(values) && { enum: values.map(any) }),
    extensions,
  };
}

/** JSON is YAML. */
function any(value: unknown): object {
  return { yaml: JSON.stringify(value) };
}
