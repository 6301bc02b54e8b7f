// Makes ranges of service addresses ready, and keeps one that is being deleted until no address is in use that it alone
// contains (KEP-1880). Of several that are being deleted at once none counts on another: addresses are not left without one.
import { IPAddress, isServiceAddress, rangeHolds, ServiceCIDR, serviceCidrFinalizer } from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { timestamp } from '@berth/telemetry';

/** For API servers to learn that the range is going, and for caches to learn of the last addresses taken from it. */
const deletionGraceMs = 10_000;
const kind = erased(ServiceCIDR);

export interface ObservedRange {
  range: ServiceCIDR;
  /** That stay. */
  others: ServiceCIDR[];
  /** Addresses of services that lie in the range; looked up only for one that is being deleted. */
  addresses: string[];
}

export const serviceCidrsController: Controller<ObservedRange> = {
  name: 'service-cidrs-controller',
  owns: ['ServiceCIDR.status.conditions[Ready]', `ServiceCIDR.metadata.finalizers[${serviceCidrFinalizer}]`],
  writes: ['servicecidrs.networking.k8s.io', 'servicecidrs.networking.k8s.io/status'],
  watches: [
    // One that comes or goes may let another go, or hold it.
    watches(ServiceCIDR, ({ metadata }, caches) => [metadata.name, ...deleting(caches).map((range) => range.metadata.name)]),
    watches(IPAddress, (address, caches) =>
      isServiceAddress(address)
        ? deleting(caches)
            .filter((range) => rangeHolds(range, address.metadata.name))
            .map((range) => range.metadata.name)
        : [],
    ),
  ],
  observe(name, caches) {
    const range = caches.of(ServiceCIDR).get(name);
    if (!range) return undefined;
    const others = caches
      .of(ServiceCIDR)
      .list()
      .filter(({ metadata }) => metadata.name !== name && !metadata.deletionTimestamp);
    return { range, others, addresses: range.metadata.deletionTimestamp ? addressesIn(range, caches) : [] };
  },
  plan: planRange,
};

function deleting(caches: Caches): ServiceCIDR[] {
  return caches
    .of(ServiceCIDR)
    .list()
    .filter(({ metadata }) => metadata.deletionTimestamp);
}

function addressesIn(range: ServiceCIDR, caches: Caches): string[] {
  const all = caches.of(IPAddress).list().filter(isServiceAddress);
  return all.map(({ metadata }) => metadata.name).filter((address) => rangeHolds(range, address));
}

export function planRange(observed: ObservedRange, now: number): Action[] {
  const { range } = observed;
  const { deletionTimestamp, finalizers = [] } = range.metadata;
  const isProtected = finalizers.includes(serviceCidrFinalizer);
  if (deletionTimestamp) return isProtected ? planDeletion(observed, Date.parse(deletionTimestamp), now) : [];
  if (!isProtected) return [setFinalizers(range, [...finalizers, serviceCidrFinalizer])];
  return setReady(range, 'True', '', 'Kubernetes Service CIDR is ready', now);
}

function planDeletion({ range, others, addresses }: ObservedRange, deletedAtMs: number, now: number): Action[] {
  if (addresses.some((address) => !others.some((other) => rangeHolds(other, address)))) {
    const message = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
    return setReady(range, 'False', 'Terminating', message, now);
  }
  const waitMs = deletedAtMs + deletionGraceMs - now;
  if (waitMs > 0) return [{ type: 'requeue', afterMs: waitMs }];
  const { finalizers = [] } = range.metadata;
  const left = finalizers.filter((finalizer) => finalizer !== serviceCidrFinalizer);
  return [setFinalizers(range, left)];
}

function setFinalizers({ metadata }: ServiceCIDR, finalizers: string[]): Action {
  const { resourceVersion } = metadata;
  return { type: 'patch', kind, key: metadata, patchType: 'merge', patch: { metadata: { resourceVersion, finalizers } } };
}

function setReady(range: ServiceCIDR, status: 'True' | 'False', reason: string, message: string, now: number): Action[] {
  const conditions = range.status?.conditions ?? [];
  const current = conditions.find(({ type }) => type === 'Ready');
  if (current?.status === status && current.reason === reason) return [];
  const lastTransitionTime = current?.status === status ? current.lastTransitionTime : timestamp({ now: () => now });
  const ready = { type: 'Ready', status, reason, message, lastTransitionTime };
  const object: ServiceCIDR = { ...range, status: { conditions: [...conditions.filter(({ type }) => type !== 'Ready'), ready] } };
  return [{ type: 'updateStatus', kind, object }];
}
