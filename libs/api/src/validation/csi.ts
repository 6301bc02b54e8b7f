// What storage drivers write and read: drivers, nodes that have them, capacities, attachments and classes of attributes.
import { asGoStruct, deepEqual } from '@berth/machinery';
import type { PersistentVolumeSpec } from '../generated/core-v1.types.ts';
import type {
  CSIDriver,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  TokenRequest,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isEqual, isSame } from './changes.ts';
import {
  duplicate,
  duplicates,
  each,
  type FieldError,
  forbidden,
  immutable,
  invalid,
  invalidAll,
  nonNegative,
  notSupported,
  required,
  tooLong,
} from './errors.ts';
import { labelSelector } from './labels.ts';
import { dnsSubdomain, inRange, qualified } from './names.ts';
import { quantity } from './resources.ts';
import { volumeAccessModes } from './storage.ts';
import { classParameters } from './storage-class.ts';
import { driverName, volumeSource } from './volume-sources.ts';

const driverMessage = schemas.message('storage.v1.CSINodeDriver');
const attachmentMessage = schemas.message('storage.v1.VolumeAttachmentSpec');
const selectorMessage = schemas.message('meta.v1.LabelSelector');
const nodeIdBytesMax = 256;
const errorMessageBytesMax = 1024;
const attachmentBytesMax = 256 * 1024;
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
const updatePeriodSecondsMin = 10;

export function validateCsiDriverFields({ spec }: CSIDriver): FieldError[] {
  const modes = ['Persistent', 'Ephemeral'];
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];
  const { fsGroupPolicy: policy, nodeAllocatableUpdatePeriodSeconds: period, serviceAccountTokenInSecrets: inSecrets } = spec ?? {};
  const errors: FieldError[] = [];
  if (policy !== undefined && !policies.includes(policy)) errors.push(notSupported('spec.fsGroupPolicy', policy, policies));
  for (const mode of spec?.volumeLifecycleModes ?? []) {
    if (!modes.includes(mode)) errors.push(notSupported('spec.volumeLifecycleModes', mode, modes));
  }
  if (inSecrets !== undefined && !spec?.tokenRequests?.length) {
    const rule = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalid('spec.serviceAccountTokenInSecrets', inSecrets, rule));
  }
  if (period !== undefined && period < updatePeriodSecondsMin) {
    const rule = `must be greater than or equal to ${updatePeriodSecondsMin} seconds`;
    errors.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, rule));
  }
  return [...errors, ...tokenRequests(spec?.tokenRequests ?? [])];
}

function tokenRequests(list: TokenRequest[]): FieldError[] {
  const field = 'spec.tokenRequests';
  return [
    ...duplicates(
      list,
      ({ audience }) => `audience ${audience ?? ''}`,
      (index, { audience }) => duplicate(`${field}[${index}].audience`, audience ?? ''),
    ),
    ...each(list, field, ({ audience, expirationSeconds: seconds }, path, index) => {
      const isRepeated = list.slice(0, index).some((other) => (other.audience ?? '') === (audience ?? ''));
      if (seconds === undefined || isRepeated) return [];
      const at = `${path}.expirationSeconds`;
      if (seconds < tokenSecondsMin) return [invalid(at, seconds, 'may not specify a duration less than 10 minutes')];
      return seconds > tokenSecondsMax ? [invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
    }),
  ];
}

export function validateCsiDriverUpdate(next: CSIDriver, old: CSIDriver): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['attachRequired', 'volumeLifecycleModes'] as const) {
    const field = key === 'attachRequired' ? 'spec.attachedRequired' : `spec.${key}`;
    if (!isEqual(next.spec?.[key], old.spec?.[key])) errors.push(invalid(field, next.spec?.[key], immutable));
  }
  return errors;
}

export function validateCsiNodeSpec({ spec }: CSINode): FieldError[] {
  const drivers = spec?.drivers ?? [];
  return [
    ...each(drivers, 'spec.drivers', nodeDriver),
    ...duplicates(
      drivers,
      ({ name }) => name ?? '',
      (index, { name }) => duplicate(`spec.drivers[${index}].name`, name),
    ),
  ];
}

function nodeDriver({ name, nodeID, topologyKeys = [], allocatable }: CSINodeDriver, field: string): FieldError[] {
  const errors = driverName(name, `${field}.name`);
  if (!nodeID) errors.push(required(`${field}.nodeID`));
  else if (nodeID.length > nodeIdBytesMax) errors.push(invalid(`${field}.nodeID`, nodeID, `must be ${nodeIdBytesMax} characters or less`));
  errors.push(...nonNegative(`${field}.allocatable.count`, allocatable?.count));
  // Kubernetes names the driver, not the key.
  errors.push(...topologyKeys.flatMap((key) => [...(key ? [] : [required(field)]), ...invalidAll(field, key, qualified(key))]));
  return [
    ...errors,
    ...duplicates(
      topologyKeys,
      (key) => key,
      (_, key) => duplicate(field, key),
    ),
  ];
}

/** A driver that changes registers anew; only how many volumes it can take may change in place. */
export function validateCsiNodeUpdate(next: CSINode, old: CSINode): FieldError[] {
  const identity = (driver: CSINodeDriver) => asGoStruct(driverMessage, { ...driver, allocatable: undefined });
  return (next.spec?.drivers ?? []).flatMap((driver) => {
    const before = (old.spec?.drivers ?? []).filter(({ name }) => name === driver.name);
    const isKept = before.length === 0 || before.some((one) => isEqual(identity(driver), identity(one)));
    return isKept ? [] : [invalid('spec.drivers', identity(driver), immutable)];
  });
}

