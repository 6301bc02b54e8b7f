// The pods behind a service: which they are, where they are reached, and on which ports. Both forms of endpoints are made of it.
import { hasEnded, type ObjectReference, type Pod, Pod as PodKind, type Service, Service as ServiceKind } from '@berth/api';
import { type Caches, type ControllerWatch, watches } from '@berth/controller';
import { keyOf, Selector } from '@berth/machinery';
import { isReady } from '../pod-state.ts';

const namespaceIndex = 'namespace';

export interface BackendPort {
  name: string;
  protocol: string;
  port: number;
  appProtocol?: string;
}

export interface Backend {
  pod: Pod;
  ports: BackendPort[];
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  hostname?: string;
  targetRef: ObjectReference;
}

/** Services whose pods may have changed: by themselves, and by pods that match them or did. */
export function backendWatches(): ControllerWatch[] {
  return [
    watches(ServiceKind, (service) => [keyOf(service)]),
    watches(PodKind, (pod, caches, old) => {
      if (old && !matters(pod, old)) return [];
      const services = caches.of(ServiceKind).byIndex(namespaceIndex, pod.metadata.namespace ?? '');
      return services.filter((service) => selectorOf(service)?.matches(pod.metadata.labels)).map((service) => keyOf(service));
    }),
  ];
}

/** A pod reports often; only some of it concerns services. */
function matters(pod: Pod, old: Pod): boolean {
  const facts = ({ metadata, spec, status }: Pod) =>
    JSON.stringify([
      metadata.labels,
      metadata.deletionTimestamp,
      spec.nodeName,
      status?.phase,
      status?.podIPs ?? status?.podIP,
      status?.conditions?.find(({ type }) => type === 'Ready'),
    ]);
  return pod.metadata.uid !== old.metadata.uid || facts(pod) !== facts(old);
}

export function indexBackends(caches: Caches): void {
  caches.of(ServiceKind).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
  caches.of(PodKind).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
}

/** Undefined for a service whose endpoints somebody else writes. */
function selectorOf({ spec }: Service): Selector | undefined {
  const entries = Object.entries(spec.selector ?? {});
  if (entries.length === 0 || spec.type === 'ExternalName') return undefined;
  return new Selector(entries.map(([key, value]) => ({ key, operator: 'in', values: [value] })));
}

export function isManaged(service: Service): boolean {
  return selectorOf(service) !== undefined;
}

export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None';
}

export function podsBehind(service: Service, caches: Caches): Pod[] {
  const selector = selectorOf(service);
  if (!selector) return [];
  const pods = caches.of(PodKind).byIndex(namespaceIndex, service.metadata.namespace ?? '');
  return pods.filter((pod) => selector.matches(pod.metadata.labels));
}

/** Those that have an address and did not run to their end, in order of their names. */
export function backendsOf(service: Service, pods: Pod[]): Backend[] {
  const present = pods.filter((pod) => addressesOf(pod.status).length > 0 && !hasEnded(pod));
  return present.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).map((pod) => backend(service, pod));
}

export function addressesOf(status: Pod['status']): string[] {
  const addresses = (status?.podIPs ?? []).map(({ ip }) => ip ?? '').filter((ip) => ip !== '');
  return addresses.length > 0 ? addresses : status?.podIP ? [status.podIP] : [];
}

function backend(service: Service, pod: Pod): Backend {
  const { name, namespace, uid, deletionTimestamp } = pod.metadata;
  const serving = isReady(pod);
  const terminating = deletionTimestamp !== undefined;
  const hasName = pod.spec.hostname && pod.spec.subdomain === service.metadata.name;
  return {
    pod,
    ports: (service.spec.ports ?? []).flatMap((port) => resolve(port, pod)),
    ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
    serving,
    terminating,
    ...(hasName && { hostname: pod.spec.hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

/** A port named in the pod may be another number in each pod, and missing in some. */
function resolve(port: NonNullable<Service['spec']['ports']>[number], pod: Pod): BackendPort[] {
  const { name = '', protocol = 'TCP', targetPort = port.port, appProtocol } = port;
  const number = typeof targetPort === 'number' ? targetPort || port.port : namedPort(pod, targetPort, protocol);
  return number === undefined ? [] : [{ name, protocol, port: number, ...(appProtocol && { appProtocol }) }];
}

function namedPort({ spec }: Pod, name: string, protocol: string): number | undefined {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...spec.containers, ...sidecars].flatMap((container) => container.ports ?? []);
  return ports.find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}
