// Addresses beside the cluster's own under which a service is reached at its ports: those of its load balancer, and those that it names
// itself. Pure. They may come from anybody: what is no IPv4 is left out, or the rules of all services would be refused for it.
import { isIPv4 } from 'node:net';
import type { Service } from '@berth/api';

export interface OutsideAddress {
  address: string;
  /** Ranges of those who may come through it; absent: everybody. */
  sources?: string[];
}

/** Where the field is absent, as balancers of clouds read it (k8s.io/cloud-provider, service/helpers). */
const sourceRangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export function outsideAddresses({ metadata, spec, status }: Service): OutsideAddress[] {
  const { type, externalIPs = [], loadBalancerSourceRanges = [] } = spec;
  const ingress = type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : [];
  const annotated = (metadata.annotations?.[sourceRangesAnnotation] ?? '').split(',').filter((range) => range.trim() !== '');
  const ranges = (loadBalancerSourceRanges.length > 0 ? loadBalancerSourceRanges : annotated).map((range) => range.trim());
  const sources = ranges.length > 0 ? { sources: ranges.filter(isIPv4Range) } : {};
  const found = new Map<string, OutsideAddress>();
  // With the mode Proxy, packets come from the balancer to node ports, under other addresses.
  for (const { ip = '', ipMode } of ingress) if (isIPv4(ip) && ipMode !== 'Proxy') found.set(ip, { address: ip, ...sources });
  for (const address of externalIPs) if (isIPv4(address)) found.set(address, { address });
  return [...found.values()];
}

function isIPv4Range(range: string): boolean {
  const [address = '', length = ''] = range.split('/');
  return isIPv4(address) && /^([0-9]|[12][0-9]|3[0-2])$/.test(length);
}
