// How much of a quota is used by the objects of its namespace.
import type { KubeObject } from '@berth/machinery';
import type { ResourceQuota } from '../generated/core-v1.types.ts';
import { type Amounts, add, whole } from './amounts.ts';
import { overdueAtMs } from './overdue.ts';
import { isInScope } from './scopes.ts';
import { isQuotaNameOf, quotaUsage, type Resource } from './usage.ts';

/**
 * For each name in the quota's spec.hard, as text.
 * @param objectsOf yields the objects of a kind in the quota's namespace
 * @param nowMs Unix milliseconds
 */
export function totalUsage<Kind extends Resource>(
  quota: ResourceQuota,
  kinds: Kind[],
  objectsOf: (kind: Kind) => Iterable<KubeObject>,
  nowMs: number,
): Record<string, string> {
  const names = Object.keys(quota.spec?.hard ?? {});
  const total: Amounts = new Map(names.map((name) => [name, whole(0)]));
  for (const kind of kinds) {
    if (!names.some((name) => isQuotaNameOf(kind, name))) continue;
    for (const object of objectsOf(kind)) {
      if (!isInScope(quota, kind, object) || nowMs > (overdueAtMs(kind, object) ?? nowMs)) continue;
      for (const [name, amount] of quotaUsage(kind, object)) if (total.has(name)) add(total, name, amount);
    }
  }
  return Object.fromEntries([...total].map(([name, amount]) => [name, amount.toString()]));
}
