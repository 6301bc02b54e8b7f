// OpenAPI v3 documents, one a group version, derived from the kinds: what `kubectl explain`, `apply` and `diff` read.
import type { KindDefinition } from './kind.ts';
import { discoveryOperations, type Operation, type Operations, type Shape } from './openapi-documents.ts';
import { kindOperations } from './openapi-operations.ts';
import type { KnownParameter, Parameter } from './openapi-parameters.ts';
import { Definitions, type Describe, definitionName, type FindMessage, type OpenApi, reference } from './openapi-schemas.ts';

/** What some kinds add to a document, that those before them did not. */
export interface OpenApiPart {
  paths: Record<string, OpenApi>;
  schemas: Record<string, OpenApi>;
}

export interface OpenApiSources {
  find: FindMessage;
  describe?: Describe;
  /** Of which there are options and events in each. */
  versions?: readonly { group: string; version: string }[];
}

/** @param kinds all of one group and version */
export function openApiV3(kinds: KindDefinition[], info: { version: string }, sources: OpenApiSources): OpenApi {
  const schemas: Record<string, OpenApi> = {};
  const paths: Record<string, OpenApi> = {};
  for (const part of openApiV3Parts(kinds, sources)) {
    Object.assign(paths, part.paths);
    Object.assign(schemas, part.schemas);
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: info.version }, paths, components: { schemas, securitySchemes } };
}

export const securitySchemes = {
  BearerToken: { type: 'apiKey', description: 'A bearer token.', name: 'authorization', in: 'header' },
};

/**
 * The same part by part, so that whoever makes a long document can see to others meanwhile: first all kinds that may refer to each
 * other, then one by one those that bring their own definitions.
 */
export function* openApiV3Parts(kinds: readonly KindDefinition[], sources: OpenApiSources): Generator<OpenApiPart> {
  const definitions = definitionsOf(sources);
  const plain = kinds.filter((kind) => !kind.openApi);
  const paths: Record<string, OpenApi> = {};
  const [any] = plain;
  if (any) Object.assign(paths, written(discoveryOperations(any), definitions));
  for (const kind of plain) {
    const { group, version, schema } = kind;
    const root = definitions.add(schema);
    root[gvk] = [{ group, version, kind: kind.kind }];
    if (kind.verbs?.includes('list') ?? true) addList(kind, definitions);
    Object.assign(paths, written(kindOperations(kind, { message: schema.name }), definitions));
  }
  // What definitions of their own refer to.
  for (const kind of kinds) if (kind.openApi) written(kindOperations(kind, { definition: kind.openApi.name }), definitions);
  if (plain.length < kinds.length) for (const name of ['ObjectMeta', 'ListMeta']) definitions.refer(`meta.v1.${name}`);
  const { made } = definitions;
  yield { paths, schemas: made };
  for (const kind of kinds) {
    if (!kind.openApi) continue;
    const { name, definition } = kind.openApi;
    const schemas = { [name]: definition, [`${name}List`]: listDefinition(kind, name) };
    yield { paths: written(kindOperations(kind, { definition: name }), definitions), schemas };
  }
}

/** The document of a path outside of groups' versions. */
export function openApiV3Operations(operations: Operations, sources: OpenApiSources): OpenApiPart {
  const definitions = definitionsOf(sources);
  return { paths: written(operations, definitions), schemas: definitions.made };
}

/** The index at /openapi/v3. @param hashes path without slash (`api/v1`, `apis/apps/v1`) → hash of its document */
export function openApiV3Index(hashes: Map<string, string>): OpenApi {
  const paths = Object.fromEntries([...hashes].map(([path, hash]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]));
  return { paths };
}

const gvk = 'x-kubernetes-group-version-kind';

function definitionsOf({ describe = () => undefined, find, versions = [] }: OpenApiSources): Definitions {
  return new Definitions(describe, find, (name) => {
    const [short = '', version = '', kind = ''] = name.split('.');
    // In every group and version there is one.
    if (kind === 'DeleteOptions' || kind === 'WatchEvent') return versions.map((one) => ({ ...one, kind }));
    const group = versions.find((one) => one.group.split('.')[0] === short)?.group ?? '';
    return [{ group, version, kind }];
  });
}

