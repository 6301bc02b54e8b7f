// What storage drivers write and read: drivers, nodes that have them, capacities, attachments and classes of attributes.
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
import { isEqual } from './changes.ts';
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
  oneOf,
  optionalOneOf,
  required,
  tooLong,
} from './errors.ts';
import { labelSelector } from './labels.ts';
import { dnsSubdomain, qualified } from './names.ts';
import { quantity } from './resources.ts';
import { volumeAccessModes } from './storage.ts';

const driverNameBytesMax = 63;
const nodeIdBytesMax = 192;
const errorMessageBytesMax = 1024;
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
const updatePeriodSecondsMin = 10;

export function driverName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = name.length > driverNameBytesMax ? [tooLong(field, driverNameBytesMax)] : [];
  return [...errors, ...invalidAll(field, name, dnsSubdomain(name.toLowerCase()))];
}

export function validateCsiDriverFields({ metadata, spec }: CSIDriver): FieldError[] {
  const field = 'spec.volumeLifecycleModes';
  const modes = ['Ephemeral', 'Persistent'];
  const period = spec?.nodeAllocatableUpdatePeriodSeconds;
  const errors = (metadata.name?.length ?? 0) > driverNameBytesMax ? [tooLong('metadata.name', driverNameBytesMax)] : [];
  errors.push(...oneOf('spec.fsGroupPolicy', spec?.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType']));
  errors.push(...each(spec?.volumeLifecycleModes, field, (mode, path) => optionalOneOf(path, mode, modes)));
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
    ...each(list, field, ({ expirationSeconds: seconds }, path) => {
      if (seconds === undefined) return [];
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
  const identity = (driver: CSINodeDriver) => ({ ...driver, allocatable: undefined });
  return each(next.spec?.drivers, 'spec.drivers', (driver, field) => {
    const before = (old.spec?.drivers ?? []).filter(({ name }) => name === driver.name);
    const isKept = before.length === 0 || before.some((each) => isEqual(identity(driver), identity(each)));
    return isKept ? [] : [invalid(field, driver, immutable)];
  });
}

export function validateStorageCapacityFields(capacity: CSIStorageCapacity): FieldError[] {
  const { nodeTopology, storageClassName = '' } = capacity;
  const errors = invalidAll('storageClassName', storageClassName, dnsSubdomain(storageClassName));
  errors.push(...labelSelector(nodeTopology, 'nodeTopology'));
  for (const key of ['capacity', 'maximumVolumeSize'] as const) {
    const amount = capacity[key];
    if (amount !== undefined) errors.push(...quantity(amount, key));
  }
  return errors;
}

export function validateStorageCapacityUpdate(next: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['nodeTopology', 'storageClassName'] as const) {
    if (!isEqual(next[key], old[key])) errors.push(invalid(key, next[key], immutable));
  }
  return errors;
}

export function validateAttachmentFields(attachment: VolumeAttachment): FieldError[] {
  const { attacher, source, nodeName = '' } = attachment.spec ?? {};
  const errors = [...driverName(attacher, 'spec.attacher'), ...invalidAll('spec.nodeName', nodeName, dnsSubdomain(nodeName))];
  const volume = source?.persistentVolumeName;
  const rule = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (volume === undefined) {
    errors.push(...(source?.inlineVolumeSpec ? inlineVolume(source.inlineVolumeSpec) : [required('spec.source', rule)]));
  } else if (source?.inlineVolumeSpec) errors.push(forbidden('spec.source', rule));
  else {
    const field = 'spec.source.persistentVolumeName';
    const missing = [required(field, 'must specify non empty persistentVolumeName')];
    errors.push(...(volume ? invalidAll(field, volume, dnsSubdomain(volume)) : missing));
  }
  return [...errors, ...validateAttachmentStatus(attachment)];
}

/** A volume within an attachment is a CSI volume, and nobody's. */
function inlineVolume(spec: PersistentVolumeSpec): FieldError[] {
  const field = 'spec.source.inlineVolumeSpec';
  const refused = (['claimRef', 'capacity', 'nodeAffinity'] as const).filter((key) => Object.keys(spec[key] ?? {}).length > 0);
  const policy = spec.persistentVolumeReclaimPolicy ?? '';
  return [
    ...refused.map((key) => forbidden(`${field}.${key}`, 'may not be specified in the context of inline volumes')),
    ...(spec.csi ? [] : [required(`${field}.csi`, 'has to be specified in the context of inline volumes')]),
    ...volumeAccessModes(spec.accessModes, `${field}.accessModes`, ''),
    ...(policy === '' || policy === 'Retain'
      ? []
      : [forbidden(`${field}.persistentVolumeReclaimPolicy`, 'may only be Retain in the context of inline volumes')]),
  ];
}

export function validateAttachmentStatus({ status }: VolumeAttachment): FieldError[] {
  return (['attachError', 'detachError'] as const)
    .filter((key) => (status?.[key]?.message?.length ?? 0) > errorMessageBytesMax)
    .map((key) => tooLong(`status.${key}.message`, errorMessageBytesMax));
}

export function validateAttachmentUpdate(next: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  return isEqual(next.spec, old.spec) ? [] : [invalid('spec', next.spec, immutable)];
}

export function validateAttributesClassFields({ driverName: driver, parameters = {} }: VolumeAttributesClass): FieldError[] {
  const errors = driver ? invalidAll('driverName', driver, qualified(driver.toLowerCase())) : [required('driverName')];
  const keys = Object.keys(parameters);
  if (keys.length === 0) errors.push(required('parameters', 'must contain at least one key/value pair'));
  if (keys.includes('')) errors.push(invalid('parameters', '', 'field must not be empty.'));
  return errors;
}

export function validateAttributesClassUpdate(next: VolumeAttributesClass, old: VolumeAttributesClass): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['driverName', 'parameters'] as const) {
    if (!isEqual(next[key], old[key])) errors.push(forbidden(key, `updates to ${key} are forbidden.`));
  }
  return errors;
}
