// `kubectl get deployment web --subresource=scale`.
import type { Column } from '@berth/machinery';
import type { Scale } from '../generated/autoscaling-v1.types.ts';
import { ageColumn, count, nameColumn } from './column.ts';

export const scaleColumns: Column<Scale>[] = [
  nameColumn(),
  count('Desired', 'Replicas that are wanted', ({ spec }) => spec?.replicas),
  count('Available', 'Replicas that there are', ({ status }) => status?.replicas),
  ageColumn(),
];
