// What a kind has beneath its objects, as discovery and OpenAPI tell it.
import type { KindDefinition } from './kind.ts';

/** What it takes or gives is of this kind; `verbs` are those of discovery. */
export interface ServedSubresource {
  name: string;
  kind: string;
  group: string;
  version: string;
  verbs: string[];
}

/** By name. */
export function subresourcesOf(kind: KindDefinition): ServedSubresource[] {
  const { status, scale, other = [] } = kind.subresources;
  const own = { kind: kind.kind, group: kind.group, version: kind.version };
  const readWrite = ['get', 'patch', 'update'];
  const all: ServedSubresource[] = other.map((sub) => ({ ...own, group: '', version: 'v1', ...sub }));
  if (scale) all.push({ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: readWrite });
  if (status) all.push({ name: 'status', ...own, verbs: readWrite });
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}