/** A list of a kind has a type of its own, or one that is the same for all. */
function addList(kind: KindDefinition, definitions: Definitions): void {
  const { group, version, listKind, schema } = kind;
  const message = schema.name.replace(/[^.]+$/, listKind);
  const name = definitionName(message);
  if (definitions.knows(message)) definitions.refer(message);
  else {
    definitions.refer('meta.v1.ListMeta');
    definitions.made[name] = listDefinition(kind, definitionName(schema.name));
  }
  const list = definitions.made[name];
  if (list) list[gvk] = [{ group, version, kind: listKind }];
}

function written(operations: Operations, definitions: Definitions): Record<string, OpenApi> {
  return Object.fromEntries(Object.entries(operations).map(([path, given]) => [path, pathItem(given, definitions)]));
}

/** What all operations of a path take is said once. */
function pathItem(operations: Operation[], definitions: Definitions): OpenApi {
  const given = operations.map(({ parameters }) => expanded(parameters, definitions));
  const key = ({ name, in: place }: KnownParameter) => `${place} ${name}`;
  const isCommon = (parameter: KnownParameter) => given.every((all) => all.some((other) => key(other) === key(parameter)));
  const common = (given[0] ?? []).filter(isCommon);
  const item: OpenApi = {};
  for (const [i, operation] of operations.entries()) {
    const own = (given[i] ?? []).filter((parameter) => !isCommon(parameter));
    item[operation.method] = operationItem(operation, own, definitions);
  }
  if (common.length > 0) item.parameters = common.map(parameterItem);
  return item;
}

function operationItem(
  { id, tag, description, request, responses, types, action, kind }: Operation,
  own: KnownParameter[],
  definitions: Definitions,
): OpenApi {
  const content = (shape: Shape, given: readonly string[]) => {
    const schema =
      shape === undefined ? { type: 'string' } : 'message' in shape ? definitions.refer(shape.message, kind) : reference(shape.definition);
    return Object.fromEntries(given.map((type) => [type, { schema }]));
  };
  const answers = Object.entries(responses).map(([code, shape]) => [code, { description: words[code], content: content(shape, types) }]);
  return {
    tags: [tag],
    description,
    operationId: id,
    ...(own.length > 0 && { parameters: own.map(parameterItem) }),
    ...(request && { requestBody: { content: content(request.shape, request.types), ...(request.isRequired && { required: true }) } }),
    responses: { ...Object.fromEntries(answers), '401': { description: 'Unauthorized' } },
    ...(action && { 'x-kubernetes-action': action }),
    ...(kind && { [gvk]: kind }),
  };
}

const words: Record<string, string> = { '200': 'OK', '201': 'Created', '202': 'Accepted' };

function parameterItem({ name, in: place, type, description }: KnownParameter): OpenApi {
  return { name, in: place, description, ...(place === 'path' && { required: true }), schema: { type, uniqueItems: true } };
}

const fieldTypes: Partial<Record<string, KnownParameter['type']>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'integer',
  int64: 'integer',
};

/** By name; fields of a message in their place, as far as a query can hold them. */
function expanded(parameters: Parameter[], definitions: Definitions): KnownParameter[] {
  const known = parameters.flatMap((parameter) => {
    if (!('optionsOf' in parameter)) return [parameter];
    const fields = [...definitions.find(parameter.optionsOf).byName];
    return fields.flatMap(([name, { schema }]) => {
      const of = schema.kind === 'list' ? schema.of : schema;
      const type = of.kind === 'scalar' && !['kind', 'apiVersion'].includes(name) ? fieldTypes[of.scalar] : undefined;
      const description = definitions.describe(parameter.optionsOf, name) ?? name;
      return type ? [{ name, in: 'query' as const, type, description }] : [];
    });
  });
  return known.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.in < b.in ? -1 : 1));
}

function listDefinition(kind: KindDefinition, name: string): OpenApi {
  return {
    type: 'object',
    description: `${kind.listKind} is a list of ${kind.kind}`,
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [reference('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta')] },
      items: { type: 'array', items: reference(name) },
    },
    [gvk]: [{ group: kind.group, version: kind.version, kind: kind.listKind }],
  };
}
