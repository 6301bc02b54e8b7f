// The older form of a service's endpoints: one object of the service's name.
import { type EndpointAddress, type EndpointSubset, Endpoints, type Pod, Service } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { equalButForEmpty, keyOf } from '@berth/machinery';
import { addressesOf, type Backend, backendsOf, backendWatches, indexBackends, isHeadless, isManaged, podsBehind } from './backends.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const managedBy = 'endpoint-controller';
const headlessLabel = 'service.kubernetes.io/headless';
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';
/** As in Kubernetes; what has more is served from its slices. */
const addressesMax = 1000;

export interface ObservedEndpoints {
  service: Service | undefined;
  endpoints: Endpoints | undefined;
  pods: Pod[];
}

export const endpointsController: Controller<ObservedEndpoints> = {
  name: 'endpoint-controller',
  owns: ['Endpoints'],
  writes: ['endpoints'],
  watches: [...backendWatches(), watches(Endpoints, (endpoints) => [keyOf(endpoints)])],
  prepare: indexBackends,
  observe(key, caches) {
    const service = caches.of(Service).get(key);
    return { service, endpoints: caches.of(Endpoints).get(key), pods: service ? podsBehind(service, caches) : [] };
  },
  plan: planEndpoints,
};

export function planEndpoints({ service, endpoints, pods }: ObservedEndpoints): Action[] {
  if (!service || service.metadata.deletionTimestamp) return remove(endpoints);
  if (!isManaged(service)) return [];
  const backends = backendsOf(service, pods).filter(({ terminating }) => !terminating || service.spec.publishNotReadyAddresses);
  const { [headlessLabel]: _headless, ...labels } = service.metadata.labels ?? {};
  const annotations: Record<string, string> = backends.length > addressesMax ? { [overCapacityAnnotation]: 'truncated' } : {};
  const wanted = {
    labels: { ...labels, [managedByLabel]: managedBy, ...(isHeadless(service) && { [headlessLabel]: '' }) },
    annotations,
    subsets: subsetsOf(backends.slice(0, addressesMax)),
  };
  const { name, namespace } = service.metadata;
  const metadata = { name, namespace, labels: wanted.labels, annotations: wanted.annotations };
  if (!endpoints) {
    return [
      {
        type: 'create',
        kind: erased(Endpoints),
        object: { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: wanted.subsets } as Endpoints,
      },
    ];
  }
  const current = {
    labels: endpoints.metadata.labels ?? {},
    annotations: endpoints.metadata.annotations ?? {},
    subsets: endpoints.subsets ?? [],
  };
  if (equalButForEmpty(current, wanted) || endpoints.metadata.deletionTimestamp) return [];
  const next: Endpoints = { ...endpoints, metadata: { ...endpoints.metadata, ...metadata }, subsets: wanted.subsets };
  return [{ type: 'update', kind: erased(Endpoints), object: next }];
}

/** Not what somebody made by hand for a service to come. */
function remove(endpoints: Endpoints | undefined): Action[] {
  if (!endpoints || endpoints.metadata.labels?.[managedByLabel] !== managedBy || endpoints.metadata.deletionTimestamp) return [];
  return [{ type: 'delete', kind: erased(Endpoints), key: endpoints.metadata, uid: endpoints.metadata.uid ?? '' }];
}

/** One subset for each set of ports. */
function subsetsOf(backends: Backend[]): EndpointSubset[] {
  const byPorts = new Map<string, Backend[]>();
  for (const backend of backends) {
    const key = JSON.stringify(backend.ports);
    byPorts.set(key, [...(byPorts.get(key) ?? []), backend]);
  }
  return [...byPorts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, members]) => {
      const addresses = members.filter(({ ready }) => ready).map(address);
      const notReadyAddresses = members.filter(({ ready }) => !ready).map(address);
      const ports = (members[0]?.ports ?? []).map(({ name, ...port }) => ({ ...(name && { name }), ...port }));
      return {
        ...(addresses.length > 0 && { addresses: addresses.sort(byIp) }),
        ...(notReadyAddresses.length > 0 && { notReadyAddresses: notReadyAddresses.sort(byIp) }),
        ...(ports.length > 0 && { ports }),
      };
    });
}

function address({ pod, hostname, targetRef }: Backend): EndpointAddress {
  const { nodeName } = pod.spec;
  return { ip: addressesOf(pod.status)[0] ?? '', ...(hostname && { hostname }), ...(nodeName && { nodeName }), targetRef };
}

function byIp(a: EndpointAddress, b: EndpointAddress): number {
  return a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0;
}
