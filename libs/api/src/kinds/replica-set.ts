// ReplicaSet: keeps a number of equal pods running.
import { defineKind } from '@berth/machinery';
import type { ReplicaSet as Type } from '../generated/apps-v1.types.ts';
import { schemas } from '../schemas.ts';

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
  subresources: {
    status: true,
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },
});
