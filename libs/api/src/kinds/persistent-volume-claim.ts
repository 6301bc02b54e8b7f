// PersistentVolumeClaim: a request for a persistent volume.
import { defineKind } from '@berth/machinery';
import type { PersistentVolumeClaim as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type PersistentVolumeClaim = Type;

export const PersistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  scope: 'Namespaced',
  shortNames: ['pvc'],
  schema: schemas.message('core.v1.PersistentVolumeClaim'),
  subresources: { status: true },
});
