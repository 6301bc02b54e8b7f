// Which services of type LoadBalancer are Berth's to serve, and how: under the addresses of nodes, or one of the pool.
import type { EndpointSlice, Service } from '@berth/api';
import { Service as ServiceKind } from '@berth/api';
import type { Caches } from '@berth/controller';

/** Classes of services; those that name none get addresses of the pool where there is one. */
export const loadBalancerClasses = { nodes: 'berth.io/nodes', pool: 'berth.io/pool' } as const;
/** Its value is that of all services that share an address. */
export const sharedAddressAnnotation = 'berth.io/shared-address';
/** By Kubernetes' name: a service stays until its address is given back. */
export const cleanupFinalizer = 'service.kubernetes.io/load-balancer-cleanup';

export type Balancing = 'nodes' | 'pool' | 'foreign' | 'none';

export function balancingOf(service: Service, hasPool: boolean): Balancing {
  const { metadata, spec } = service;
  // Whoever is to answer for it now: nobody else takes the finalizer away.
  if (spec.type !== 'LoadBalancer' || (metadata.deletionTimestamp && hasCleanup(service))) return 'none';
  const { loadBalancerClass = hasPool ? loadBalancerClasses.pool : loadBalancerClasses.nodes } = spec;
  if (loadBalancerClass !== loadBalancerClasses.pool && loadBalancerClass !== loadBalancerClasses.nodes) return 'foreign';
  if (metadata.deletionTimestamp) return 'none';
  return loadBalancerClass === loadBalancerClasses.pool ? 'pool' : 'nodes';
}

/** Whether a plan has to look at it. */
export function isOfConcern(service: Service): boolean {
  return service.spec.type === 'LoadBalancer' || hasAddresses(service) || hasCleanup(service);
}

/** What comes for it from outside goes to endpoints of the node that it comes to. */
export function isLocal(service: Service | undefined): boolean {
  return service !== undefined && service.spec.type === 'LoadBalancer' && service.spec.externalTrafficPolicy === 'Local';
}

export function hasAddresses({ status }: Service): boolean {
  return (status?.loadBalancer?.ingress ?? []).length > 0;
}

export function hasCleanup({ metadata }: Service): boolean {
  return metadata.finalizers?.includes(cleanupFinalizer) ?? false;
}

export function portsOf({ spec }: Service): string[] {
  return (spec.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`);
}

/** Oldest first. */
export function byAge(a: Service, b: Service): number {
  return ageKey(a) < ageKey(b) ? -1 : 1;
}

function ageKey({ metadata }: Service): string {
  return `${metadata.creationTimestamp} ${metadata.uid}`;
}

export function serviceOf({ metadata }: EndpointSlice, caches: Caches): Service | undefined {
  const name = metadata.labels?.['kubernetes.io/service-name'];
  return name === undefined ? undefined : caches.of(ServiceKind).get(`${metadata.namespace}/${name}`);
}
