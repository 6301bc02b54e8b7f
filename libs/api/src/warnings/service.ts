// Fields of a service that are accepted and do not act yet.
import type { ServiceSpec } from '../generated/core-v1.types.ts';
import { idle } from './pod-spec.ts';

export function serviceWarnings(spec: ServiceSpec | undefined): string[] {
  if (!spec) return [];
  const warnings: string[] = [];
  if (spec.sessionAffinity && spec.sessionAffinity !== 'None') warnings.push(idle('spec.sessionAffinity'));
  if (spec.type === 'LoadBalancer') warnings.push(idle('spec.type', 'Berth provisions no load balancers; the service behaves as NodePort'));
  if (spec.externalIPs?.length) warnings.push(idle('spec.externalIPs'));
  for (const key of ['loadBalancerIP', 'loadBalancerClass', 'trafficDistribution'] as const)
    if (spec[key]) warnings.push(idle(`spec.${key}`));
  if (spec.loadBalancerSourceRanges?.length) warnings.push(idle('spec.loadBalancerSourceRanges'));
  for (const key of ['externalTrafficPolicy', 'internalTrafficPolicy'] as const) {
    if (spec[key] === 'Local') warnings.push(idle(`spec.${key}`, 'Berth routes to endpoints on every node whatever the policy'));
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack' || spec.ipFamilyPolicy === 'PreferDualStack') {
    warnings.push(idle('spec.ipFamilyPolicy', 'Berth networks are IPv4 only'));
  }
  return warnings;
}
