// `kubectl get` of persistent volumes, claims and storage classes.
import type { Column } from '@berth/machinery';
import type { PersistentVolume, PersistentVolumeClaim } from '../generated/core-v1.types.ts';
import type { StorageClass } from '../generated/storage-v1.types.ts';
import { storageClassNameOf } from '../storage-class-name.ts';
import { ageColumn, nameColumn, text, wide } from './column.ts';

const unset = '<unset>';
const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class';
const shortModes: [string, string][] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** `RWO,ROX`, always in the same order. */
function accessModes(modes: string[] | undefined): string {
  return shortModes
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

export const volumeColumns: Column<PersistentVolume>[] = [
  nameColumn(),
  text('Capacity', 'Size of the volume', ({ spec }) => spec.capacity?.storage ?? '0'),
  text('Access Modes', 'How it can be mounted', ({ spec }) => accessModes(spec.accessModes)),
  text('Reclaim Policy', 'What happens to it when its claim is gone', ({ spec }) => spec.persistentVolumeReclaimPolicy),
  text('Status', 'Where it is in its life', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status?.phase)),
  text('Claim', 'Claim that it is bound to', ({ spec }) => (spec.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : '')),
  text('StorageClass', 'Class that it belongs to', storageClassNameOf),
  text('VolumeAttributesClass', 'Class of its attributes', ({ spec }) => spec.volumeAttributesClassName || unset),
  text('Reason', 'Why it is in this state', ({ status }) => status?.reason),
  ageColumn(),
  wide(text('VolumeMode', 'File system or block device', ({ spec }) => spec.volumeMode || unset)),
];

export const claimColumns: Column<PersistentVolumeClaim>[] = [
  nameColumn(),
  text('Status', 'Whether it is bound to a volume', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status?.phase)),
  text('Volume', 'Volume that it is bound to', ({ spec }) => spec.volumeName),
  text('Capacity', 'Size of the bound volume', ({ spec, status }) => (spec.volumeName ? (status?.capacity?.storage ?? '0') : '')),
  text('Access Modes', 'How the bound volume can be mounted', ({ spec, status }) =>
    spec.volumeName ? accessModes(status?.accessModes) : '',
  ),
  text('StorageClass', 'Class that it asks for', storageClassNameOf),
  text('VolumeAttributesClass', 'Class of its attributes', ({ spec }) => spec.volumeAttributesClassName || unset),
  ageColumn(),
  wide(text('VolumeMode', 'File system or block device', ({ spec }) => spec.volumeMode || unset)),
];

export const storageClassColumns: Column<StorageClass>[] = [
  { ...nameColumn<StorageClass>(), value: className },
  text('Provisioner', 'What makes its volumes', ({ provisioner }) => provisioner),
  text('ReclaimPolicy', 'What happens to its volumes when their claims are gone', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
  text('VolumeBindingMode', 'When claims are bound', ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate'),
  {
    name: 'AllowVolumeExpansion',
    type: 'string',
    description: 'Whether its claims may grow',
    value: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
  },
  ageColumn(),
];

function className({ metadata }: StorageClass): string {
  return metadata.annotations?.[defaultClassAnnotation] === 'true' ? `${metadata.name} (default)` : metadata.name;
}
