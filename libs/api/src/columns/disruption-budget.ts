// `kubectl get poddisruptionbudgets`.
import type { Column } from '@berth/machinery';
import type { PodDisruptionBudget } from '../generated/policy-v1.types.ts';
import { ageColumn, count, nameColumn, text } from './column.ts';

export const disruptionBudgetColumns: Column<PodDisruptionBudget>[] = [
  nameColumn(),
  text('Min Available', 'Pods that must stay available', ({ spec }) => bound(spec?.minAvailable)),
  text('Max Unavailable', 'Pods that may be unavailable', ({ spec }) => bound(spec?.maxUnavailable)),
  count('Allowed Disruptions', 'Pods that may be evicted now', ({ status }) => status?.disruptionsAllowed),
  ageColumn(),
];

function bound(value: number | string | undefined): string {
  return value === undefined ? 'N/A' : String(value);
}
