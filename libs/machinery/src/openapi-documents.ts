// What an operation of the API is to OpenAPI, how it is named, and those of paths that are about groups and versions.
import type { Parameter } from './openapi-parameters.ts';

/** A message by its name, such as `core.v1.Pod`; undefined for a text. */
export type Shape = { message: string } | { definition: string } | undefined;

export interface Operation {
  method: 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch';
  id: string;
  tag: string;
  description: string;
  parameters: Parameter[];
  request?: { shape: Shape; types: readonly string[]; isRequired: boolean };
  /** By code; 401 may always come. */
  responses: Record<string, Shape>;
  types: readonly string[];
  /** Absent of documents of discovery. */
  action?: string;
  kind?: { group: string; version: string; kind: string };
}

export type Operations = Record<string, Operation[]>;

export const objectTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

export const meta = (type: string): Shape => ({ message: `meta.v1.${type}` });
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** `rbac.authorization.k8s.io` → `rbacAuthorization`. */
export function groupName(group: string): string {
  const [first = '', ...rest] = (group || 'core').replace(/\.k8s\.io$/, '').split('.');
  return first + rest.map(capital).join('');
}

/** What a group and version are called in names of operations: `CoreV1`. */
export function prefixOf({ group, version }: { group: string; version: string }): string {
  return capital(groupName(group)) + capital(version);
}

/** The document of a group and version about itself: the kinds that it has. */
export function discoveryOperations(kind: { group: string; version: string }): Operations {
  const path = `/${kind.group ? `apis/${kind.group}` : 'api'}/${kind.version}/`;
  const operation = documentOperation(`get${prefixOf(kind)}APIResources`, tagOf(kind), meta('APIResourceList'), objectTypes);
  return { [path]: [{ ...operation, description: 'What there is.' }] };
}

/** A document that is no object of a kind. */
export function documentOperation(id: string, tag: string, answer: Shape, types: readonly string[]): Operation {
  return { method: 'get', id, tag, description: 'What there is.', parameters: [], responses: { '200': answer }, types };
}

/** The same of a group, and of all of them. */
export function groupOperations(groups: readonly string[]): Operations {
  const roots: Operations = {
    '/api/': [documentOperation('getCoreAPIVersions', 'core', meta('APIVersions'), objectTypes)],
    '/apis/': [documentOperation('getAPIVersions', 'apis', meta('APIGroupList'), objectTypes)],
  };
  for (const group of groups) {
    if (group === '') continue;
    const name = groupName(group);
    roots[`/apis/${group}/`] = [documentOperation(`get${capital(name)}APIGroup`, name, meta('APIGroup'), objectTypes)];
  }
  return roots;
}

export function tagOf({ group, version }: { group: string; version: string }): string {
  return `${groupName(group)}_${version}`;
}

/** Of the server itself: its version, and the keys of its tokens. */
export function serverOperations(): Operations {
  const json = ['application/json'];
  return {
    '/version/': [documentOperation('getCodeVersion', 'version', { message: 'version.Info' }, json)],
    '/openid/v1/jwks/': [documentOperation('getServiceAccountIssuerOpenIDKeyset', 'openid', undefined, ['application/jwk-set+json'])],
    '/.well-known/openid-configuration/': [documentOperation('getServiceAccountIssuerOpenIDConfiguration', 'WellKnown', undefined, json)],
  };
}
