// Services of type LoadBalancer, without anything outside of the cluster: each is reached under the addresses of the nodes, at its own port,
// by the rules that agents make of its status. A port of the nodes is one service's; of several that want it the oldest has it.
import { type Condition, EndpointSlice, Node, Service } from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { reachability } from './node-reachability.ts';

/** Of services that name this one, or none, which is the same. */
export const loadBalancerClass = 'berth.io/nodes';
/** Of a service's status, by Kubernetes' name. */
const portsError = 'LoadBalancerPortsError';
/** All are looked at together, as each may have a port that another wants. */
const allServices = 'all';

export interface ObservedBalancers {
  /** Of type LoadBalancer, or with a status from when they were. */
  services: Service[];
  nodes: Node[];
  /** Names of the nodes with an endpoint that is ready, by service. */
  nodesWithEndpoints: Map<string, Set<string>>;
}

export const loadBalancerController: Controller<ObservedBalancers> = {
  name: 'service-controller',
  owns: ['Service.status.loadBalancer', `Service.status.conditions[${portsError}]`],
  watches: [
    watches(Service, (service) => (isBalanced(service) || hasAddresses(service) ? [allServices] : [])),
    watches(Node, (node, _caches, other) => (other && deepEqual(reachability(node), reachability(other)) ? [] : [allServices])),
    watches(EndpointSlice, (slice, caches) => (isLocal(serviceOf(slice, caches)) ? [allServices] : [])),
  ],
  observe(_key, caches) {
    const services = caches.of(Service).list();
    const nodesWithEndpoints = new Map<string, Set<string>>();
    for (const slice of caches.of(EndpointSlice).list()) {
      const service = serviceOf(slice, caches);
      if (!service || !isLocal(service)) continue;
      const names = nodesWithEndpoints.get(keyOf(service)) ?? new Set();
      nodesWithEndpoints.set(keyOf(service), names);
      for (const { nodeName, conditions } of slice.endpoints ?? []) if (nodeName && conditions?.ready !== false) names.add(nodeName);
    }
    return {
      services: services.filter((service) => isBalanced(service) || hasAddresses(service)),
      nodes: caches.of(Node).list(),
      nodesWithEndpoints,
    };
  },
  plan: planBalancers,
};

export function planBalancers({ services, nodes, nodesWithEndpoints }: ObservedBalancers, now: number): Action[] {
  const taken = new Map<string, string>();
  const inOrder = [...services].sort((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1));
  return inOrder.flatMap((service) => {
    if (isForeign(service)) return [];
    if (!isBalanced(service)) return statusOf(service, [], undefined, now);
    const ports = (service.spec.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`);
    const conflict = ports.find((port) => taken.has(port));
    if (conflict !== undefined) {
      const message = `port ${conflict} of the nodes is that of service ${taken.get(conflict)}; give this one another port`;
      return statusOf(service, [], message, now);
    }
    for (const port of ports) taken.set(port, keyOf(service));
    const local = isLocal(service) ? (nodesWithEndpoints.get(keyOf(service)) ?? new Set()) : undefined;
    const addresses = nodes.filter(({ metadata }) => !local || local.has(metadata.name)).flatMap((node) => reachability(node) ?? []);
    const { loadBalancerIP } = service.spec;
    return statusOf(service, loadBalancerIP ? addresses.filter((address) => address === loadBalancerIP) : addresses, undefined, now);
  });
}

/** Oldest first. */
function ageKey({ metadata }: Service): string {
  return `${metadata.creationTimestamp} ${metadata.uid}`;
}

function statusOf(service: Service, addresses: string[], problem: string | undefined, now: number): Action[] {
  const { status = {} } = service;
  const ingress = [...new Set(addresses)].sort().map((ip) => ({ ip, ipMode: 'VIP' }));
  const others = (status.conditions ?? []).filter(({ type }) => type !== portsError);
  const before = status.conditions?.find(({ type }) => type === portsError);
  const condition: Condition[] = problem === undefined ? [] : [before?.message === problem ? before : conditionOf(problem, now)];
  const isSame = deepEqual(status.loadBalancer?.ingress ?? [], ingress) && before?.message === problem;
  if (isSame) return [];
  const next = { ...status, loadBalancer: ingress.length > 0 ? { ingress } : {}, conditions: [...others, ...condition] };
  const write: Action = { type: 'updateStatus', kind: erased(Service), object: { ...service, status: next } as Service };
  if (problem === undefined || before?.message === problem) return [write];
  const about = { about: service, eventType: 'Warning', reason: 'SyncLoadBalancerFailed', message: problem } as const;
  return [write, { type: 'event', event: about }];
}

function conditionOf(message: string, now: number): Condition {
  return { type: portsError, status: 'True', reason: 'PortTaken', message, lastTransitionTime: timestamp({ now: () => now }) };
}

function isBalanced(service: Service): boolean {
  return service.spec.type === 'LoadBalancer' && !service.metadata.deletionTimestamp && !isForeign(service);
}

/** Another controller's. */
function isForeign({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.loadBalancerClass !== undefined && spec.loadBalancerClass !== loadBalancerClass;
}

function isLocal(service: Service | undefined): boolean {
  return service !== undefined && isBalanced(service) && service.spec.externalTrafficPolicy === 'Local';
}

function hasAddresses({ status }: Service): boolean {
  return (status?.loadBalancer?.ingress ?? []).length > 0;
}

function serviceOf({ metadata }: EndpointSlice, caches: Caches): Service | undefined {
  const name = metadata.labels?.['kubernetes.io/service-name'];
  return name === undefined ? undefined : caches.of(Service).get(`${metadata.namespace}/${name}`);
}
