// OpenAPI v2, for older clients: the same as v3, less what it has no words for. kubectl asks for it, in protobuf only, when a kind is
// missing from v3.
import { deepEqual, isRecord, type OpenApi, securitySchemes } from '@berth/machinery';

/** Clients ask with `@v1.0`, which is no valid media type; Go refuses to read it in answers. */
export const openApiV2ContentType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export function wantsProtobuf(accept: string | undefined): boolean {
  return /application\/com\.github\.proto-openapi\.spec\.v2[.@]v1\.0\+protobuf/i.test(accept ?? '');
}

export interface OpenApiV2 {
  swagger: '2.0';
  info: { title: string; version: string };
  paths: Record<string, unknown>;
  definitions: Record<string, OpenApi>;
  parameters: Record<string, OpenApi>;
  securityDefinitions: typeof securitySchemes;
  security: Record<string, string[]>[];
}

/** All but what there is. */
export function openApiV2Frame(version: string): Pick<OpenApiV2, 'swagger' | 'info' | 'securityDefinitions' | 'security'> {
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, securityDefinitions: securitySchemes, security: [{ BearerToken: [] }] };
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

/**
 * Of a kind that takes any field, nothing is told: older clients would refuse all that is not told.
 * @param keepsDefaults as those have that users define
 */
export function definitionAsV2(schema: OpenApi, keepsDefaults = true): OpenApi {
  if (schema[gvk] && schema['x-kubernetes-preserve-unknown-fields']) return { type: 'object', [gvk]: schema[gvk] };
  return asV2(schema, keepsDefaults);
}

/** What v2 has no words for goes, and what older clients cannot read: Kubernetes takes out the same. */
function asV2(schema: OpenApi, keepsDefaults: boolean): OpenApi {
  const { allOf, oneOf: _oneOf, anyOf: _anyOf, not: _not, nullable, ...rest } = schema;
  const [only] = Array.isArray(allOf) && allOf.length === 1 ? (allOf as OpenApi[]) : [];
  const made: OpenApi = { ...rest, ...(only && '$ref' in only && { $ref: only.$ref }) };
  if (!keepsDefaults) delete made.default;
  // Of a type in Go, the first of what it may be in JSON is what it is.
  if (!keepsDefaults && Array.isArray(schema.oneOf)) made.type = 'string';
  const isOpen = made['x-kubernetes-preserve-unknown-fields'] === true;
  if (typeof made.$ref === 'string') made.$ref = made.$ref.replace('#/components/schemas/', '#/definitions/');
  if (nullable === true || isOpen) {
    delete made.items;
    delete made.properties;
  }
  if (nullable === true || (made.type === 'array' && !made.items) || (isOpen && made.type === 'object')) delete made.type;
  if (isRecord(made.items)) made.items = asV2(made.items, keepsDefaults);
  if (isRecord(made.additionalProperties)) made.additionalProperties = asV2(made.additionalProperties, keepsDefaults);
  if (isRecord(made.properties)) withProperties(made, made.properties as Record<string, OpenApi>, keepsDefaults);
  return made;
}

/** A member that may be null need not be there for older clients. */
function withProperties(made: OpenApi, properties: Record<string, OpenApi>, keepsDefaults: boolean): void {
  made.properties = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, asV2(inner, keepsDefaults)]));
  if (!Array.isArray(made.required)) return;
  const required = (made.required as string[]).filter((name) => properties[name]?.nullable !== true);
  if (required.length > 0) made.required = required;
  else delete made.required;
}
