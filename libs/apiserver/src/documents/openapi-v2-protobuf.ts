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
    Document: {
      fields: {
        ...optional({
          swagger: ['string', 1],
          info: ['Info', 2],
          parameters: ['ParameterDefinitions', 10],
          securityDefinitions: ['Securities', 13],
        }),
        security: repeated('SecurityRequirement', 12),
      },
    },
    Info: { fields: optional({ title: ['string', 1], version: ['string', 2], description: ['string', 3] }) },
    NamedPathItem: { fields: optional({ name: ['string', 1], value: ['PathItem', 2] }) },
    PathItem: {
      fields: {
        ...optional({ get: ['Operation', 2], put: ['Operation', 3], post: ['Operation', 4], delete: ['Operation', 5] }),
        ...optional({ options: ['Operation', 6], head: ['Operation', 7], patch: ['Operation', 8] }),
        parameters: repeated('ParametersItem', 9),
      },
    },
    Operation: {
      fields: {
        ...optional({ description: ['string', 3], operationId: ['string', 5], responses: ['Responses', 9] }),
        tags: repeated('string', 1),
        produces: repeated('string', 6),
        consumes: repeated('string', 7),
        parameters: repeated('ParametersItem', 8),
        schemes: repeated('string', 10),
        extensions: repeated('NamedAny', 13),
      },
    },
    ParametersItem: { fields: optional({ parameter: ['Parameter', 1], reference: ['Reference', 2] }) },
    Reference: { fields: optional({ ref: ['string', 1] }) },
    Parameter: { fields: optional({ body: ['BodyParameter', 1], other: ['NonBodyParameter', 2] }) },
    BodyParameter: {
      fields: optional({
        description: ['string', 1],
        name: ['string', 2],
        in: ['string', 3],
        required: ['bool', 4],
        schema: ['Schema', 5],
      }),
    },
    NonBodyParameter: { fields: optional({ query: ['QueryParameter', 3], path: ['PathParameter', 4] }) },
    QueryParameter: {
      fields: optional({
        ...{ required: ['bool', 1], in: ['string', 2], description: ['string', 3], name: ['string', 4] },
        ...{ type: ['string', 6], uniqueItems: ['bool', 20] },
      }),
    },
    PathParameter: {
      fields: optional({
        ...{ required: ['bool', 1], in: ['string', 2], description: ['string', 3], name: ['string', 4] },
        ...{ type: ['string', 5], uniqueItems: ['bool', 19] },
      }),
    },
    ParameterDefinitions: { fields: { named: repeated('NamedParameter', 1) } },
    NamedParameter: { fields: optional({ name: ['string', 1], value: ['Parameter', 2] }) },
    Responses: { fields: { named: repeated('NamedResponse', 1) } },
    NamedResponse: { fields: optional({ name: ['string', 1], value: ['ResponseValue', 2] }) },
    ResponseValue: { fields: optional({ response: ['Response', 1] }) },
    Response: { fields: optional({ description: ['string', 1], schema: ['SchemaItem', 2] }) },
    SchemaItem: { fields: optional({ schema: ['Schema', 1] }) },
    Securities: { fields: { named: repeated('NamedSecurity', 1) } },
    NamedSecurity: { fields: optional({ name: ['string', 1], value: ['Security', 2] }) },
    Security: { fields: optional({ apiKey: ['ApiKey', 2] }) },
    ApiKey: { fields: optional({ type: ['string', 1], name: ['string', 2], in: ['string', 3], description: ['string', 4] }) },
    SecurityRequirement: { fields: { named: repeated('NamedTexts', 1) } },
    NamedTexts: { fields: optional({ name: ['string', 1], value: ['TypeItem', 2] }) },
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
const NamedPathItem = root.lookupType('NamedPathItem');

/** All but paths and definitions, which are fields of their own. */
export function encodeFrame({ parameters, securityDefinitions, security, ...rest }: Omit<OpenApiV2, 'definitions' | 'paths'>): Uint8Array {
  return Document.encode({
    ...rest,
    parameters: { named: Object.entries(parameters).map(([name, value]) => ({ name, value: parameterMessage(value) })) },
    securityDefinitions: { named: Object.entries(securityDefinitions).map(([name, apiKey]) => ({ name, value: { apiKey } })) },
    security: security.map((needed) => ({ named: Object.entries(needed).map(([name, value]) => ({ name, value: { value } })) })),
  }).finish();
}

export function encodePath(name: string, item: OpenApi): Uint8Array {
  const { parameters, ...operations } = item;
  const value = Object.fromEntries(
    Object.entries(operations).map(([method, operation]) => [method, operationMessage(operation as OpenApi)]),
  );
  return NamedPathItem.encode({ name, value: { ...value, parameters: parameterItems(parameters) } }).finish();
}

function operationMessage({ parameters, responses, ...rest }: OpenApi): object {
  const named = Object.entries(responses as Record<string, OpenApi>).map(([name, { description, schema }]) => ({
    name,
    value: { response: { description, ...(isRecord(schema) && { schema: { schema: message(schema) } }) } },
  }));
  return { ...withoutExtensions(rest), parameters: parameterItems(parameters), responses: { named }, extensions: extensionsOf(rest) };
}

function parameterItems(parameters: unknown): object[] {
  return ((parameters ?? []) as OpenApi[]).map((parameter) =>
    typeof parameter.$ref === 'string' ? { reference: { ref: parameter.$ref } } : { parameter: parameterMessage(parameter) },
  );
}

function parameterMessage(parameter: OpenApi): object {
  const { schema, ...rest } = parameter;
  if (parameter.in === 'body') return { body: { ...rest, ...(isRecord(schema) && { schema: message(schema) }) } };
  return { other: parameter.in === 'path' ? { path: rest } : { query: rest } };
}

function extensionsOf(part: OpenApi): object[] {
  return Object.entries(part).flatMap(([name, value]) => (name.startsWith('x-') ? [{ name, value: any(value) }] : []));
}

function withoutExtensions(part: OpenApi): OpenApi {
  return Object.fromEntries(Object.entries(part).filter(([name]) => !name.startsWith('x-')));
}

export function encodeDefinition(name: string, schema: OpenApi): Uint8Array {
  return NamedSchema.encode({ name, value: message(schema) }).finish();
}

function named(schemas: Record<string, OpenApi>): object[] {
  return Object.entries(schemas).map(([name, schema]) => ({ name, value: message(schema) }));
}

function message(schema: OpenApi): object {
  const { $ref, type, items, properties, additionalProperties, default: preset, example, enum: values, ...rest } = schema;
  return {
    ...withoutExtensions(rest),
    ...(typeof $ref === 'string' && { ref: $ref }),
    ...(typeof type === 'string' && { type: { value: [type] } }),
    ...(isRecord(items) && { items: { schema: [message(items)] } }),
    ...(isRecord(properties) && { properties: { named: named(properties as Record<string, OpenApi>) } }),
    ...(isRecord(additionalProperties) && { additionalProperties: { schema: message(additionalProperties) } }),
    ...(typeof additionalProperties === 'boolean' && { additionalProperties: { boolean: additionalProperties } }),
    ...(preset !== undefined && { default: any(preset) }),
    ...(example !== undefined && { example: any(example) }),
    ...(Array.isArray(values) && { enum: values.map(any) }),
    extensions: extensionsOf(rest),
  };
}

/** JSON is YAML. */
function any(value: unknown): object {
  return { yaml: JSON.stringify(value) };
}
