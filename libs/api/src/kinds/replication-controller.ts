// ReplicationController: keeps a number of equal pods running; ReplicaSet’s predecessor.
import { defineKind } from '@berth/machinery';
import { replicationControllerColumns } from '../columns/workloads.ts';
import { defaultReplicationController } from '../defaults/workloads.ts';
import { podSpecDisabledFields } from '../disabled-fields.ts';
import type { ReplicationController as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { longName } from '../validation/names.ts';
import { validateReplicationControllerSpec } from '../validation/replication-controller.ts';
import { validateReplicaSetStatus } from '../validation/workload-status.ts';
import { replicationControllerWarnings } from '../warnings/workloads.ts';

export type ReplicationController = Type;

export const ReplicationController = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  scope: 'Namespaced',
  shortNames: ['rc'],
  categories: ['all'],
  schema: schemas.message('core.v1.ReplicationController'),
  description: 'Keeps a number of equal pods running; ReplicaSet and Deployment have taken its place.',
  subresources: {
    status: true,
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector', selectsByLabels: true },
  },

  strategy: {
    hasGeneration: true,
    // As in v1, without a warning.
    orphansUnlessAsked: '',
    prepareForCreate: (controller) => {
      controller.status = { replicas: 0 };
    },
  },
  disabledFields: podSpecDisabledFields('spec.template.spec'),
  defaults: defaultReplicationController,
  validate: (controller) => [
    ...validateMetadata(controller, { scope: 'Namespaced', name: longName, anyGenerateName: true }),
    ...validateReplicationControllerSpec(controller),
  ],
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateReplicaSetStatus,
  columns: replicationControllerColumns,
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  warnings: replicationControllerWarnings,
});
