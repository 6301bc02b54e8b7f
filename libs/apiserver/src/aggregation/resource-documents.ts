// What other servers say of their resources, read with care: they may say anything. The older form, a list of one version, becomes the
// newer one.
import { isRecord } from '@berth/machinery';

/** One resource of an aggregated discovery document (APIResourceDiscovery), as its server described it. */
export interface DiscoveredResource {
  resource: string;
  responseKind: { group: string; version: string; kind: string };
  scope: string;
  singularResource: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: DiscoveredSubresource[];
}

export interface DiscoveredSubresource {
  subresource: string;
  responseKind: { group: string; version: string; kind: string };
  verbs: string[];
}

/** `group/version` → its resources. Parts that are not what they should be are left out. */
export function discoveredVersions(list: Record<string, unknown>): Map<string, DiscoveredResource[]> {
  const found = new Map<string, DiscoveredResource[]>();
  for (const group of records(list.items)) {
    const name = isRecord(group.metadata) ? text(group.metadata.name) : '';
    for (const version of records(group.versions)) {
      found.set(`${name}/${text(version.version)}`, records(version.resources).map(discoveredResource));
    }
  }
  return found;
}

function discoveredResource(given: Record<string, unknown>): DiscoveredResource {
  const subresources = records(given.subresources).map((part) => ({
    subresource: text(part.subresource),
    responseKind: kindOf(part.responseKind),
    verbs: texts(part.verbs),
  }));
  return {
    resource: text(given.resource),
    responseKind: kindOf(given.responseKind),
    scope: text(given.scope),
    singularResource: text(given.singularResource),
    verbs: texts(given.verbs),
    ...names(given),
    ...(subresources.length > 0 && { subresources }),
  };
}

/** Of an APIResourceList. */
export function fromResourceList(
  list: Record<string, unknown>,
  { group, version }: { group: string; version: string },
): DiscoveredResource[] {
  const found = new Map<string, DiscoveredResource>();
  const items = records(list.resources);
  const responseKind = (item: Record<string, unknown>) => ({
    group: text(item.group) || group,
    version: text(item.version) || version,
    kind: text(item.kind),
  });
  for (const item of items) {
    const name = text(item.name);
    if (name.includes('/')) continue;
    found.set(name, {
      resource: name,
      responseKind: responseKind(item),
      scope: item.namespaced === true ? 'Namespaced' : 'Cluster',
      singularResource: text(item.singularName),
      verbs: texts(item.verbs),
      ...names(item),
    });
  }
  for (const item of items) {
    const [name = '', subresource] = text(item.name).split('/', 2);
    const whole = found.get(name);
    if (!whole || subresource === undefined) continue;
    whole.subresources = [...(whole.subresources ?? []), { subresource, responseKind: responseKind(item), verbs: texts(item.verbs) }];
  }
  return [...found.values()];
}

function names({ shortNames, categories }: Record<string, unknown>): Pick<DiscoveredResource, 'shortNames' | 'categories'> {
  const [short, sets] = [texts(shortNames), texts(categories)];
  return { ...(short.length > 0 && { shortNames: short }), ...(sets.length > 0 && { categories: sets }) };
}

function kindOf(given: unknown): { group: string; version: string; kind: string } {
  const { group, version, kind } = isRecord(given) ? given : {};
  return { group: text(group), version: text(version), kind: text(kind) };
}

function records(given: unknown): Record<string, unknown>[] {
  return Array.isArray(given) ? given.filter(isRecord) : [];
}

function text(given: unknown): string {
  return typeof given === 'string' ? given : '';
}

function texts(given: unknown): string[] {
  return Array.isArray(given) ? given.filter((item) => typeof item === 'string') : [];
}
