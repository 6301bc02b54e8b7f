// VolumeAttachment: asks for a volume to be attached to a node.
import { defineKind } from '@berth/machinery';
import { ageColumn, nameColumn } from '../columns/column.ts';
import type { VolumeAttachment as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { idleKind } from '../warnings/idle-kind.ts';

export type VolumeAttachment = Type;

export const VolumeAttachment = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  scope: 'Cluster',
  schema: schemas.message('storage.v1.VolumeAttachment'),
  subresources: {
    status: true,
  },

  validate: (object) => validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), ageColumn()],
  warnings: () => idleKind('volumeattachments'),
});
