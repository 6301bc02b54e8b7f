// `kubectl get services`, `endpoints` and `endpointslices`.
import type { Column } from '@berth/machinery';
import type { Endpoints, Service } from '../generated/core-v1.types.ts';
import type { EndpointSlice } from '../generated/discovery-v1.types.ts';
import { ageColumn, labelText, nameColumn, none, text, unknown, wide } from './column.ts';

const shownMax = 3;

export const serviceColumns: Column<Service>[] = [
  nameColumn(),
  text('Type', 'How the service is exposed', ({ spec }) => spec.type),
  text('Cluster-IP', 'Address within the cluster', ({ spec }) => spec.clusterIPs?.[0] || spec.clusterIP || none),
  text('External-IP', 'Addresses from outside', externalIp),
  text('Port(s)', 'Ports, with their node ports', ports),
  ageColumn(),
  wide(text('Selector', 'Labels of the pods behind it', ({ spec }) => labelText(spec.selector))),
];

function externalIp({ spec, status }: Service): string {
  if (!spec.type) return unknown;
  const given = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return given.join(',') || none;
  const ingress = (status?.loadBalancer?.ingress ?? []).map((entry) => entry.ip || entry.hostname || '').filter(Boolean);
  return [...ingress, ...given].join(',') || '<pending>';
}

function ports({ spec }: Service): string {
  const list = spec.ports ?? [];
  return list.map((port) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol}`).join(',') || none;
}

export const endpointsColumns: Column<Endpoints>[] = [
  nameColumn(),
  text('Endpoints', 'Addresses that are ready, with their ports', endpoints),
  ageColumn(),
];

function endpoints({ subsets }: Endpoints): string {
  const all = (subsets ?? []).flatMap((subset) => {
    const ips = (subset.addresses ?? []).map((address) => address.ip ?? '');
    const numbers = subset.ports ?? [];
    if (numbers.length === 0) return ips;
    return numbers.flatMap((port) => ips.map((ip) => (ip.includes(':') ? `[${ip}]:${port.port}` : `${ip}:${port.port}`)));
  });
  return shorten(all, none);
}

/** The first three, and how many more there are. */
function shorten(all: string[], empty: string): string {
  if (all.length === 0) return empty;
  const more = all.length > shownMax ? ` + ${all.length - shownMax} more...` : '';
  return all.slice(0, shownMax).join(',') + more;
}

export const endpointSliceColumns: Column<EndpointSlice>[] = [
  nameColumn(),
  text('AddressType', 'Kind of its addresses', ({ addressType }) => addressType),
  text('Ports', 'Ports of every endpoint', slicePorts),
  text('Endpoints', 'Addresses, ready or not', (slice) =>
    shorten(
      (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []),
      '<unset>',
    ),
  ),
  ageColumn(),
];

function slicePorts(slice: EndpointSlice): string {
  const all = (slice.ports ?? []).map((port) => (port.port === undefined ? (port.name ?? '*') : String(port.port)));
  return shorten(all, '<unset>');
}
