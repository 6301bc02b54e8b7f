// PriorityClass: a name for how important pods are.
import { defineKind } from '@berth/machinery';
import { priorityClassColumns } from '../columns/scheduling.ts';
import type { PriorityClass as Type } from '../generated/scheduling-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validatePriorityClassFields, validatePriorityClassUpdate } from '../validation/priority-class.ts';

export type PriorityClass = Type;

export const PriorityClass = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  scope: 'Cluster',
  shortNames: ['pc'],
  schema: schemas.message('scheduling.v1.PriorityClass'),
  description: 'A name for how much pods matter in comparison with others.',

  strategy: { hasGeneration: true, generationChanged: () => false },
  defaults: (priorityClass) => {
    priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  // What may not change is not looked at again.
  validate: (object, old) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
    ...(old ? [] : validatePriorityClassFields(object)),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validatePriorityClassUpdate(next, old)],
  columns: priorityClassColumns,
});
