// `kubectl get resourcequotas`: how much of each resource is used, requests and limits apart.
import type { Column } from '@berth/machinery';
import type { ResourceQuota } from '../generated/core-v1.types.ts';
import { ageColumn, nameColumn, text } from './column.ts';

export const resourceQuotaColumns: Column<ResourceQuota>[] = [
  nameColumn(),
  text('Request', 'What is used and allowed of everything but limits', (quota) => usage(quota, false)),
  text('Limit', 'What is used and allowed of limits', (quota) => usage(quota, true)),
  ageColumn(),
];

function usage({ status }: ResourceQuota, ofLimits: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === ofLimits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}
