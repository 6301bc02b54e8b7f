// Persistent volumes, claims on them, and storage classes.
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../generated/core-v1.types.ts';
import type { StorageClass } from '../generated/storage-v1.types.ts';
import { betaStorageClassAnnotation } from '../storage-class-name.ts';
import { describeChanges, isEqual } from './changes.ts';
import {
  each,
  type FieldError,
  forbidden,
  immutable,
  invalid,
  invalidAll,
  notSupported,
  oneOf,
  optionalOneOf,
  required,
} from './errors.ts';
import { labelSelector } from './labels.ts';
import { dnsSubdomain, qualified } from './names.ts';
import { compareQuantities, isQuantity, quantity } from './resources.ts';
import { nodeSelector } from './scheduling.ts';
import { hostPathSource } from './volumes.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];
const notSources = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
]);

export function volumeAccessModes(list: string[] | undefined, field: string, missing: string): FieldError[] {
  if (!list?.length) return [required(field, missing)];
  const errors = list.filter((mode) => !accessModes.includes(mode)).map((mode) => notSupported(field, mode, accessModes));
  if (list.includes('ReadWriteOncePod') && list.length > 1)
    errors.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

function storage(amount: string | undefined, field: string): FieldError[] {
  if (amount === undefined) return [required(field)];
  const errors = quantity(amount, field);
  return errors.length === 0 && compareQuantities(amount, '0') <= 0 ? [invalid(field, amount, 'must be greater than zero')] : errors;
}

function className(name: string | undefined, field: string): FieldError[] {
  return name ? invalidAll(field, name, dnsSubdomain(name)) : [];
}

export function validateClaimSpec({ spec }: PersistentVolumeClaim): FieldError[] {
  return [
    ...volumeAccessModes(spec.accessModes, 'spec.accessModes', 'at least 1 access mode is required'),
    ...labelSelector(spec.selector, 'spec.selector'),
    ...storage(spec.resources?.requests?.storage, 'spec.resources[storage]'),
    ...className(spec.storageClassName, 'spec.storageClassName'),
    ...optionalOneOf('spec.volumeMode', spec.volumeMode, volumeModes),
    ...dataSources(spec),
    ...className(spec.volumeAttributesClassName, 'spec.volumeAttributesClassName'),
  ];
}

function dataSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec): FieldError[] {
  const errors = [
    ...(dataSource ? objectReference(dataSource, 'spec.dataSource') : []),
    ...(dataSourceRef ? objectReference(dataSourceRef, 'spec.dataSourceRef') : []),
  ];
  if (!dataSource || !dataSourceRef) return errors;
  const isSame = (['apiGroup', 'kind', 'name'] as const).every((key) => (dataSource[key] ?? '') === (dataSourceRef[key] ?? ''));
  return isSame ? errors : [...errors, invalid('spec', 'spec.dataSource', 'must match dataSourceRef')];
}

