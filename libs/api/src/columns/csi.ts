// `kubectl get` of what storage drivers write and read.
import type { Column } from '@berth/machinery';
import type { CSIDriver, CSINode, VolumeAttachment, VolumeAttributesClass } from '../generated/storage-v1.types.ts';
import { ageColumn, count, flag, nameColumn, none, text } from './column.ts';

const unset = '<unset>';
const defaultAttributesAnnotation = 'volumeattributesclass.alpha.kubernetes.io/is-default-class';

export const csiDriverColumns: Column<CSIDriver>[] = [
  nameColumn(),
  flag('AttachRequired', 'Whether volumes are attached before they are mounted', ({ spec }) => spec?.attachRequired ?? true),
  flag('PodInfoOnMount', 'Whether it is told about the pod', ({ spec }) => spec?.podInfoOnMount),
  flag('StorageCapacity', 'Whether it says how much room there is', ({ spec }) => spec?.storageCapacity),
  text('TokenRequests', 'Audiences of the tokens that it gets', ({ spec }) =>
    spec?.tokenRequests ? spec.tokenRequests.map(({ audience }) => audience ?? '').join(',') : unset,
  ),
  flag('RequiresRepublish', 'Whether it is called again and again', ({ spec }) => spec?.requiresRepublish),
  text('Modes', 'Lives that its volumes can have', ({ spec }) => spec?.volumeLifecycleModes?.join(',') || none),
  ageColumn(),
];

export const csiNodeColumns: Column<CSINode>[] = [
  nameColumn(),
  count('Drivers', 'How many drivers the node has', ({ spec }) => spec?.drivers?.length),
  ageColumn(),
];

export const attachmentColumns: Column<VolumeAttachment>[] = [
  nameColumn(),
  { ...text<VolumeAttachment>('Attacher', 'Driver that attaches', ({ spec }) => spec?.attacher), format: 'name' },
  text('PV', 'Volume that is attached', ({ spec }) => spec?.source?.persistentVolumeName),
  text('Node', 'Node that it is attached to', ({ spec }) => spec?.nodeName),
  flag('Attached', 'Whether it is', ({ status }) => status?.attached),
  ageColumn(),
];

export const attributesClassColumns: Column<VolumeAttributesClass>[] = [
  {
    ...nameColumn<VolumeAttributesClass>(),
    value: ({ metadata }) =>
      metadata.annotations?.[defaultAttributesAnnotation] === 'true' ? `${metadata.name} (default)` : metadata.name,
  },
  text('DriverName', 'Driver that gives volumes these attributes', ({ driverName }) => driverName),
  ageColumn(),
];
