// Slices of the Endpoints that somebody else writes for a service without a selector, as nothing reads Endpoints themselves
// (Kubernetes, "EndpointSlices", Mirroring): one slice for each set of ports and kind of address, in place of the last one.
import { isIPv4, isIPv6 } from 'node:net';
import { type Endpoint, EndpointSlice, Endpoints, Service } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, equalButForEmpty, keyOf } from '@berth/machinery';
import { controllerReference } from '../ownership.ts';
import { serviceNameLabel } from './endpoint-slices.ts';
import { repacked, type Subset } from './repacked-subsets.ts';

const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const managedBy = 'endpointslicemirroring-controller.k8s.io';
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const notMirrored = new Set(['endpoints.kubernetes.io/last-change-trigger-time', 'kubectl.kubernetes.io/last-applied-configuration']);
const mirrorIndex = 'mirrored service';
/** Of a subset. */
const endpointsMax = 1000;
/** The longest name that a generated one begins with. */
const prefixCharactersMax = 253;

export interface ObservedMirror {
  service: Service | undefined;
  endpoints: Endpoints | undefined;
  /** Those that mirror it now. */
  slices: EndpointSlice[];
}

interface Wanted {
  addressType: 'IPv4' | 'IPv6';
  ports: NonNullable<EndpointSlice['ports']>;
  endpoints: Endpoint[];
}

export const endpointSliceMirroringController: Controller<ObservedMirror> = {
  name: 'endpoint-slice-mirroring-controller',
  owns: ['EndpointSlice[mirrored]'],
  writes: ['endpointslices.discovery.k8s.io'],
  watches: [
    watches(Endpoints, (endpoints) => [keyOf(endpoints)]),
    watches(Service, (service, _caches, other) => (other && isSelected(other) === isSelected(service) ? [] : [keyOf(service)])),
    watches(EndpointSlice, mirrorOf),
  ],
  prepare(caches) {
    caches.of(EndpointSlice).addIndex(mirrorIndex, mirrorOf);
  },
  observe(key, caches) {
    return {
      service: caches.of(Service).get(key),
      endpoints: caches.of(Endpoints).get(key),
      slices: caches.of(EndpointSlice).byIndex(mirrorIndex, key),
    };
  },
  plan: planMirror,
};

function mirrorOf({ metadata }: EndpointSlice): string[] {
  const { [serviceNameLabel]: name, [managedByLabel]: manager } = metadata.labels ?? {};
  return name && manager === managedBy ? [keyOf({ metadata: { namespace: metadata.namespace ?? '', name } })] : [];
}

function isSelected({ spec }: Service): boolean {
  return Object.keys(spec.selector ?? {}).length > 0;
}

function isMirrored({ metadata }: Endpoints): boolean {
  return metadata.labels?.[skipLabel] !== 'true' && metadata.annotations?.[leaderAnnotation] === undefined;
}

export function planMirror({ service, endpoints, slices }: ObservedMirror): Action[] {
  const present = slices.filter(({ metadata }) => !metadata.deletionTimestamp);
  if (!service || !endpoints || isSelected(service) || !isMirrored(endpoints)) return present.map(remove);
  const subsets = repacked(endpoints.subsets ?? []);
  const { wanted, skipped, invalid } = wantedSlices(subsets);
  const left = new Set(present);
  const take = (fits: (slice: EndpointSlice) => boolean) => {
    const found = [...left].find(fits);
    if (found) left.delete(found);
    return found;
  };
  const placed = wanted.map((one) => ({
    one,
    slice: take(({ addressType, ports }) => addressType === one.addressType && deepEqual(ports ?? [], one.ports)),
  }));
  // A slice that nobody wants any more is written over rather than deleted beside a new one; its kind of address never changes.
  const actions = placed.flatMap(({ one, slice }) =>
    write(endpoints, one, slice ?? take(({ addressType }) => addressType === one.addressType)),
  );
  return [...tell(endpoints, skipped, invalid), ...actions, ...[...left].map(remove)];
}

