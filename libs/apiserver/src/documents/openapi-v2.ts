// OpenAPI v2: definitions of kinds that users define, for older clients and those that know them from nowhere else. All others are
// in v3. kubectl asks for v2, in protobuf only, when a kind is missing from v3, and gives up with an error about the download
// where it should say that there is no such kind.
import { deepEqual, isRecord, type OpenApi } from '@berth/machinery';

const title = 'Kubernetes';
const description = 'Kinds that users define. All others are in OpenAPI v3, below /openapi/v3.';

/** Clients ask with `@v1.0`, which is no valid media type; Go refuses to read it in answers. */
export const openApiV2ContentType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export function wantsProtobuf(accept: string | undefined): boolean {
  return /application\/com\.github\.proto-openapi\.spec\.v2[.@]v1\.0\+protobuf/i.test(accept ?? '');
}

export interface OpenApiV2 {
  swagger: '2.0';
  info: { title: string; version: string; description: string };
  paths: Record<string, unknown>;
  definitions: Record<string, OpenApi>;
}

/** All but the definitions. */
export function openApiV2Frame(version: string): Omit<OpenApiV2, 'definitions'> {
  return { swagger: '2.0', info: { title, version, description }, paths: {} };
}

/** What another server says of a version of a group: everything that it refers to, and the paths, which only the JSON form shows. */
export interface OpenApiV2Part {
  definitions: Record<string, OpenApi>;
  paths: Record<string, unknown>;
}

/** Where two say different things of one name, the later one is called otherwise. */
export function withParts(document: OpenApiV2, parts: OpenApiV2Part[]): OpenApiV2 {
  if (parts.length === 0) return document;
  const definitions = { ...document.definitions };
  const paths = { ...document.paths };
  for (const part of parts) {
    const renamed = new Map<string, string>();
    for (const [name, definition] of Object.entries(part.definitions)) {
      if (definitions[name] && !deepEqual(definitions[name], definition)) renamed.set(name, freeName(name, definitions));
    }
    const refer = (value: unknown) => (renamed.size === 0 ? value : renamedReferences(value, renamed));
    for (const [name, definition] of Object.entries(part.definitions)) {
      definitions[renamed.get(name) ?? name] = refer(definition) as OpenApi;
    }
    Object.assign(paths, refer(part.paths));
  }
  return { ...document, definitions, paths };
}

function freeName(name: string, taken: Record<string, unknown>): string {
  let count = 2;
  while (taken[`${name}_v${count}`]) count++;
  return `${name}_v${count}`;
}

const prefix = '#/definitions/';

function renamedReferences(value: unknown, renamed: Map<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renamedReferences(item, renamed));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const to = name === '$ref' && typeof inner === 'string' ? renamed.get(inner.slice(prefix.length)) : undefined;
      return [name, to === undefined ? renamedReferences(inner, renamed) : prefix + to];
    }),
  );
}

const gvk = 'x-kubernetes-group-version-kind';

/** Of a kind that takes any field, nothing is told: older clients would refuse all that is not told. */
export function definitionAsV2(schema: OpenApi): OpenApi {
  return schema[gvk] && schema['x-kubernetes-preserve-unknown-fields'] ? { type: 'object', [gvk]: schema[gvk] } : asV2(schema);
}

/** What v2 has no words for goes, and what older clients cannot read: Kubernetes takes out the same. */
function asV2(schema: OpenApi): OpenApi {
  const { allOf, oneOf: _oneOf, anyOf: _anyOf, not: _not, nullable, ...rest } = schema;
  const [only] = Array.isArray(allOf) && allOf.length === 1 ? (allOf as OpenApi[]) : [];
  const made: OpenApi = { ...rest, ...(only && '$ref' in only && { $ref: only.$ref }) };
  const isOpen = made['x-kubernetes-preserve-unknown-fields'] === true;
  if (typeof made.$ref === 'string') made.$ref = made.$ref.replace('#/components/schemas/', '#/definitions/');
  if (nullable === true || isOpen) {
    delete made.items;
    delete made.properties;
  }
  if (nullable === true || (made.type === 'array' && !made.items) || (isOpen && made.type === 'object')) delete made.type;
  if (isRecord(made.items)) made.items = asV2(made.items);
  if (isRecord(made.additionalProperties)) made.additionalProperties = asV2(made.additionalProperties);
  if (isRecord(made.properties)) withProperties(made, made.properties as Record<string, OpenApi>);
  return made;
}

/** A member that may be null need not be there for older clients. */
function withProperties(made: OpenApi, properties: Record<string, OpenApi>): void {
  made.properties = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, asV2(inner)]));
  if (!Array.isArray(made.required)) return;
  const required = (made.required as string[]).filter((name) => properties[name]?.nullable !== true);
  if (required.length > 0) made.required = required;
  else delete made.required;
}
