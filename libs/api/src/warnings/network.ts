// What Kubernetes warns of in endpoints and network policies: deprecated forms of addresses and ranges.
import type { Endpoints, Node, Pod, Service } from '../generated/core-v1.types.ts';
import type { EndpointSlice } from '../generated/discovery-v1.types.ts';
import type { Ingress, NetworkPolicy, NetworkPolicyPeer } from '../generated/networking-v1.types.ts';
import { addressWarnings, cidrWarnings } from '../validation/legacy-ip.ts';

/** What these controllers write is in order. */
const sliceControllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];
const endpointsController = 'endpoint-controller';

/** Of the status of a service or an ingress. */
export function loadBalancerStatusWarnings({ status }: Pick<Service | Ingress, 'status'>): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, index) =>
    ip ? addressWarnings(ip, `status.loadBalancer.ingress[${index}]`) : [],
  );
}

export function podStatusWarnings({ status }: Pod): string[] {
  return (['podIPs', 'hostIPs'] as const).flatMap((list) =>
    (status?.[list] ?? []).flatMap(({ ip }, index) => addressWarnings(ip, `status.${list}[${index}].ip`)),
  );
}

export function endpointsWarnings({ metadata, subsets = [] }: Endpoints): string[] {
  if (metadata.labels?.['endpoints.kubernetes.io/managed-by'] === endpointsController) return [];
  return subsets.flatMap((subset, at) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, index) => addressWarnings(ip, `subsets[${at}].${list}[${index}].ip`)),
    ),
  );
}

export function endpointSliceWarnings({ metadata, addressType, endpoints = [] }: EndpointSlice, old?: EndpointSlice): string[] {
  const type = !old && addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : [];
  if (sliceControllers.includes(metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '')) return type;
  const addresses = endpoints.flatMap((endpoint, at) =>
    (endpoint.addresses ?? []).flatMap((address, index) => addressWarnings(address, `endpoints[${at}].addresses[${index}]`)),
  );
  return [...type, ...addresses];
}

export function networkPolicyWarnings({ spec }: NetworkPolicy): string[] {
  const blocks = (peers: NetworkPolicyPeer[] | undefined, field: string) =>
    (peers ?? []).flatMap(({ ipBlock }, index) => [
      ...cidrWarnings(ipBlock?.cidr, `${field}[${index}].ipBlock.cidr`),
      ...(ipBlock?.except ?? []).flatMap((range, at) => cidrWarnings(range, `${field}[${index}].ipBlock.except[${at}]`)),
    ]);
  return [
    ...(spec?.ingress ?? []).flatMap(({ from }, index) => blocks(from, `spec.ingress[${index}].from`)),
    ...(spec?.egress ?? []).flatMap(({ to }, index) => blocks(to, `spec.egress[${index}].to`)),
  ];
}

export function nodeWarnings({ spec }: Node): string[] {
  return [
    ...(spec?.configSource ? ['spec.configSource: the feature is removed'] : []),
    ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ...(spec?.podCIDRs ?? []).flatMap((range, index) => cidrWarnings(range, `spec.podCIDRs[${index}]`)),
  ];
}