function wantedSlices(subsets: Subset[]): { wanted: Wanted[]; skipped: number; invalid: number } {
  const wanted: Wanted[] = [];
  let skipped = 0;
  let invalid = 0;
  for (const subset of subsets) {
    const ports = subset.ports.map(({ name = '', protocol = 'TCP', port, appProtocol }) => ({
      ...{ name, protocol, port },
      ...(appProtocol !== undefined && { appProtocol }),
    }));
    // Ready ones first: when there are too many, those that are not are left out.
    const ordered = [...subset.addresses].sort((a, b) => Number(b.isReady) - Number(a.isReady));
    const valid = ordered.filter(({ address }) => addressTypeOf(address.ip) !== undefined);
    invalid += ordered.length - valid.length;
    const taken = valid.slice(0, endpointsMax);
    skipped += ordered.length - taken.length;
    for (const addressType of ['IPv4', 'IPv6'] as const) {
      const endpoints = taken.filter(({ address }) => addressTypeOf(address.ip) === addressType).map(endpointOf);
      if (endpoints.length > 0) wanted.push({ addressType, ports, endpoints });
    }
  }
  return { wanted, skipped, invalid };
}

function addressTypeOf(ip: string): 'IPv4' | 'IPv6' | undefined {
  return isIPv4(ip) ? 'IPv4' : isIPv6(ip) ? 'IPv6' : undefined;
}

function endpointOf({ address, isReady }: Subset['addresses'][number]): Endpoint {
  const { ip, hostname, nodeName, targetRef } = address;
  return {
    addresses: [ip],
    conditions: { ready: isReady },
    ...(hostname && { hostname }),
    ...(targetRef && { targetRef }),
    ...(nodeName && { nodeName }),
  };
}

function write(endpoints: Endpoints, { addressType, ports, endpoints: members }: Wanted, slice: EndpointSlice | undefined): Action[] {
  const { name, namespace } = endpoints.metadata;
  const annotations = Object.fromEntries(Object.entries(endpoints.metadata.annotations ?? {}).filter(([key]) => !notMirrored.has(key)));
  const labels = { ...endpoints.metadata.labels, [serviceNameLabel]: name, [managedByLabel]: managedBy };
  const ownerReferences = [controllerReference({ ...endpoints, apiVersion: 'v1', kind: 'Endpoints' })];
  const own = { addressType, ports, endpoints: members };
  if (!slice) {
    const generateName = name.length < prefixCharactersMax ? `${name}-` : name;
    const metadata = { name: '', generateName, namespace, labels, annotations, ownerReferences };
    const object: EndpointSlice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, ...own };
    return endpoints.metadata.deletionTimestamp ? [] : [{ type: 'create', kind: erased(EndpointSlice), object }];
  }
  const shown = ({ metadata, ports: given = [], endpoints: list = [] }: EndpointSlice) => ({
    labels: metadata.labels,
    annotations: metadata.annotations,
    owners: metadata.ownerReferences,
    ports: given,
    endpoints: list,
  });
  const next: EndpointSlice = { ...slice, metadata: { ...slice.metadata, labels, annotations, ownerReferences }, ...own };
  return equalButForEmpty(shown(slice), shown(next)) ? [] : [{ type: 'update', kind: erased(EndpointSlice), object: next }];
}

function remove({ metadata }: EndpointSlice): Action {
  return { type: 'delete', kind: erased(EndpointSlice), key: metadata, uid: metadata.uid ?? '' };
}

/** @param skipped of these, those that were invalid are told by themselves */
function tell(about: Endpoints, skipped: number, invalid: number): Action[] {
  const warning = (reason: string, message: string): Action => ({
    type: 'event',
    event: { about, eventType: 'Warning', reason, message },
  });
  const tooMany =
    `A max of ${endpointsMax} addresses can be mirrored to EndpointSlices per Endpoints subset. ` + `${skipped} addresses were skipped`;
  return [
    ...(invalid > 0 ? [warning('InvalidIPAddress', `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`)] : []),
    ...(skipped > invalid ? [warning('TooManyAddressesToMirror', tooMany)] : []),
  ];
}
