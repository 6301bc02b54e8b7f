// Keeps the usage that resource quotas show true. It rises with the objects that are admitted; here it falls when they go or
// end, and is counted for the first time. The API server does the counting itself, at the revision that it writes, because a
// count of caches that lag would let more in than there is room for.
import { kinds as allKinds, amountsOf, overdueAtMs, Pod, quotaUsage, ResourceQuota, totalUsage } from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, type KindDefinition, type KubeObject, keyOf } from '@berth/machinery';

const namespaceIndex = 'namespace';

/** Events come and go too often to be counted. */
const countedKinds = allKinds.filter(({ namespaced, kind }) => namespaced && kind !== 'Event' && kind !== 'ResourceQuota');

export interface ObservedQuota {
  quota: ResourceQuota;
  /** Those that users define. */
  customKinds: KindDefinition[];
  /** As far as the caches know. */
  objectsOf(kind: KindDefinition): KubeObject[];
}

export const resourceQuotaController: Controller<ObservedQuota> = {
  name: 'resourcequota-controller',
  owns: ['ResourceQuota.status'],
  writes: ['resourcequotas/status'],
  watches: [
    watches(ResourceQuota, ({ metadata }, caches) => quotasIn(metadata.namespace, caches)),
    ...countedKinds.map((kind) => watches(kind, (object, caches, old) => toCount(kind, object, caches, old))),
  ],
  watchesCustom(kind, caches) {
    index(kind, caches);
    return watches(kind, (object, known, old) => toCount(kind, object, known, old));
  },
  prepare(caches) {
    for (const kind of [...countedKinds, erased(ResourceQuota)]) index(kind, caches);
  },
  observe(key, caches) {
    const quota = caches.of(ResourceQuota).get(key);
    if (!quota || quota.metadata.deletionTimestamp) return undefined;
    const { namespace = '' } = quota.metadata;
    const customKinds = caches.customKinds().map(({ read }) => read);
    return { quota, customKinds, objectsOf: (kind) => caches.of(kind).byIndex(namespaceIndex, namespace) };
  },
  plan({ quota, customKinds, objectsOf }, now) {
    const hard = quota.spec?.hard ?? {};
    const used = totalUsage(quota, [...countedKinds, ...customKinds, erased(ResourceQuota)], objectsOf, now);
    const later = objectsOf(erased(Pod))
      .flatMap((pod) => overdueAtMs(erased(Pod), pod) ?? [])
      .filter((atMs) => atMs >= now);
    const again: Action[] = later.length > 0 ? [{ type: 'requeue', afterMs: Math.min(...later) + 1 - now }] : [];
    if (deepEqual(quota.status?.hard ?? {}, hard) && areEqual(quota.status?.used ?? {}, used)) return again;
    return [...again, { type: 'updateStatus', kind: erased(ResourceQuota), object: { ...quota, status: { hard, used } } as ResourceQuota }];
  },
};

function index(kind: KindDefinition, caches: Caches): void {
  caches.of(kind).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
}

/** 1000m is as much as 1. */
function areEqual(a: Record<string, string>, b: Record<string, string>): boolean {
  const [one, other] = [amountsOf(a), amountsOf(b)];
  return one.size === other.size && [...one].every(([name, amount]) => other.get(name)?.nanos === amount.nanos);
}

/** Most changes leave usage as it is. */
function toCount(kind: KindDefinition, object: KubeObject, caches: Caches, old: KubeObject | undefined): string[] {
  const keys = quotasIn(object.metadata.namespace, caches);
  const isGone = caches.of(kind).get(keyOf(object)) === undefined;
  if (keys.length === 0 || !old || isGone) return keys;
  return isSame(kind, object, old) ? [] : keys;
}

function isSame(kind: KindDefinition, object: KubeObject, old: KubeObject): boolean {
  const text = (of: KubeObject) => JSON.stringify([...quotaUsage(kind, of)].map(([name, amount]) => [name, amount.toString()]));
  return text(object) === text(old);
}

function quotasIn(namespace = '', caches: Caches): string[] {
  return caches.of(ResourceQuota).byIndex(namespaceIndex, namespace).map(keyOf);
}
