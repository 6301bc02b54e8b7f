// VolumeAttachment: asks for a volume to be attached to a node.
import { defineKind, statusMetadata } from '@berth/machinery';
import { attachmentColumns } from '../columns/csi.ts';
import { defaultVolumeSource } from '../defaults/volume-source.ts';
import type { VolumeAttachment as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateAttachmentFields, validateAttachmentStatus, validateAttachmentUpdate } from '../validation/csi.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type VolumeAttachment = Type;

export const VolumeAttachment = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  scope: 'Cluster',
  schema: schemas.message('storage.v1.VolumeAttachment'),
  description: 'Asks for a volume to be attached to a node, and says whether it is.',
  subresources: {
    status: true,
  },

  strategy: {
    requiresVersion: true,
    returnsDeleted: true,
    hasGeneration: false,
    statusKeeps: statusMetadata,
  },
  defaults: ({ spec }) => {
    if (spec?.source?.inlineVolumeSpec) defaultVolumeSource(spec.source.inlineVolumeSpec);
  },
  validate: (object, old) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
    ...validateAttachmentFields(object, old === undefined),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateAttachmentUpdate(next, old)],
  validateStatusUpdate: validateAttachmentStatus,
  columns: attachmentColumns,
});
