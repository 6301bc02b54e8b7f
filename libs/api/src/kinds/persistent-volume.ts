// PersistentVolume: storage that outlives pods.
import { defineKind } from '@berth/machinery';
import { volumeColumns } from '../columns/storage.ts';
import { defaultVolumeSource } from '../defaults/volume-source.ts';
import type { PersistentVolume as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateVolumeSpec, validateVolumeUpdate } from '../validation/persistent-volume.ts';
import { volumeWarnings } from '../warnings/storage.ts';

export type PersistentVolume = Type;

export const PersistentVolume = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  scope: 'Cluster',
  shortNames: ['pv'],
  schema: schemas.message('core.v1.PersistentVolume'),
  description: 'A piece of storage that outlives pods; made by somebody or on demand, and bound to one claim.',
  subresources: { status: true },

  strategy: {
    returnsDeleted: true,
    prepareForCreate: (volume) => {
      volume.status = { phase: 'Pending', lastPhaseTransitionTime: volume.metadata.creationTimestamp };
    },
    prepareForStatusUpdate: (next, old, now) => {
      const isSamePhase = next.status?.phase === old.status?.phase;
      const before = old.status?.lastPhaseTransitionTime;
      const given = next.status?.lastPhaseTransitionTime;
      if (isSamePhase && !given && before) next.status = { ...next.status, lastPhaseTransitionTime: before };
      if (!isSamePhase && (!given || given === before)) next.status = { ...next.status, lastPhaseTransitionTime: now };
    },
    generationChanged: () => false,
  },
  defaults: (volume) => {
    volume.spec ??= {};
    volume.spec.persistentVolumeReclaimPolicy ||= 'Retain';
    volume.spec.volumeMode ??= 'Filesystem';
    defaultVolumeSource(volume.spec);
  },
  validate: (volume) => [...validateMetadata(volume, { scope: 'Cluster', name: dnsSubdomain }), ...validateVolumeSpec(volume)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateVolumeUpdate(next, old)],
  columns: volumeColumns,
  warnings: volumeWarnings,
});
