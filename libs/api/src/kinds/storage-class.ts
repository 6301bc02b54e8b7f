// StorageClass: how volumes of one class are provisioned.
import { defineKind } from '@berth/machinery';
import type { StorageClass as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';

export type StorageClass = Type;

export const StorageClass = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  scope: 'Cluster',
  shortNames: ['sc'],
  schema: schemas.message('storage.v1.StorageClass'),
});
