// Which resources there are, in both forms that clients ask for: one document a level, or all at once (aggregated, v2).
import { apiVersionOf, type KindDefinition, type ServedSubresource, subresourcesOf } from '@berth/machinery';

/** Versions of the aggregated discovery document; both say the same. */
export type AggregatedForm = 'v2' | 'v2beta1';

const standardVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** APIResourceList of one group version: /api/v1, /apis/apps/v1. */
export function resourceList(kinds: KindDefinition[], groupVersion: string): { kind: string; [name: string]: unknown } {
  const resources = kinds.flatMap((kind) => [plainResource(kind), ...subresourcesOf(kind).map((sub) => plainSubresource(kind, sub))]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: resources.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function plainResource(kind: KindDefinition) {
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs ?? standardVerbs,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
  };
}

function plainSubresource(kind: KindDefinition, sub: ServedSubresource) {
  const foreign = sub.group !== kind.group || sub.version !== kind.version;
  return {
    name: `${kind.plural}/${sub.name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(foreign && { group: sub.group, version: sub.version }),
    kind: sub.kind,
    verbs: sub.verbs,
  };
}

/** A version of a group, with what this server has of it, or what another server says that it has. */
export interface DiscoveredVersion {
  version: string;
  kinds: KindDefinition[];
  far?: { resources: unknown[]; freshness: 'Current' | 'Stale' };
}

/** In the order in which clients shall prefer them, versions as well. */
export interface DiscoveredGroup {
  name: string;
  versions: DiscoveredVersion[];
}

/** /api */
export function coreVersions(serverAddress: string): { kind: string; [name: string]: unknown } {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] };
}

/** /apis/<group>, and an item of /apis. */
export function groupDocument({ name, versions }: DiscoveredGroup) {
  const documents = versions.map(({ version }) => ({ groupVersion: apiVersionOf({ group: name, version }), version }));
  return { name, versions: documents, preferredVersion: documents[0] };
}

/** /apis */
export function groupList(groups: DiscoveredGroup[]): { kind: string; [name: string]: unknown } {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupDocument) };
}

export function aggregatedContentType(version: AggregatedForm): string {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
}

/** APIGroupDiscoveryList of these groups ('' is core, at /api). */
export function aggregated(groups: DiscoveredGroup[], form: AggregatedForm): unknown {
  const items = groups.map(({ name, versions }) => ({
    metadata: { ...(name && { name }), creationTimestamp: null },
    versions: versions.map(({ version, kinds, far }) => ({
      version,
      resources: far ? far.resources : kinds.toSorted((a, b) => (a.plural < b.plural ? -1 : 1)).map(aggregatedResource),
      freshness: far ? far.freshness : 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${form}`, metadata: {}, items };
}

function aggregatedResource(kind: KindDefinition): unknown {
  const subresources = subresourcesOf(kind).map((sub) => ({
    subresource: sub.name,
    responseKind: { group: sub.group, version: sub.version, kind: sub.kind },
    verbs: sub.verbs,
  }));
  return {
    resource: kind.plural,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs ?? standardVerbs,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}
