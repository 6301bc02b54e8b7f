// ReplicaSet: keeps a number of equal pods running.
import { defineKind } from '@berth/machinery';
import { replicaSetColumns } from '../columns/workloads.ts';
import { defaultReplicaSet } from '../defaults/workloads.ts';
import { podSpecDisabledFields } from '../disabled-fields.ts';
import type { ReplicaSet as Type } from '../generated/apps-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateReplicaSetStatus } from '../validation/workload-status.ts';
import { validateReplicaSetSpec, validateSelectorUpdate } from '../validation/workloads.ts';
import { deploymentWarnings } from '../warnings/workloads.ts';

export type ReplicaSet = Type;

export const ReplicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  scope: 'Namespaced',
  shortNames: ['rs'],
  categories: ['all'],
  schema: schemas.message('apps.v1.ReplicaSet'),
  description: 'Keeps a number of equal pods running; mostly made by a Deployment.',
  subresources: {
    status: true,
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },

  strategy: {
    prepareForCreate: (replicaSet) => {
      replicaSet.status = { replicas: 0 };
    },
  },
  disabledFields: podSpecDisabledFields('spec.template.spec'),
  defaults: defaultReplicaSet,
  validate: (replicaSet) => [
    ...validateMetadata(replicaSet, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateReplicaSetSpec(replicaSet),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateSelectorUpdate(next, old)],
  validateStatusUpdate: validateReplicaSetStatus,
  // Internally, zero and absent are one.
  completeBookmark: ({ spec }) => {
    spec.replicas = 0;
  },
  columns: replicaSetColumns,
  warnings: deploymentWarnings,
});
