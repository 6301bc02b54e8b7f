// Which kinds there are, from the API's aggregated discovery: what is listed, searched and linked beyond the kinds that this page knows.
import type { ResourceType } from './resource-types.ts';

export interface ServedKind extends ResourceType {
  verbs: string[];
  subresources: string[];
  shortNames: string[];
}

interface DiscoveredResource {
  resource: string;
  responseKind?: { group?: string; version?: string; kind?: string };
  scope: string;
  verbs?: string[];
  shortNames?: string[];
  subresources?: { subresource: string }[];
}

export interface DiscoveryList {
  items: { metadata?: { name?: string }; versions: { version: string; freshness?: string; resources?: DiscoveredResource[] }[] }[];
}

export const discoveryAccept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Each resource once, in the version that its group prefers; by group and name. */
export function servedKinds(lists: DiscoveryList[]): ServedKind[] {
  const kinds = new Map<string, ServedKind>();
  for (const { metadata, versions } of lists.flatMap(({ items }) => items)) {
    const group = metadata?.name ?? '';
    for (const { version, resources = [] } of versions) {
      for (const found of resources) {
        const key = `${group}/${found.resource}`;
        if (!kinds.has(key) && found.responseKind?.kind) kinds.set(key, servedKind(group, version, found, found.responseKind.kind));
      }
    }
  }
  return [...kinds.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
}

function servedKind(group: string, version: string, found: DiscoveredResource, kind: string): ServedKind {
  return {
    group,
    version,
    resource: found.resource,
    kind,
    isNamespaced: found.scope === 'Namespaced',
    verbs: found.verbs ?? [],
    subresources: (found.subresources ?? []).map(({ subresource }) => subresource),
    shortNames: found.shortNames ?? [],
  };
}

export function findKind(kinds: ServedKind[], group: string, kindOrResource: string): ServedKind | undefined {
  return kinds.find((found) => found.group === group && (found.kind === kindOrResource || found.resource === kindOrResource));
}
