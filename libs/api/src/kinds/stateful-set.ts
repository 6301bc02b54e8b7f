// StatefulSet: pods with names and volumes that stay theirs.
import { defineKind } from '@berth/machinery';
import { statefulSetColumns } from '../columns/workloads.ts';
import { defaultStatefulSet } from '../defaults/workloads.ts';
import { statefulSetDisabledFields } from '../disabled-fields.ts';
import type { StatefulSet as Type } from '../generated/apps-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsLabel } from '../validation/names.ts';
import { validateStatefulSetSpec, validateStatefulSetUpdate } from '../validation/stateful-set.ts';
import { validateStatefulSetStatus } from '../validation/workload-status.ts';
import { statefulSetWarnings } from '../warnings/workloads.ts';

export type StatefulSet = Type;

export const StatefulSet = defineKind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  scope: 'Namespaced',
  shortNames: ['sts'],
  categories: ['all'],
  schema: schemas.message('apps.v1.StatefulSet'),
  description: 'Runs pods that have lasting names and storage, started and replaced in order.',
  subresources: {
    status: true,
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },

  strategy: {
    prepareForCreate: (statefulSet) => {
      statefulSet.status = { replicas: 0 };
    },
  },
  disabledFields: statefulSetDisabledFields,
  defaults: defaultStatefulSet,
  // Pods are named after it.
  validate: (statefulSet, old) => [
    ...validateMetadata(statefulSet, { scope: 'Namespaced', name: dnsLabel }),
    ...validateStatefulSetSpec(statefulSet, old),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateStatefulSetUpdate(next, old)],
  validateStatusUpdate: validateStatefulSetStatus,
  // Internally, zero and absent are one.
  completeBookmark: ({ spec }) => {
    spec.replicas = 0;
  },
  columns: statefulSetColumns,
  warnings: statefulSetWarnings,
});
