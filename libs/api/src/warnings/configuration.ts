// What Kubernetes warns of in quotas, and fields of configuration kinds that are accepted and do not act yet.
import { isQuantity, parseQuantity } from '@berth/machinery';
import type { ResourceQuota, ServiceAccount } from '../generated/core-v1.types.ts';
import { idle } from './pod-spec.ts';

export function serviceAccountWarnings(account: ServiceAccount): string[] {
  const warnings: string[] = [];
  if (account.secrets?.length) warnings.push(idle('secrets'));
  return warnings;
}

/** Requests that may exceed the limits beside them. */
export function resourceQuotaWarnings({ spec }: ResourceQuota, old?: ResourceQuota): string[] {
  const hard = spec?.hard ?? {};
  if (old) return [];
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((resource) => {
    const isBareKnown = resource === 'cpu' || resource === 'memory';
    const name = hard[`requests.${resource}`] === undefined && isBareKnown ? resource : `requests.${resource}`;
    const [request = '', limit = ''] = [hard[name], hard[`limits.${resource}`]];
    if (!isQuantity(request) || !isQuantity(limit) || parseQuantity(request).compare(parseQuantity(limit)) <= 0) return [];
    return [`ResourceQuota ${name} (${parseQuantity(request)}) should be less than limits.${resource} (${parseQuantity(limit)})`];
  });
}
