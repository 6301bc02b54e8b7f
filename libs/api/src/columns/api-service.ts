// `kubectl get apiservices`.
import type { Column } from '@berth/machinery';
import type { APIService } from '../generated/apiregistration-v1.types.ts';
import { ageColumn, nameColumn, text } from './column.ts';

export const apiServiceColumns: Column<APIService>[] = [
  nameColumn(),
  text('Service', 'Service that answers for it, or Local', ({ spec }) =>
    spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local',
  ),
  text('Available', 'Whether it can be asked for', available),
  ageColumn(),
];

function available({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status !== 'True' && condition.reason ? `${condition.status} (${condition.reason})` : condition.status;
}
