// Fields of a service that are accepted and do not act yet.
import type { ServiceSpec } from '../generated/core-v1.types.ts';
import { idle } from './pod-spec.ts';

/** Kubernetes' default, which is filled in when none is given. */
const defaultStickySeconds = 10_800;

export function serviceWarnings(spec: ServiceSpec | undefined): string[] {
  if (!spec) return [];
  const warnings: string[] = [];
  const stickySeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (stickySeconds !== undefined && stickySeconds !== defaultStickySeconds) {
    warnings.push(
      idle('spec.sessionAffinityConfig.clientIP.timeoutSeconds', 'a client stays with its endpoint for as long as the endpoints do'),
    );
  }
  if (spec.type === 'LoadBalancer') warnings.push(idle('spec.type', 'Berth provisions no load balancers; the service behaves as NodePort'));
  if (spec.externalIPs?.length) warnings.push(idle('spec.externalIPs'));
  for (const key of ['loadBalancerIP', 'loadBalancerClass', 'trafficDistribution'] as const)
    if (spec[key]) warnings.push(idle(`spec.${key}`));
  if (spec.loadBalancerSourceRanges?.length) warnings.push(idle('spec.loadBalancerSourceRanges'));
  if (spec.ipFamilyPolicy === 'RequireDualStack' || spec.ipFamilyPolicy === 'PreferDualStack') {
    warnings.push(idle('spec.ipFamilyPolicy', 'Berth networks are IPv4 only'));
  }
  return warnings;
}
