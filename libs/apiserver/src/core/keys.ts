// Where objects live in the store: /registry/<group>/<plural>/<namespace>/<name>, with `core` for the empty group.
// Everything the API writes starts with `/`, so that one watch over `/` sees every revision it causes.
import type { KindDefinition } from '@berth/machinery';

type Resource = Pick<KindDefinition, 'group' | 'plural'>;

export const registryPrefix = '/registry/';

/** Every key the API server writes lies between these two. */
export const everything = { start: '/', end: '0' };

/** `/registry/apps/deployments/`. */
export function kindPrefix(kind: Resource): string {
  return `${registryPrefix}${kind.group || 'core'}/${kind.plural}/`;
}

/** The part after the kind's prefix: `namespace/name`, or `name` for cluster-scoped kinds. */
export function relativeKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

export function storageKey(kind: Resource, namespace: string | undefined, name: string): string {
  return kindPrefix(kind) + relativeKey(namespace, name);
}

/** Splits a key into its kind's prefix and the rest; undefined for keys that are not objects. */
export function splitKey(key: string): { prefix: string; rest: string } | undefined {
  if (!key.startsWith(registryPrefix)) return undefined;
  const afterGroup = key.indexOf('/', registryPrefix.length);
  const afterPlural = afterGroup < 0 ? -1 : key.indexOf('/', afterGroup + 1);
  if (afterPlural < 0) return undefined;
  return { prefix: key.slice(0, afterPlural + 1), rest: key.slice(afterPlural + 1) };
}

/** Keys that reserve a node port; each is written in the transaction that writes its Service. */
export const nodePortPrefix = `${registryPrefix}ranges/servicenodeports/`;
/** Cluster IPs were reserved by such keys before they were IPAddress objects; found at start, they become those. */
export const formerClusterIpPrefix = `${registryPrefix}ranges/serviceips/`;
