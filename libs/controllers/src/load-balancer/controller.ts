// Services of type LoadBalancer, without anything outside of the cluster: each is reached under an address of the configured pool, which one node
// announces, or, without a pool, under the addresses of the nodes.
import { ConfigMap, EndpointSlice, loadBalancerHolders, Node, Service } from '@berth/api';
import { type Action, type Controller, watches } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
import { reachability } from '../node-reachability.ts';
import type { AddressPool } from './address-pool.ts';
import { balancingOf, byAge, hasAddresses, isLocal, isOfConcern, serviceOf } from './balanced-services.ts';
import { planNodeAddresses } from './node-addresses.ts';
import { planDeparture, planPoolAddresses, type Reported } from './pool-addresses.ts';

/** All are looked at together, as each may have an address or a port that another wants. */
const allServices = 'all';

export interface ObservedBalancers {
  /** Of type LoadBalancer, or with something left of when they were. */
  services: Service[];
  nodes: Node[];
  /** Names of the nodes with an endpoint that is ready, by service, of those whose traffic stays on a node. */
  nodesWithEndpoints: Map<string, Set<string>>;
  holders: ConfigMap | undefined;
}

/** @param pool absent: services have the addresses of nodes, but for those of the pool's class, which wait for one */
export function loadBalancerController(pool?: AddressPool): Controller<ObservedBalancers> {
  const reported: Reported = new Map();
  return {
    name: 'service-controller',
    owns: [
      ...['Service.status.loadBalancer', 'Service.status.conditions[LoadBalancerPortsError]'],
      `ConfigMap[${loadBalancerHolders.name}]`,
    ],
    writes: ['services/status', 'configmaps'],
    watches: [
      watches(Service, (service) => (isOfConcern(service) ? [allServices] : [])),
      watches(Node, (node, _caches, other) => (other && deepEqual(concernOf(node), concernOf(other)) ? [] : [allServices])),
      watches(EndpointSlice, (slice, caches) => (isLocal(serviceOf(slice, caches)) ? [allServices] : [])),
      watches(ConfigMap, ({ metadata }) => (keyOf({ metadata }) === keyOf({ metadata: loadBalancerHolders }) ? [allServices] : [])),
    ],
    observe(_key, caches) {
      const nodesWithEndpoints = new Map<string, Set<string>>();
      for (const slice of caches.of(EndpointSlice).list()) {
        const service = serviceOf(slice, caches);
        if (!service || !isLocal(service)) continue;
        const names = nodesWithEndpoints.get(keyOf(service)) ?? new Set();
        nodesWithEndpoints.set(keyOf(service), names);
        for (const { nodeName, conditions } of slice.endpoints ?? []) if (nodeName && conditions?.ready !== false) names.add(nodeName);
      }
      return {
        services: caches.of(Service).list().filter(isOfConcern),
        nodes: caches.of(Node).list(),
        nodesWithEndpoints,
        holders: caches.of(ConfigMap).get(keyOf({ metadata: loadBalancerHolders })),
      };
    },
    plan: (observed, now) => planBalancers(observed, pool, reported, now),
  };
}

export function planBalancers(observed: ObservedBalancers, pool: AddressPool | undefined, reported: Reported, now: number): Action[] {
  const inOrder = [...observed.services].sort(byAge);
  const of = Map.groupBy(inOrder, (service) => balancingOf(service, pool !== undefined));
  const departing = of.get('none') ?? [];
  const others = [...departing, ...(of.get('foreign') ?? [])].filter(hasAddresses);
  const inPool = planPoolAddresses({ ...observed, pool, services: of.get('pool') ?? [], others }, reported, loadBalancerHolders, now);
  const groups = [
    ...departing.map((service) => planDeparture(service, now)),
    ...inPool,
    ...planNodeAddresses({ ...observed, services: of.get('nodes') ?? [] }, now),
  ].filter((actions) => actions.length > 0);
  return groups.length === 0 ? [] : [{ type: 'independently', groups }];
}

/** What of a node matters here. */
function concernOf(node: Node): unknown {
  return [reachability(node), (node.status?.addresses ?? []).map(({ address }) => address)];
}
