// Looks after the IPAddress objects of services, address by address: the API server writes both in one transaction, so what
// is found wrong here was done by hand, or by a version that knew no such objects.
import { clusterAddress, IPAddress, rangeHolds, Service, ServiceCIDR, serviceOfAddress } from '@berth/api';
import { type Caches, type Controller, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { type ObservedAddress, planRepair } from './repair-plan.ts';

const addressIndex = 'cluster-address';
const parentIndex = 'service';

export const ipRepairController: Controller<ObservedAddress> = {
  name: 'ipallocator-repair-controller',
  owns: ['IPAddress of services'],
  writes: ['ipaddresses.networking.k8s.io'],
  watches: [
    watches(Service, (service, caches) => [...addressesOf(service), ...referringTo(service, caches)]),
    watches(IPAddress, ({ metadata }) => [metadata.name]),
    // Services that it was made for too late, or that it leaves without a range.
    watches(ServiceCIDR, (range, caches) =>
      caches
        .of(Service)
        .list()
        .flatMap(addressesOf)
        .filter((address) => rangeHolds(range, address)),
    ),
  ],
  prepare(caches) {
    caches.of(Service).addIndex(addressIndex, addressesOf);
    caches.of(IPAddress).addIndex(parentIndex, (address) => [serviceOfAddress(address) ?? []].flat());
  },
  observe(address, caches) {
    const object = caches.of(IPAddress).get(address);
    const parent = object && serviceOfAddress(object);
    return {
      address,
      object,
      holders: caches.of(Service).byIndex(addressIndex, address).sort(oldestFirst),
      parent: parent === undefined ? undefined : caches.of(Service).get(parent),
      isInRange: caches
        .of(ServiceCIDR)
        .list()
        .some((range) => rangeHolds(range, address)),
    };
  },
  plan: planRepair,
};

function addressesOf(service: Service): string[] {
  return [clusterAddress(service) ?? []].flat();
}

function referringTo(service: Service, caches: Caches): string[] {
  return caches
    .of(IPAddress)
    .byIndex(parentIndex, keyOf(service))
    .map(({ metadata }) => metadata.name);
}

function oldestFirst(a: Service, b: Service): number {
  const key = ({ metadata }: Service) => `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`;
  return key(a) < key(b) ? -1 : 1;
}
