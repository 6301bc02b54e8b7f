// Services that have an address of the pool: which one, and which node announces it. Pure. Addresses are remembered in the services' statuses,
// and who announces them in one ConfigMap, which changes as a whole: so that two nodes are never meant to announce the same.
import { ConfigMap, type Node, type Service } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
import { reachability } from '../node-reachability.ts';
import { type Allocation, allocateAddresses, type Claim } from './address-allocation.ts';
import type { AddressPool } from './address-pool.ts';
import { hasCleanup, isLocal, portsOf, sharedAddressAnnotation } from './balanced-services.ts';
import { type Announced, assignHolders, holdersData, holdersIn } from './holders.ts';
import { balancerEvents, serviceEvent, statusWrite } from './service-status.ts';

export interface PoolObserved {
  /** Of the pool, oldest first. */
  services: Service[];
  /** Others whose statuses have addresses: they are leaving, or another controller's. Oldest first. */
  others: Service[];
  nodes: Node[];
  nodesWithEndpoints: ReadonlyMap<string, ReadonlySet<string>>;
  /** Undefined where there is none. */
  holders: ConfigMap | undefined;
  pool: AddressPool | undefined;
}

/** What has been said of a service already, which its status has no place for. By uid. */
export type Reported = Map<string, string>;

/** @returns for each object that it concerns. @param reported is kept up to date */
export function planPoolAddresses(
  observed: PoolObserved,
  reported: Reported,
  holdersKey: { namespace: string; name: string },
  now: number,
) {
  const { services, pool } = observed;
  const allocation: Allocation = pool
    ? allocateAddresses(claimsOf(observed), pool, nodeAddresses(observed.nodes))
    : { addresses: new Map(), problems: new Map(services.map((service) => [keyOf(service), noPool])), losses: new Map() };
  const current = holdersIn(observed.holders?.data);
  const announced = announcedBy(observed, allocation);
  const holders = assignHolders(announced, current);
  const present = new Set(services.map(({ metadata }) => metadata.uid ?? ''));
  for (const uid of reported.keys()) if (!present.has(uid)) reported.delete(uid);
  return [
    planHolders(observed, holders, current, holdersKey),
    ...services.map((service) => planService(service, allocation, holders, reported, now)),
  ];
}

const noPool = 'no pool of addresses is configured: start the control plane with --load-balancer-pool, or leave spec.loadBalancerClass out';

function claimsOf({ services, others }: PoolObserved): Claim[] {
  const fixed = others.flatMap((service) =>
    (service.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ({ ...claimOf(service), address: ip, isFixed: true })),
  );
  return [...fixed, ...services.map(claimOf)];
}

function addressOf({ status }: Service): string | undefined {
  return status?.loadBalancer?.ingress?.[0]?.ip;
}

function claimOf(service: Service): Claim {
  const { metadata, spec } = service;
  return {
    service: keyOf(service),
    address: addressOf(service),
    wanted: spec.loadBalancerIP || undefined,
    sharing: metadata.annotations?.[sharedAddressAnnotation] ?? '',
    backend: isLocal(service) ? `${metadata.namespace} ${JSON.stringify(Object.entries(spec.selector ?? {}).sort())}` : '',
    ports: portsOf(service),
  };
}

function nodeAddresses(nodes: Node[]): (address: string) => string | undefined {
  const owners = new Map(nodes.flatMap(({ metadata, status }) => (status?.addresses ?? []).map((each) => [each.address, metadata.name])));
  return (address) => (owners.has(address) ? `is that of node ${owners.get(address)}` : undefined);
}

/** Once a service's status says an address, it is announced; what is only going to be said is so next time. */
function announcedBy({ services, nodes, nodesWithEndpoints, holders }: PoolObserved, { addresses }: Allocation): Announced[] {
  const available = new Set(nodes.filter((node) => reachability(node) !== undefined).map(({ metadata }) => metadata.name));
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  const current = holdersIn(holders?.data);
  const settled = services.filter((service) => addressOf(service) !== undefined && addressOf(service) === addresses.get(keyOf(service)));
  return [...Map.groupBy(settled, (service) => addressOf(service) ?? '')]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([address, [first]]) => {
      // Those that share an address and whose traffic is to stay on a node have the same endpoints.
      const local = first && isLocal(first) ? nodesWithEndpoints.get(keyOf(first)) : undefined;
      const near = new Set([...available].filter((name) => local?.has(name)));
      // Where no node is better, the one that has it may as well keep it.
      const last = current.get(address);
      const rest = available.size > 0 || last === undefined || !known.has(last) ? available : new Set([last]);
      return { address, candidates: near.size > 0 ? near : rest };
    });
}

function planHolders(
  { services, holders: object }: PoolObserved,
  holders: ReadonlyMap<string, string>,
  current: ReadonlyMap<string, string>,
  { namespace, name }: { namespace: string; name: string },
): Action[] {
  const data = holdersData(holders);
  const kind = erased(ConfigMap);
  if (holders.size === 0) return object ? [{ type: 'delete', kind, key: { namespace, name }, uid: object.metadata.uid ?? '' }] : [];
  if (deepEqual(object?.data, data)) return [];
  const moved = services.flatMap((service) => {
    const address = addressOf(service) ?? '';
    const node = holders.get(address);
    return node === undefined || node === current.get(address) ? [] : [balancerEvents.moved(service, address, node)];
  });
  if (object) return [{ type: 'update', kind, object: { ...object, data } as ConfigMap }, ...moved];
  const made: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
  return [{ type: 'create', kind, object: made }, ...moved];
}

function planService(
  service: Service,
  { addresses, problems, losses }: Allocation,
  holders: ReadonlyMap<string, string>,
  reported: Reported,
  now: number,
): Action[] {
  const key = keyOf(service);
  const address = addresses.get(key);
  const write = statusWrite(service, { addresses: address === undefined ? [] : [address], isKept: address !== undefined }, now);
  const loss = losses.get(key);
  const lost = write && loss ? [serviceEvent(service, 'Warning', 'LoadBalancerAddressReleased', `${loss}; it is given up`)] : [];
  const problem = problems.get(key);
  if (address === undefined) {
    const failed = isNews(reported, service, problem ?? '') ? [balancerEvents.failed(service, problem ?? '')] : [];
    return [...lost, ...(write ? [write] : []), ...failed];
  }
  if (write) return [...lost, balancerEvents.ensuring(service), write, balancerEvents.ensured(service)];
  const unavailable = holders.has(address) ? '' : 'unavailable';
  return isNews(reported, service, unavailable) && unavailable ? [balancerEvents.unavailable(service)] : [];
}

function isNews(reported: Reported, { metadata: { uid = '' } }: Service, what: string): boolean {
  const isNew = (reported.get(uid) ?? '') !== what;
  reported.set(uid, what);
  return isNew;
}

/** Of a service that is no longer Berth's to serve, or is being deleted: gives back what it has. */
export function planDeparture(service: Service, now: number): Action[] {
  const write = statusWrite(service, { addresses: [], isKept: false }, now);
  if (!write) return [];
  return hasCleanup(service) ? [balancerEvents.deleting(service), write, balancerEvents.deleted(service)] : [write];
}
