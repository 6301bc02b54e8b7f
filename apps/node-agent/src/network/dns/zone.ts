// The cluster's names as a table, from services, endpoints and pods. Pure.
// (Kubernetes DNS-Based Service Discovery: github.com/kubernetes/dns/blob/master/docs/specification.md)
import type { EndpointSlice, Service } from '@berth/api';

export interface ServiceTarget {
  target: string;
  port: number;
}

export interface NameRecords {
  addresses: string[];
  services: ServiceTarget[];
  alias?: string;
}

/** Every name is lower case and without the final dot. A name with neither records nor names below it does not exist. */
export interface Zone {
  domain: string;
  names: Map<string, NameRecords>;
  /** `4.3.2.1.in-addr.arpa` → names. */
  reverse: Map<string, string[]>;
}

export const recordsTtlSeconds = 5;

export function buildZone(domain: string, services: Service[], slices: EndpointSlice[]): Zone {
  const zone: Zone = { domain, names: new Map(), reverse: new Map() };
  const slicesByService = Map.groupBy(
    slices,
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`,
  );
  for (const service of services) {
    const { namespace, name } = service.metadata;
    addService(zone, service, slicesByService.get(`${namespace}/${name}`) ?? []);
  }
  return zone;
}

/** The address that a name such as `10-244-0-7.default.pod.cluster.local` states. */
export function podAddress(zone: Zone, name: string): string | undefined {
  const match = /^(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})\.[^.]+\.pod\.(.*)$/.exec(name);
  return match && match[5] === zone.domain ? match.slice(1, 5).join('.') : undefined;
}

function addService(zone: Zone, service: Service, slices: EndpointSlice[]): void {
  const { name, namespace } = service.metadata;
  const full = `${name}.${namespace}.svc.${zone.domain}`;
  const { clusterIP, type, externalName, ports = [] } = service.spec;
  if (type === 'ExternalName') {
    if (externalName) recordsOf(zone, full).alias = externalName.toLowerCase();
    return;
  }
  if (clusterIP === 'None') addHeadless(zone, full, service, slices);
  if (!clusterIP || clusterIP === 'None') return;
  addAddress(zone, full, clusterIP);
  for (const port of ports) if (port.name) addPort(zone, full, port.name, port.protocol, { target: full, port: port.port });
}

function addHeadless(zone: Zone, full: string, service: Service, slices: EndpointSlice[]): void {
  // The service exists even while nothing stands behind it.
  recordsOf(zone, full);
  const unready = service.spec.publishNotReadyAddresses === true;
  // Slices may come from anybody; only addresses of IPv4 make records.
  for (const slice of slices.filter(({ addressType }) => addressType === 'IPv4')) {
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false && !unready) continue;
      for (const address of endpoint.addresses) {
        const own = `${endpoint.hostname || address.replaceAll('.', '-')}.${full}`;
        add(recordsOf(zone, full).addresses, address);
        addAddress(zone, own, address);
        for (const port of slice.ports ?? []) {
          if (port.name && port.port) addPort(zone, full, port.name, port.protocol, { target: own, port: port.port });
        }
      }
    }
  }
}

function addPort(zone: Zone, full: string, name: string, protocol: string | undefined, target: ServiceTarget): void {
  recordsOf(zone, `_${name.toLowerCase()}._${(protocol ?? 'TCP').toLowerCase()}.${full}`).services.push(target);
}

function addAddress(zone: Zone, name: string, address: string): void {
  add(recordsOf(zone, name).addresses, address);
  const key = `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const names = zone.reverse.get(key) ?? [];
  add(names, name);
  zone.reverse.set(key, names);
}

/** Once: pods whose ports differ by name are in several slices of one service. */
function add(values: string[], value: string): void {
  if (!values.includes(value)) values.push(value);
}

/** Makes the name, and those above it as far as the domain: they exist, if only as names without records. */
function recordsOf(zone: Zone, name: string): NameRecords {
  const known = zone.names.get(name);
  if (known) return known;
  const records: NameRecords = { addresses: [], services: [] };
  zone.names.set(name, records);
  const above = name.slice(name.indexOf('.') + 1);
  if (above.length >= zone.domain.length) recordsOf(zone, above);
  return records;
}
