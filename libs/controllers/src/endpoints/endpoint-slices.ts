// A service's endpoints in slices of bounded size. An endpoint stays in its slice while it can, so that a change of one
// pod changes one slice.
import { type Endpoint, EndpointSlice, Node, type Pod, Service } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
import { controllerReference } from '../ownership.ts';
import {
  addressesOf,
  type Backend,
  type BackendPort,
  backendsOf,
  backendWatches,
  indexBackends,
  isHeadless,
  isManaged,
  podsBehind,
} from './backends.ts';
import { withHints } from './traffic-hints.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const managedBy = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';
const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
const zoneLabel = 'topology.kubernetes.io/zone';
const serviceIndex = 'service';
/** Endpoints in a slice. */
const endpointsMax = 100;

export interface ObservedSlices {
  key: { namespace: string; name: string };
  service: Service | undefined;
  slices: EndpointSlice[];
  pods: Pod[];
  zoneOf(nodeName: string): string | undefined;
}

/** Endpoints with the same ports and kind of address; such share slices. */
interface Group {
  addressType: string;
  ports: BackendPort[];
  endpoints: Endpoint[];
}

export const endpointSliceController: Controller<ObservedSlices> = {
  name: 'endpoint-slice-controller',
  owns: ['EndpointSlice'],
  writes: ['endpointslices.discovery.k8s.io'],
  reads: [erased(Node)],
  watches: [...backendWatches(), watches(EndpointSlice, (slice) => serviceOf(slice))],
  prepare(caches) {
    indexBackends(caches);
    caches.of(EndpointSlice).addIndex(serviceIndex, serviceOf);
    // Read for zones; nodes change too often to follow for that.
    caches.of(Node);
  },
  observe(key, caches) {
    const service = caches.of(Service).get(key);
    const [namespace = '', name = ''] = key.split('/');
    return {
      key: { namespace, name },
      service,
      slices: caches.of(EndpointSlice).byIndex(serviceIndex, key),
      pods: service ? podsBehind(service, caches) : [],
      zoneOf: (nodeName) => caches.of(Node).get(nodeName)?.metadata.labels?.[zoneLabel],
    };
  },
  plan: planSlices,
};

function serviceOf({ metadata }: EndpointSlice): string[] {
  const { [serviceNameLabel]: name, [managedByLabel]: manager } = metadata.labels ?? {};
  return name && manager === managedBy ? [keyOf({ metadata: { namespace: metadata.namespace ?? '', name } })] : [];
}

export function planSlices({ service, slices, pods, zoneOf }: ObservedSlices): Action[] {
  const present = slices.filter(({ metadata }) => !metadata.deletionTimestamp);
  if (!service || service.metadata.deletionTimestamp) return present.map(remove);
  if (!isManaged(service)) return [];
  const trigger = triggerTime(service, pods);
  const groups = groupsOf(service, backendsOf(service, pods), zoneOf);
  const left = new Set(present);
  const actions = groups.flatMap((group) => {
    const own = present.filter((slice) => left.has(slice) && isOf(slice, group));
    for (const slice of own) left.delete(slice);
    return fill(service, group, own, trigger);
  });
  return [...actions, ...[...left].map(remove)];
}

function isOf({ addressType, ports = [] }: EndpointSlice, group: Group): boolean {
  return addressType === group.addressType && deepEqual(ports, group.ports);
}

/** A service always has a slice, even while it has no endpoints. */
function groupsOf(service: Service, backends: Backend[], zoneOf: (nodeName: string) => string | undefined): Group[] {
  const groups = new Map<string, Group>();
  for (const addressType of service.spec.ipFamilies ?? ['IPv4']) {
    for (const backend of backends) {
      const addresses = addressesOf(backend.pod.status).filter((ip) => ip.includes(':') === (addressType === 'IPv6'));
      if (addresses.length === 0) continue;
      const key = JSON.stringify([addressType, backend.ports]);
      const group = groups.get(key) ?? { addressType, ports: backend.ports, endpoints: [] };
      groups.set(key, group);
      group.endpoints.push(withHints(endpoint(backend, addresses, zoneOf), service.spec));
    }
    if (![...groups.values()].some((group) => group.addressType === addressType)) {
      groups.set(addressType, { addressType, ports: [], endpoints: [] });
    }
  }
  return [...groups.values()];
}

function endpoint(
  { pod, ready, serving, terminating, hostname, targetRef }: Backend,
  addresses: string[],
  zoneOf: (nodeName: string) => string | undefined,
): Endpoint {
  const { nodeName } = pod.spec;
  const zone = nodeName ? zoneOf(nodeName) : undefined;
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef,
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
  };
}

/** Keeps each endpoint where it is, fills gaps, then makes new slices. */
function fill(service: Service, group: Group, own: EndpointSlice[], trigger: string): Action[] {
  const waiting = new Map(group.endpoints.map((found) => [found.targetRef?.uid ?? '', found]));
  const contents = own.map((slice) => {
    const kept = (slice.endpoints ?? []).flatMap((old) => {
      const uid = old.targetRef?.uid ?? '';
      const found = waiting.get(uid);
      waiting.delete(uid);
      return found ?? [];
    });
    return { slice, endpoints: kept };
  });
  const rest = [...waiting.values()];
  for (const { endpoints } of contents) endpoints.push(...rest.splice(0, Math.max(endpointsMax - endpoints.length, 0)));
  const isNeeded = (index: number) => (contents[index]?.endpoints.length ?? 0) > 0 || (index === 0 && group.endpoints.length === 0);
  const actions = contents.flatMap(({ slice, endpoints }, index) =>
    isNeeded(index) ? update(service, slice, endpoints, trigger) : [remove(slice)],
  );
  if (own.length === 0 && rest.length === 0) actions.push(create(service, group, [], trigger));
  while (rest.length > 0) actions.push(create(service, group, rest.splice(0, endpointsMax), trigger));
  return actions;
}

function labelsFor(service: Service): Record<string, string> {
  const { [headlessLabel]: _headless, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: managedBy,
    ...(isHeadless(service) && { [headlessLabel]: '' }),
  };
}

function create(service: Service, { addressType, ports }: Group, endpoints: Endpoint[], trigger: string): Action {
  const { name, namespace } = service.metadata;
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '',
      generateName: `${name}-`,
      namespace,
      labels: labelsFor(service),
      annotations: { [triggerAnnotation]: trigger },
      ownerReferences: [controllerReference(service)],
    },
    addressType,
    endpoints,
    ports,
  };
  return { type: 'create', kind: erased(EndpointSlice), object: slice };
}

function update(service: Service, slice: EndpointSlice, endpoints: Endpoint[], trigger: string): Action[] {
  const labels = labelsFor(service);
  if (deepEqual(slice.endpoints ?? [], endpoints) && deepEqual(slice.metadata.labels ?? {}, labels)) return [];
  const annotations = { ...slice.metadata.annotations, [triggerAnnotation]: trigger };
  const next: EndpointSlice = { ...slice, metadata: { ...slice.metadata, labels, annotations }, endpoints };
  return [{ type: 'update', kind: erased(EndpointSlice), object: next }];
}

function remove({ metadata }: EndpointSlice): Action {
  return { type: 'delete', kind: erased(EndpointSlice), key: metadata, uid: metadata.uid ?? '' };
}

/** When what the slices say last became true, as far as the objects tell; for measuring how long it takes to arrive. */
function triggerTime(service: Service, pods: Pod[]): string {
  const times = pods.map(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '');
  return [service.metadata.creationTimestamp ?? '', ...times].sort().at(-1) ?? '';
}