function objectReference({ apiGroup, kind, name }: { apiGroup?: string; kind?: string; name?: string }, field: string): FieldError[] {
  const errors = name ? [] : [required(`${field}.name`)];
  if (!kind) errors.push(required(`${field}.kind`));
  if (!apiGroup && kind !== 'PersistentVolumeClaim')
    errors.push(invalid(field, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  if (apiGroup) errors.push(...invalidAll(`${field}.apiGroup`, apiGroup, dnsSubdomain(apiGroup)));
  return errors;
}

/** A bound claim may only grow; the binder names the volume, once. */
export function validateClaimUpdate(next: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const isBound = old.status?.phase === 'Bound';
  const allowed: PersistentVolumeClaimSpec = { ...next.spec };
  if (!old.spec.volumeName) allowed.volumeName = old.spec.volumeName;
  const errors: FieldError[] = [];
  const [classBefore, classAfter] = [old, next].map(({ metadata }) => metadata.annotations?.[betaStorageClassAnnotation]);
  const isUnset = old.spec.storageClassName === undefined;
  const isMoved = classBefore !== undefined && next.spec.storageClassName === classBefore && (classAfter ?? classBefore) === classBefore;
  if (isUnset && isMoved) {
    // The class moves from the annotation to the field that came after it.
    allowed.storageClassName = old.spec.storageClassName;
  } else {
    if ((classAfter ?? '') !== (classBefore ?? ''))
      errors.push(invalid(`metadata.annotations.${betaStorageClassAnnotation}`, classAfter ?? '', immutable));
    // A claim that waits for a default class gets it when there is one.
    if (classBefore === undefined && isUnset && next.spec.storageClassName !== undefined)
      allowed.storageClassName = old.spec.storageClassName;
  }
  if (isBound) {
    allowed.resources = { ...next.spec.resources, requests: old.spec.resources?.requests };
    allowed.volumeAttributesClassName = old.spec.volumeAttributesClassName;
  }
  if (!isEqual(allowed, old.spec)) {
    const rule = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbidden('spec', `${rule}\n${describeChanges(allowed, old.spec, 'spec')}`));
  }
  const before = old.spec.resources?.requests?.storage;
  const after = next.spec.resources?.requests?.storage;
  const isSmaller = isQuantity(before) && isQuantity(after) && compareQuantities(after, before) < 0;
  const held = old.status?.capacity?.storage;
  // A growth that did not happen may be taken back, down to what the volume has.
  const isBelowCapacity = isSmaller && (!isQuantity(held) || compareQuantities(after, held) <= 0);
  if (isBelowCapacity) errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  if ((next.spec.volumeMode ?? '') !== (old.spec.volumeMode ?? '')) errors.push(invalid('volumeMode', next.spec.volumeMode, immutable));
  return [...errors, ...attributesClassUpdate(next, old)];
}

/** Once a class of attributes was applied, there is always one. */
function attributesClassUpdate(next: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const name = next.spec.volumeAttributesClassName;
  if (old.status?.currentVolumeAttributesClassName === undefined || name) return [];
  const form = name === undefined ? 'nil' : 'empty string';
  const detail = `update to ${form} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return name === old.spec.volumeAttributesClassName ? [] : [forbidden('spec.volumeAttributesClassName', detail)];
}

function sourcesOf(volume: PersistentVolume): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(volume.spec).filter(([key, value]) => !notSources.has(key) && value !== undefined && value !== null),
  );
}

export function validateVolumeSpec(volume: PersistentVolume): FieldError[] {
  const { spec } = volume;
  const errors = volumeAccessModes(spec.accessModes, 'spec.accessModes', '');
  const capacity = Object.keys(spec.capacity ?? {});
  if (capacity.length === 0) errors.push(required('spec.capacity'));
  if (capacity.length > 1 || spec.capacity?.storage === undefined) errors.push(notSupported('spec.capacity', spec.capacity, ['storage']));
  for (const name of capacity) errors.push(...storage(spec.capacity?.[name], `spec.capacity[${name}]`));
  errors.push(...oneOf('spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, ['Delete', 'Recycle', 'Retain']));
  errors.push(...nodeSelector(spec.nodeAffinity?.required, 'spec.nodeAffinity.required'));
  if (spec.nodeAffinity && !spec.nodeAffinity.required)
    errors.push(required('spec.nodeAffinity.required', 'must specify required node constraints'));
  const sources = Object.keys(sourcesOf(volume));
  if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'));
  errors.push(...sources.slice(1).map((source) => forbidden(`spec.${source}`, 'may not specify more than 1 volume type')));
  if (spec.hostPath) errors.push(...hostPathSource(spec.hostPath, 'spec.hostPath'));
  if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    errors.push(forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"));
  }
  if (spec.local && !spec.local.path) errors.push(required('spec.local.path'));
  if (spec.local && !spec.nodeAffinity) errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  return [
    ...errors,
    ...className(spec.storageClassName, 'spec.storageClassName'),
    ...optionalOneOf('spec.volumeMode', spec.volumeMode, volumeModes),
  ];
}

export function validateVolumeUpdate(next: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors: FieldError[] = [];
  const [after, before] = [sourcesOf(next), sourcesOf(old)];
  if (!isEqual(after, before)) {
    const field = 'spec.persistentvolumesource';
    errors.push(forbidden(field, `${field} is immutable after creation\n${describeChanges(after, before, 'spec')}`));
  }
  if (next.spec.volumeMode !== old.spec.volumeMode) errors.push(invalid('spec.volumeMode', next.spec.volumeMode, immutable));
  if (old.spec.nodeAffinity && !isEqual(next.spec.nodeAffinity, old.spec.nodeAffinity)) {
    errors.push(invalid('spec.nodeAffinity', next.spec.nodeAffinity, immutable));
  }
  return errors;
}

export function validateStorageClassFields(storageClass: StorageClass): FieldError[] {
  const { provisioner = '' } = storageClass;
  return [
    ...(provisioner ? invalidAll('provisioner', provisioner, qualified(provisioner.toLowerCase())) : [required('provisioner')]),
    ...optionalOneOf('reclaimPolicy', storageClass.reclaimPolicy, ['Delete', 'Retain']),
    ...oneOf('volumeBindingMode', storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
    ...each(Object.keys(storageClass.parameters ?? {}), 'parameters', (key) =>
      key ? [] : [invalid('parameters', key, 'field must not be empty.')],
    ),
  ];
}

export function validateStorageClassUpdate(next: StorageClass, old: StorageClass): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
    if (!isEqual(next[key], old[key])) errors.push(forbidden(key, `updates to ${key} are forbidden.`));
  }
  if (next.volumeBindingMode !== old.volumeBindingMode) errors.push(invalid('volumeBindingMode', next.volumeBindingMode, immutable));
  return errors;
}
