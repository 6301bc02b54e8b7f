// CSIStorageCapacity: how much a CSI driver can still provide in one place.
import { defineKind } from '@berth/machinery';
import type { CSIStorageCapacity as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateStorageCapacityFields, validateStorageCapacityUpdate } from '../validation/csi.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { storageCapacityWarnings } from '../warnings/storage.ts';

export type CSIStorageCapacity = Type;

export const CSIStorageCapacity = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  scope: 'Namespaced',
  schema: schemas.message('storage.v1.CSIStorageCapacity'),
  description: 'How much storage of a class there is for a set of nodes.',

  strategy: { requiresVersion: true },
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateStorageCapacityFields(object),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateStorageCapacityUpdate(next, old)],
  warnings: storageCapacityWarnings,
});
