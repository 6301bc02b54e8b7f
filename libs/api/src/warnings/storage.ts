// Fields of volumes, claims and storage classes that are accepted and do not act yet.
import type { PersistentVolume, PersistentVolumeClaim } from '../generated/core-v1.types.ts';
import type { StorageClass } from '../generated/storage-v1.types.ts';
import { idle } from './pod-spec.ts';

/** Everything in a volume's spec that acts; the rest are sources that no agent can mount. */
const actingVolumeFields = [
  'hostPath',
  'local',
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeMode',
  'nodeAffinity',
];

export function volumeWarnings({ spec }: PersistentVolume): string[] {
  const warnings = Object.keys(spec)
    .filter((key) => !actingVolumeFields.includes(key))
    .map((key) => idle(`spec.${key}`));
  if (spec.volumeMode === 'Block') warnings.push(idle('spec.volumeMode', 'Berth mounts file systems only'));
  return warnings;
}

export function claimWarnings({ spec }: PersistentVolumeClaim): string[] {
  const warnings = (['dataSource', 'dataSourceRef', 'volumeAttributesClassName'] as const)
    .filter((key) => spec[key])
    .map((key) => idle(`spec.${key}`));
  if (spec.volumeMode === 'Block') warnings.push(idle('spec.volumeMode', 'Berth mounts file systems only'));
  if (spec.resources?.limits) warnings.push(idle('spec.resources.limits'));
  return warnings;
}

export function storageClassWarnings(storageClass: StorageClass): string[] {
  return (['mountOptions', 'allowedTopologies'] as const).filter((key) => storageClass[key]?.length).map((key) => idle(key));
}
