// OpenAPI v3 documents, one a group version, derived from the kinds: what `kubectl explain`, `apply` and `diff` read.
import type { KindDefinition } from './kind.ts';
import { type OpenApi, operations } from './openapi-paths.ts';
import type { FieldSchema, MessageSchema, ScalarType, TypeSchema } from './schema.ts';

export type { OpenApi };

/** `core.v1.Pod` → `io.k8s.api.core.v1.Pod`: the names that clients know. */
export function definitionName(message: string): string {
  const [group = '', version, type] = message.split('.');
  if (group === 'meta') return `io.k8s.apimachinery.pkg.apis.meta.${version}.${type}`;
  if (group === 'apiextensions') return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${type}`;
  if (group === 'apiregistration') return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.${type}`;
  return `io.k8s.api.${group}.${version}.${type}`;
}

/** What a type, or one of its fields, is for. */
export type Describe = (message: string, field?: string) => string | undefined;

interface Made {
  schemas: Record<string, OpenApi>;
  describe: Describe;
}

/** What some kinds add to a document, that those before them did not. */
export interface OpenApiPart {
  paths: Record<string, OpenApi>;
  schemas: Record<string, OpenApi>;
}

/** @param kinds all of one group and version */
export function openApiV3(kinds: KindDefinition[], info: { version: string }, describe?: Describe): OpenApi {
  const schemas: Record<string, OpenApi> = {};
  const paths: Record<string, OpenApi> = {};
  for (const part of openApiV3Parts(kinds, describe)) {
    Object.assign(paths, part.paths);
    Object.assign(schemas, part.schemas);
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: info.version }, paths, components: { schemas } };
}

/**
 * The same part by part, so that whoever makes a long document can see to others meanwhile: first all kinds that may refer to each
 * other, then one by one those that bring their own definitions.
 */
export function* openApiV3Parts(kinds: readonly KindDefinition[], describe: Describe = () => undefined): Generator<OpenApiPart> {
  const made = { schemas: { ...scalarDefinitions }, describe };
  const paths: Record<string, OpenApi> = {};
  for (const kind of kinds) {
    if (kind.openApi) addReferred(made, kind);
    else Object.assign(paths, withKind(made.schemas, kind, addKind(made, kind)));
  }
  yield { paths, schemas: made.schemas };
  for (const kind of kinds) {
    if (!kind.openApi) continue;
    const { name, definition } = kind.openApi;
    const schemas = { [name]: definition };
    yield { paths: withKind(schemas, kind, name), schemas };
  }
}

/** @returns its paths */
function withKind(schemas: Record<string, OpenApi>, kind: KindDefinition, name: string): Record<string, OpenApi> {
  schemas[`${name}List`] = listDefinition(kind, name);
  return operations(kind, reference(name));
}

/** The index at /openapi/v3. @param hashes path without slash (`api/v1`, `apis/apps/v1`) → hash of its document */
export function openApiV3Index(hashes: Map<string, string>): OpenApi {
  const paths = Object.fromEntries([...hashes].map(([path, hash]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]));
  return { paths };
}

/** What the definition of a kind that brings its own refers to. */
function addReferred(made: Made, kind: KindDefinition): void {
  const metadata = kind.schema.byName.get('metadata')?.schema;
  if (metadata?.kind === 'message') addMessage(made, metadata.message);
}

/** @returns what its definition is called */
function addKind(made: Made, kind: KindDefinition): string {
  const root = addMessage(made, kind.schema);
  root['x-kubernetes-group-version-kind'] = [{ group: kind.group, version: kind.version, kind: kind.kind }];
  return definitionName(kind.schema.name);
}

