// What Kubernetes warns of in a service, and fields that are accepted and do not act yet.
import type { Service, ServiceSpec } from '../generated/core-v1.types.ts';
import { addressWarnings, cidrWarnings } from '../validation/legacy-ip.ts';
import { idle } from './pod-spec.ts';

const topologyHints = 'service.kubernetes.io/topology-aware-hints';
const topologyMode = 'service.kubernetes.io/topology-mode';

export function serviceWarnings({ metadata, spec }: Service): string[] {
  const hints = `annotation ${topologyHints} is deprecated, please use ${topologyMode} instead`;
  if (!spec) return [];
  return [...(metadata.annotations?.[topologyHints] === undefined ? [] : [hints]), ...deprecations(spec), ...idleFields(spec)];
}

function deprecations(spec: ServiceSpec): string[] {
  const { type, clusterIP, clusterIPs = [], externalIPs = [], loadBalancerIP, trafficDistribution } = spec;
  const warnings: string[] = [];
  if (clusterIP && clusterIP !== 'None')
    warnings.push(...clusterIPs.flatMap((ip, index) => addressWarnings(ip, `spec.clusterIPs[${index}]`)));
  if (type === 'ClusterIP' && clusterIP === 'None') {
    if (loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  warnings.push(...externalIPs.flatMap((ip, index) => addressWarnings(ip, `spec.externalIPs[${index}]`)));
  if (loadBalancerIP) warnings.push(...addressWarnings(loadBalancerIP, 'spec.loadBalancerIP'));
  warnings.push(
    ...(spec.loadBalancerSourceRanges ?? []).flatMap((range, index) => cidrWarnings(range, `spec.loadBalancerSourceRanges[${index}]`)),
  );
  if (type === 'ExternalName' && externalIPs.length > 0) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== 'ExternalName' && spec.externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (trafficDistribution === 'PreferClose') warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}

function idleFields(spec: ServiceSpec): string[] {
  const warnings: string[] = [];
  // A headless service without a selector has both families unless it says otherwise, and no addresses.
  const isFree = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  if (!isFree && (spec.ipFamilyPolicy === 'RequireDualStack' || spec.ipFamilyPolicy === 'PreferDualStack')) {
    warnings.push(idle('spec.ipFamilyPolicy', 'Berth networks are IPv4 only'));
  }
  return warnings;
}
