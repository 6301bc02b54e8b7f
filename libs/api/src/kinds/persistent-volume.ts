// PersistentVolume: storage that outlives pods.
import { defineKind } from '@berth/machinery';
import type { PersistentVolume as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type PersistentVolume = Type;

export const PersistentVolume = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  scope: 'Cluster',
  shortNames: ['pv'],
  schema: schemas.message('core.v1.PersistentVolume'),
  subresources: { status: true },
});
