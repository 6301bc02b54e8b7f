// VolumeAttributesClass: attributes of a volume that can change while it is used.
import { defineKind } from '@berth/machinery';
import { attributesClassColumns } from '../columns/csi.ts';
import type { VolumeAttributesClass as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateAttributesClassFields, validateAttributesClassUpdate } from '../validation/csi.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type VolumeAttributesClass = Type;

export const VolumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  scope: 'Cluster',
  shortNames: ['vac'],
  schema: schemas.message('storage.v1.VolumeAttributesClass'),
  description: 'Properties of volumes that can be changed while they are used.',

  strategy: { returnsDeleted: true },
  validate: (object) => [...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }), ...validateAttributesClassFields(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateAttributesClassUpdate(next, old)],
  columns: attributesClassColumns,
});
