// What is wrong between one address, the IPAddress object of its name and the services that have it, and what mends it: as
// Kubernetes' ipallocator repair loop does, with its events. Caches of the two kinds may lag behind each other, so whatever
// would take an address from a service is asked of the server first.
import { IPAddress, isIPv4, isIPv6, isServiceAddress, Service, serviceAddress, serviceAddressLabels, serviceOfAddress } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { type KubeObject, keyOf } from '@berth/machinery';

/** For the cache of addresses to learn what was written with the service. */
const settleMs = 2_000;
/** As long as Kubernetes lets an address be without its service. */
const orphanGraceMs = 60_000;
const kind = erased(IPAddress);

export interface ObservedAddress {
  address: string;
  object: IPAddress | undefined;
  /** Services that have the address, the oldest first. */
  holders: Service[];
  /** The service that the object refers to. */
  parent: Service | undefined;
  /** Whether any ServiceCIDR contains the address. */
  isInRange: boolean;
}

export function planRepair(observed: ObservedAddress, now: number): Action[] {
  const { address, object, holders, isInRange } = observed;
  const [holder] = holders;
  if (!holder) return object && isServiceAddress(object) ? planUnused(object, observed, now) : [];
  if (!isIPv4(address) && !isIPv6(address))
    return holders.map((service) => warn(service, 'ClusterIPNotValid', `Cluster IP ${address} is not a valid IP; please recreate Service`));
  if (!isInRange) return holders.map((service) => warn(service, 'ClusterIPOutOfRange', outOfRange(address)));
  if (!object) return planMissing(address, holder, now);
  const owner = holders.find((service) => keyOf(service) === serviceOfAddress(object));
  if (!owner) return planMisplaced(object, holder, observed);
  const rivals = holders.filter((service) => service !== owner);
  return [...mendLabels(object), ...rivals.map((service) => warn(service, 'ClusterIPAlreadyAllocated', assignedTwice(address)))];
}

function planMissing(address: string, holder: Service, now: number): Action[] {
  const ageMs = now - Date.parse(holder.metadata.creationTimestamp ?? '');
  if (ageMs < settleMs) return [{ type: 'requeue', afterMs: settleMs - ageMs }];
  const message = `Cluster IP [IPv4]: ${address} is not allocated; repairing`;
  const mend: Action[] = [warn(holder, 'ClusterIPNotAllocated', message), make(address, holder)];
  return [{ type: 'ifAbsent', kind, key: { name: address }, actions: [ifUnchanged(holder, mend)] }];
}

/** The object says that the address is something else's. */
function planMisplaced(object: IPAddress, holder: Service, { address, parent }: ObservedAddress): Action[] {
  const referred = serviceOfAddress(object);
  if (parent) return [ifUnchanged(parent, cleanWrongReference(object, parent))];
  const { namespace, name } = holder.metadata;
  const message = `the ClusterIP [IPv4]: ${address} for Service ${namespace}/${name} has a wrong reference; repairing`;
  const mend = ifUnchanged(holder, [warn(holder, 'ClusterIPNotAllocated', message), remove(object), make(address, holder)]);
  return referred === undefined ? [mend] : [{ type: 'ifAbsent', kind: erased(Service), key: parentKey(object), actions: [mend] }];
}

/** An object of the allocator's for an address that no service has. */
function planUnused(object: IPAddress, { parent }: ObservedAddress, now: number): Action[] {
  const { name, creationTimestamp = '' } = object.metadata;
  const { group = '', resource, namespace, name: parentName } = object.spec.parentRef ?? {};
  if (serviceOfAddress(object) === undefined) {
    const reference = `&{${[group, resource, namespace, parentName].join(' ')}}`;
    const message = `IPAddress ${name} appears to have been modified, not referencing a Service ${reference}: cleaning up`;
    return [warn(object, 'IPAddressNotAllocated', message), remove(object)];
  }
  if (parent) return [ifUnchanged(parent, cleanWrongReference(object, parent))];
  const ageMs = now - Date.parse(creationTimestamp);
  if (ageMs <= orphanGraceMs) return [{ type: 'requeue', afterMs: orphanGraceMs - ageMs + 1 }];
  const message = `IPAddress: ${name} for Service ${namespace}/${parentName} appears to have leaked: cleaning up`;
  const clean = [warn(object, 'IPAddressNotAllocated', message), remove(object)];
  return [{ type: 'ifAbsent', kind: erased(Service), key: parentKey(object), actions: clean }];
}

function cleanWrongReference(object: IPAddress, { metadata }: Service): Action[] {
  const message = `IPAddress: ${object.metadata.name} for Service ${metadata.namespace}/${metadata.name} has a wrong reference; cleaning up`;
  return [warn(object, 'IPAddressWrongReference', message), remove(object)];
}

function mendLabels({ metadata }: IPAddress): Action[] {
  const { labels = {}, resourceVersion } = metadata;
  if (Object.entries(serviceAddressLabels).every(([name, value]) => labels[name] === value)) return [];
  const patch = { metadata: { resourceVersion, labels: serviceAddressLabels } };
  return [{ type: 'patch', kind, key: metadata, patchType: 'merge', patch }];
}

function parentKey({ spec }: IPAddress): { namespace: string; name: string } {
  const { namespace = '', name = '' } = spec.parentRef ?? {};
  return { namespace, name };
}

function ifUnchanged(service: Service, actions: Action[]): Action {
  return { type: 'ifUnchanged', kind: erased(Service), object: service, actions };
}

function make(address: string, { metadata }: Service): Action {
  return { type: 'create', kind, object: serviceAddress(address, metadata) };
}

function remove({ metadata }: IPAddress): Action {
  return { type: 'delete', kind, key: metadata, uid: metadata.uid ?? '' };
}

function warn(about: KubeObject, reason: string, message: string): Action {
  return { type: 'event', event: { about, eventType: 'Warning', reason, message } };
}

function outOfRange(address: string): string {
  return `Cluster IP [${isIPv4(address) ? 'IPv4' : 'IPv6'}]: ${address} is not within any configured Service CIDR; please recreate service`;
}

function assignedTwice(address: string): string {
  return `Cluster IP [IPv4]:${address} was assigned to multiple services; please recreate service`;
}
