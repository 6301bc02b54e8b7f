// Which endpoints stand behind a port of a service. Pure. Slices may come from anybody: an address that is none of IPv4 is left out, or the
// rules of all services would be refused for it.
import { isIPv4 } from 'node:net';
import type { EndpointSlice, Service, ServicePort } from '@berth/api';

const serviceLabel = 'kubernetes.io/service-name';

export interface Endpoint {
  address: string;
  port: number;
}

export function endpointText({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

type SlicesByService = Map<string, EndpointSlice[]>;
type SliceEndpoint = NonNullable<EndpointSlice['endpoints']>[number];

export function slicesByService(slices: EndpointSlice[]): SlicesByService {
  return Map.groupBy(slices, serviceOfSlice);
}

/** As `namespace/name`. */
export function serviceOfSlice({ metadata: { namespace, labels } }: EndpointSlice): string {
  return `${namespace}/${labels?.[serviceLabel] ?? ''}`;
}

export function slicesOf(slices: SlicesByService, { metadata: { namespace, name } }: Service): EndpointSlice[] {
  return slices.get(`${namespace}/${name}`) ?? [];
}

/** Ready ones; when there are none, those that still serve while they end (KEP-1669). */
export function endpointsOf(port: ServicePort, slices: EndpointSlice[], onlyNode: string | undefined): Endpoint[] {
  const candidates = candidatesOf(port, slices).filter(({ endpoint }) => onlyNode === undefined || endpoint.nodeName === onlyNode);
  const ready = candidates.filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  const serving = candidates.filter(({ endpoint }) => endpoint.conditions?.serving && endpoint.conditions.terminating);
  return addressesOf(ready.length > 0 ? ready : serving);
}

/** This node, as hints name it. */
export interface Place {
  nodeName: string;
  /** Absent where the node has no label that says so. */
  zone: string | undefined;
}

/**
 * Of all nodes, those that hints keep for this place: for its node, else for its zone. Hints count when every ready endpoint has them and
 * some are for this place; else all endpoints do (kube-proxy, pkg/proxy/topology.go).
 */
export function endpointsNear(port: ServicePort, slices: EndpointSlice[], { nodeName, zone }: Place): Endpoint[] {
  const ready = candidatesOf(port, slices).filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  const kept = (names: (endpoint: SliceEndpoint) => string[], own: string | undefined) => {
    const isHinted = ready.every(({ endpoint }) => names(endpoint).length > 0);
    return isHinted && own ? ready.filter(({ endpoint }) => names(endpoint).includes(own)) : [];
  };
  const here = kept(({ hints }) => (hints?.forNodes ?? []).map(({ name }) => name), nodeName);
  const near = here.length > 0 ? here : kept(({ hints }) => (hints?.forZones ?? []).map(({ name }) => name), zone);
  return near.length > 0 ? addressesOf(near) : endpointsOf(port, slices, undefined);
}

/** All that serve, whether they end or not: flows that have begun may go on to these. */
export function servingEndpointsOf(port: ServicePort, slices: EndpointSlice[]): Endpoint[] {
  return addressesOf(
    candidatesOf(port, slices).filter(({ endpoint: { conditions } }) => (conditions?.serving ?? conditions?.ready) !== false),
  );
}

function candidatesOf(port: ServicePort, slices: EndpointSlice[]): { endpoint: SliceEndpoint; number: number }[] {
  return slices.flatMap((slice) => {
    if (slice.addressType !== 'IPv4') return [];
    const match = slice.ports?.find((p) => (p.name ?? '') === (port.name ?? '') && (p.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
    if (!match?.port) return [];
    const number = match.port;
    return (slice.endpoints ?? []).map((endpoint) => ({ endpoint, number }));
  });
}

function addressesOf(chosen: { endpoint: SliceEndpoint; number: number }[]): Endpoint[] {
  const endpoints = chosen.flatMap(({ endpoint, number }) => endpoint.addresses.map((address) => ({ address, port: number })));
  const distinct = new Map(endpoints.filter(({ address }) => isIPv4(address)).map((each) => [endpointText(each), each]));
  return [...distinct.values()].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port));
}