export function validateStorageCapacityFields(capacity: CSIStorageCapacity): FieldError[] {
  const { nodeTopology, storageClassName = '' } = capacity;
  const errors = invalidAll('storageClassName', storageClassName, dnsSubdomain(storageClassName));
  errors.push(...labelSelector(nodeTopology, 'nodeTopology'));
  return capacity.capacity === undefined ? errors : [...errors, ...quantity(capacity.capacity, 'capacity')];
}

export function validateStorageCapacityUpdate(next: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] {
  const errors: FieldError[] = [];
  if (!deepEqual(next.nodeTopology ?? null, old.nodeTopology ?? null)) {
    errors.push(invalid('nodeTopology', asGoStruct(selectorMessage, next.nodeTopology), immutable));
  }
  if (next.storageClassName !== old.storageClassName) errors.push(invalid('storageClassName', next.storageClassName ?? '', immutable));
  return errors;
}

/** @param isNew names are looked at once */
export function validateAttachmentFields(attachment: VolumeAttachment, isNew: boolean): FieldError[] {
  const { attacher, source, nodeName = '' } = attachment.spec ?? {};
  const errors = isNew ? driverName(attacher, 'spec.attacher') : attacher ? [] : [required('spec.attacher')];
  errors.push(...invalidAll('spec.nodeName', nodeName, dnsSubdomain(nodeName)));
  const volume = source?.persistentVolumeName;
  const rule = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (volume === undefined) {
    errors.push(...(source?.inlineVolumeSpec ? inlineVolume(source.inlineVolumeSpec) : [required('spec.source', rule)]));
  } else {
    const field = 'spec.source.persistentVolumeName';
    if (source?.inlineVolumeSpec) errors.push(forbidden('spec.source', rule));
    else if (!volume) errors.push(required(field, 'must specify non empty persistentVolumeName'));
    if (isNew) errors.push(...invalidAll(field, volume, dnsSubdomain(volume)));
  }
  return [...errors, ...validateAttachmentStatus(attachment)];
}

/** A volume within an attachment is a CSI volume, and nobody's. */
function inlineVolume(spec: PersistentVolumeSpec): FieldError[] {
  const field = 'spec.source.inlineVolumeSpec';
  const refused = (['claimRef', 'capacity', 'nodeAffinity'] as const).filter((key) =>
    key === 'capacity' ? Object.keys(spec.capacity ?? {}).length > 0 : spec[key],
  );
  const policy = spec.persistentVolumeReclaimPolicy ?? '';
  return [
    ...refused.map((key) => forbidden(`${field}.${key}`, 'may not be specified in the context of inline volumes')),
    ...(spec.csi ? [] : [required(`${field}.csi`, 'has to be specified in the context of inline volumes')]),
    ...volumeAccessModes(spec.accessModes, `${field}.accessModes`, ''),
    ...(policy === '' || policy === 'Retain'
      ? []
      : [forbidden(`${field}.persistentVolumeReclaimPolicy`, 'may only be Retain in the context of inline volumes')]),
    ...volumeSource(spec, '', field),
    ...(spec.storageClassName ? [forbidden(`${field}.storageClassName`, 'may not be specified in the context of inline volumes')] : []),
    ...(spec.volumeMode === undefined || spec.volumeMode === 'Filesystem'
      ? []
      : [forbidden(`${field}.volumeMode`, 'may not specify volumeMode other than Filesystem in the context of inline volumes')]),
  ];
}

export function validateAttachmentStatus({ status }: VolumeAttachment): FieldError[] {
  const bytes = Object.entries(status?.attachmentMetadata ?? {}).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const errors = bytes > attachmentBytesMax ? [tooLong('status.attachmentMetadata', attachmentBytesMax)] : [];
  for (const key of ['attachError', 'detachError'] as const) {
    const { message = '', errorCode: code = 0 } = status?.[key] ?? {};
    // Kubernetes names the wrong limit.
    if (message.length > errorMessageBytesMax) errors.push(tooLong(`status.${key}.message`, attachmentBytesMax));
    if (code < 0) errors.push(...invalidAll(`status.${key}.errorCode`, code, inRange(code, 0, 2 ** 31 - 1)));
  }
  return errors;
}

export function validateAttachmentUpdate(next: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  return isSame('storage.v1.VolumeAttachmentSpec', next.spec, old.spec)
    ? []
    : [invalid('spec', asGoStruct(attachmentMessage, next.spec), immutable)];
}

export function validateAttributesClassFields({ driverName: driver, parameters = {} }: VolumeAttributesClass): FieldError[] {
  const lower = driver?.toLowerCase() ?? '';
  const errors = lower ? invalidAll('driverName', lower, qualified(lower)) : [required('driverName')];
  errors.push(...classParameters(parameters));
  const isEmpty = Object.keys(parameters).length === 0;
  return isEmpty ? [...errors, required('parameters', 'must contain at least one key/value pair')] : errors;
}

export function validateAttributesClassUpdate(next: VolumeAttributesClass, old: VolumeAttributesClass): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['driverName', 'parameters'] as const) {
    if (!isEqual(next[key], old[key])) errors.push(forbidden(key, `updates to ${key} are forbidden.`));
  }
  return errors;
}
