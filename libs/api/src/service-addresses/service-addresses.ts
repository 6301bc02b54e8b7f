// What API server and controllers must agree on about addresses of services (KEP-1880): how an IPAddress says whose it is,
// and which ranges a ServiceCIDR gives them.
import type { Service } from '../generated/core-v1.types.ts';
import type { IPAddress, ServiceCIDR } from '../generated/networking-v1.types.ts';
import { holdsHost, type Ipv4Range, ipv4Range, parseIpv4 } from './ipv4.ts';

export const serviceCidrFinalizer = 'networking.k8s.io/service-cidr-finalizer';
/** The range that the API server makes of its own configuration. */
export const defaultServiceCidrName = 'kubernetes';

export const serviceAddressLabels = {
  'ipaddress.kubernetes.io/ip-family': 'IPv4',
  'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
} as const;

/** The object that reserves an address for a service. */
export function serviceAddress(address: string, holder: { namespace?: string | undefined; name: string }): IPAddress {
  const { namespace = '', name } = holder;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name: address, labels: { ...serviceAddressLabels } },
    // The empty group of services is left out of JSON.
    spec: { parentRef: { resource: 'services', namespace, name } },
  };
}

/** `namespace/name` of the service that it says it is held by; undefined when it refers to something else. */
export function serviceOfAddress({ spec }: IPAddress): string | undefined {
  const { group, resource, namespace, name } = spec.parentRef ?? {};
  return !group && resource === 'services' ? `${namespace}/${name}` : undefined;
}

/** Whether it was made for a service, and not by hand for something else. */
export function isServiceAddress({ metadata }: IPAddress): boolean {
  return metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === serviceAddressLabels['ipaddress.kubernetes.io/managed-by'];
}

/** Undefined for services without one: headless ones, and names for something outside. */
export function clusterAddress({ spec }: Pick<Service, 'spec'>): string | undefined {
  return spec.type !== 'ExternalName' && spec.clusterIP && spec.clusterIP !== 'None' ? spec.clusterIP : undefined;
}

/** Its ranges; those of IPv6 are not used. */
export function rangesOf({ spec }: ServiceCIDR): Ipv4Range[] {
  return (spec?.cidrs ?? []).flatMap((cidr) => ipv4Range(cidr) ?? []);
}

export function rangeHolds(range: ServiceCIDR, address: string): boolean {
  const value = parseIpv4(address);
  return value !== undefined && rangesOf(range).some((one) => holdsHost(one, value));
}

/** Whether addresses may be taken from it. One that nobody has judged yet counts as ready, as where no controllers run. */
export function isReadyRange({ metadata, status }: ServiceCIDR): boolean {
  if (metadata.deletionTimestamp) return false;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return !ready || ready.status === 'True';
}