function addMessage(made: Made, message: MessageSchema): OpenApi {
  const { schemas, describe } = made;
  const name = definitionName(message.name);
  const known = schemas[name];
  if (known) return known;
  const definition: OpenApi = { ...described(describe(message.name)), type: 'object' };
  schemas[name] = definition;
  const properties: Record<string, OpenApi> = {};
  const required: string[] = [];
  for (const [fieldName, field] of message.byName) {
    properties[fieldName] = property(made, field, describe(message.name, fieldName));
    if (field.required) required.push(fieldName);
  }
  if (Object.keys(properties).length > 0) definition.properties = properties;
  if (required.length > 0) definition.required = required.sort();
  if (message.fields.some((f) => f.atomic && f.inline)) definition['x-kubernetes-map-type'] = 'atomic';
  return definition;
}

function described(description: string | undefined): OpenApi {
  return description === undefined ? {} : { description };
}

function property(made: Made, field: FieldSchema, description: string | undefined): OpenApi {
  const value = typeSchema(made, field.schema);
  // A reference stands alone; what is said beside it goes around it.
  const result: OpenApi = { ...described(description), ...('$ref' in value ? { allOf: [value] } : value) };
  if (field.schema.kind === 'message') result.default = {};
  if (field.default !== undefined) result.default = field.default;
  if (field.enum && field.schema.kind === 'scalar' && field.enum.length > 0) result.enum = field.enum;
  if (field.patchStrategy) result['x-kubernetes-patch-strategy'] = field.patchStrategy.join(',');
  if (field.patchMergeKey) result['x-kubernetes-patch-merge-key'] = field.patchMergeKey;
  if (field.listType) result['x-kubernetes-list-type'] = field.listType;
  if (field.listMapKeys) result['x-kubernetes-list-map-keys'] = field.listMapKeys;
  if (field.atomic) result['x-kubernetes-map-type'] = 'atomic';
  return result;
}

function typeSchema(made: Made, schema: TypeSchema): OpenApi {
  switch (schema.kind) {
    case 'message':
      addMessage(made, schema.message);
      return reference(definitionName(schema.message.name));
    case 'list':
      return { type: 'array', items: typeSchema(made, schema.of) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(made, schema.of) };
    default:
      return scalarSchema(schema.scalar);
  }
}

function scalarSchema(scalar: ScalarType): OpenApi {
  const name = scalarNames[scalar];
  if (name) return reference(name);
  switch (scalar) {
    case 'bool':
      return { type: 'boolean', default: false };
    case 'int32':
    case 'int64':
      return { type: 'integer', format: scalar, default: 0 };
    case 'double':
      return { type: 'number', format: 'double', default: 0 };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'JSON':
      return {};
    default:
      return { type: 'string', default: '' };
  }
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const scalarNames: Partial<Record<ScalarType, string>> = {
  Time: `${meta}.Time`,
  MicroTime: `${meta}.MicroTime`,
  FieldsV1: `${meta}.FieldsV1`,
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
};

const scalarDefinitions: Record<string, OpenApi> = {
  [`${meta}.Time`]: { type: 'string', format: 'date-time', description: 'A moment in time, RFC 3339.' },
  [`${meta}.MicroTime`]: { type: 'string', format: 'date-time', description: 'A moment in time with microseconds, RFC 3339.' },
  [`${meta}.FieldsV1`]: { type: 'object', description: 'A set of fields, as a trie in JSON.' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    oneOf: [{ type: 'string' }, { type: 'number' }],
    description: 'A number with a suffix, such as 100m, 64Mi or 1e3.',
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    oneOf: [{ type: 'integer' }, { type: 'string' }],
    format: 'int-or-string',
    description: 'A whole number or a string, such as a percentage or the name of a port.',
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object', description: 'An object of any kind.' },
};

function listDefinition(kind: KindDefinition, name: string): OpenApi {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      items: { type: 'array', items: reference(name) },
    },
    'x-kubernetes-group-version-kind': [{ group: kind.group, version: kind.version, kind: kind.listKind }],
  };
}

function reference(name: string): OpenApi {
  return { $ref: `#/components/schemas/${name}` };
}
