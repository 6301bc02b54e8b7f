// `kubectl get priorityclasses` and `runtimeclasses`.
import type { Column } from '@berth/machinery';
import type { RuntimeClass } from '../generated/node-v1.types.ts';
import type { PriorityClass } from '../generated/scheduling-v1.types.ts';
import { ageColumn, count, flag, nameColumn, text } from './column.ts';

export const priorityClassColumns: Column<PriorityClass>[] = [
  nameColumn(),
  count('Value', 'Priority of its pods', ({ value }) => value),
  flag('Global-Default', 'Whether pods without a class belong to it', ({ globalDefault }) => globalDefault),
  ageColumn(),
  text('PreemptionPolicy', 'Whether its pods may push out others', ({ preemptionPolicy }) => preemptionPolicy),
];

export const runtimeClassColumns: Column<RuntimeClass>[] = [
  nameColumn(),
  text('Handler', 'What runs its containers', ({ handler }) => handler),
  ageColumn(),
];
