// ReplicationController: keeps a number of equal pods running; ReplicaSet’s predecessor.
import { defineKind } from '@berth/machinery';
import { ageColumn, nameColumn } from '../columns/column.ts';
import type { ReplicationController as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { idleKind } from '../warnings/idle-kind.ts';

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
  subresources: {
    status: true,
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },

  validate: (object) => validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }),
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), ageColumn()],
  warnings: () => idleKind('replicationcontrollers'),
});
