// StorageClass: how volumes of one class are provisioned.
import { defineKind } from '@berth/machinery';
import { storageClassColumns } from '../columns/storage.ts';
import type { StorageClass as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateStorageClassFields, validateStorageClassUpdate } from '../validation/storage-class.ts';
import { storageClassWarnings } from '../warnings/storage.ts';

export type StorageClass = Type;

export const StorageClass = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  scope: 'Cluster',
  shortNames: ['sc'],
  schema: schemas.message('storage.v1.StorageClass'),
  description: 'A sort of storage that claims can ask for, and how volumes of it are made.',

  strategy: { returnsDeleted: true },
  defaults: (storageClass) => {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validate: (storageClass) => [
    ...validateMetadata(storageClass, { scope: 'Cluster', name: dnsSubdomain }),
    ...validateStorageClassFields(storageClass),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateStorageClassUpdate(next, old)],
  columns: storageClassColumns,
  warnings: storageClassWarnings,
});
