// Claims on persistent volumes, and what they share with the volumes.
import { goLines, parseQuantity, unifiedDiff, withGivenEmptyOf } from '@berth/machinery';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { betaStorageClassAnnotation } from '../storage-class-name.ts';
import { isSame } from './changes.ts';
import { type FieldError, forbidden, immutable, invalid, invalidAll, notSupported, required } from './errors.ts';
import { labelSelector } from './labels.ts';
import { dnsLabel, dnsSubdomain, qualified } from './names.ts';
import { compareQuantities, isQuantity, quantity } from './resources.ts';

const specMessage = schemas.message('core.v1.PersistentVolumeClaimSpec');
const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];

export function volumeAccessModes(list: string[] | undefined, field: string, missing: string): FieldError[] {
  if (!list?.length) return [required(field, missing)];
  const errors = list.filter((mode) => !accessModes.includes(mode)).map((mode) => notSupported(field, mode, accessModes));
  if (list.includes('ReadWriteOncePod') && list.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode)))
    errors.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

export function storageAmount(amount: string | undefined, field: string): FieldError[] {
  if (amount === undefined) return [required(field)];
  if (!isQuantity(amount)) return quantity(amount, field);
  return compareQuantities(amount, '0') <= 0 ? [invalid(field, amount, 'must be greater than zero')] : [];
}

export function className(name: string | undefined, field: string): FieldError[] {
  return name ? invalidAll(field, name, dnsSubdomain(name)) : [];
}

export function volumeMode(mode: string | undefined, field = 'spec.volumeMode'): FieldError[] {
  return mode === undefined || volumeModes.includes(mode) ? [] : [notSupported(field, mode, volumeModes)];
}

/** @param isNew groups of data sources are looked at when a claim is made only */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, isNew: boolean, field = 'spec'): FieldError[] {
  return [
    ...volumeAccessModes(spec.accessModes, `${field}.accessModes`, 'at least 1 access mode is required'),
    ...labelSelector(spec.selector, `${field}.selector`),
    ...storageAmount(spec.resources?.requests?.storage, `${field}.resources[storage]`),
    ...className(spec.storageClassName, `${field}.storageClassName`),
    ...volumeMode(spec.volumeMode, `${field}.volumeMode`),
    ...dataSources(spec, isNew, field),
    ...className(spec.volumeAttributesClassName, `${field}.volumeAttributesClassName`),
  ];
}

function dataSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, isNew: boolean, field: string): FieldError[] {
  const errors = [
    ...(dataSource ? objectReference(dataSource, `${field}.dataSource`, isNew) : []),
    ...(dataSourceRef ? objectReference(dataSourceRef, `${field}.dataSourceRef`, isNew) : []),
  ];
  const namespace = dataSourceRef?.namespace;
  if (namespace) errors.push(...invalidAll(`${field}.dataSourceRef.namespace`, namespace, dnsLabel(namespace)));
  if (!dataSource || !dataSourceRef) return errors;
  // Kubernetes shows what stands for the field's path as an object.
  if (namespace) return [...errors, invalid(field, {}, 'may not be specified when dataSourceRef.namespace is specified')];
  const isSame = (['apiGroup', 'kind', 'name'] as const).every((key) => (dataSource[key] ?? '') === (dataSourceRef[key] ?? ''));
  return isSame ? errors : [...errors, invalid(field, {}, 'must match dataSourceRef')];
}

function objectReference(
  { apiGroup, kind, name }: { apiGroup?: string; kind?: string; name?: string },
  field: string,
  isNew: boolean,
): FieldError[] {
  const errors = name ? [] : [required(`${field}.name`)];
  if (!kind) errors.push(required(`${field}.kind`));
  if (!apiGroup && kind !== 'PersistentVolumeClaim')
    errors.push(invalid(field, kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  if (apiGroup && isNew) errors.push(...invalidAll(`${field}.apiGroup`, apiGroup, dnsSubdomain(apiGroup)));
  return errors;
}

type Three = [string, string, string];

/** A bound claim may only grow; the binder names the volume, once. */
export function validateClaimUpdate(next: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const isBound = next.status?.phase === 'Bound';
  const allowed: PersistentVolumeClaimSpec = withGivenEmptyOf(next.spec, { ...next.spec });
  const before: PersistentVolumeClaimSpec = { ...old.spec };
  if (!old.spec.volumeName) before.volumeName = next.spec.volumeName;
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
    const isDefaulted = classBefore === undefined || next.spec.storageClassName === classBefore;
    if (isDefaulted && isUnset && next.spec.storageClassName !== undefined) allowed.storageClassName = old.spec.storageClassName;
  }
  if (isBound) {
    const { requests } = next.spec.resources ?? {};
    const storage = old.spec.resources?.requests?.storage;
    if (requests) allowed.resources = { ...next.spec.resources, requests: { ...requests, ...(storage !== undefined && { storage }) } };
    allowed.volumeAttributesClassName = old.spec.volumeAttributesClassName;
  }
  if (!isSame('core.v1.PersistentVolumeClaimSpec', allowed, before)) {
    const rule = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    const changed = unifiedDiff(goLines(specMessage, before), goLines(specMessage, allowed));
    errors.push(forbidden('spec', `${rule}\n${changed}`));
  }
  const [asked, had, held] = [
    next.spec.resources?.requests?.storage,
    old.spec.resources?.requests?.storage,
    old.status?.capacity?.storage,
  ].map((amount) => (isQuantity(amount) ? amount : '0')) as Three;
  // A growth that did not happen may be taken back, down to what the volume has.
  const isBelowCapacity = compareQuantities(asked, had) < 0 && compareQuantities(asked, held) <= 0;
  if (isBelowCapacity) errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  if ((next.spec.volumeMode ?? '') !== (old.spec.volumeMode ?? ''))
    errors.push(invalid('volumeMode', next.spec.volumeMode ?? null, immutable));
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

/** What a claim's status says of its size. */
export function validateClaimStatus({ spec, status }: PersistentVolumeClaim): FieldError[] {
  const errors = spec.accessModes?.length ? [] : [required('Spec.accessModes')];
  for (const [name, amount] of Object.entries(status?.capacity ?? {})) errors.push(...wholeAmount(amount, `status.capacity[${name}]`));
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    const field = 'status.allocatedResourceStatuses';
    errors.push(...resourceKey(name, field));
    if (!resizeStates.includes(state)) errors.push(notSupported(field, name, resizeStates));
  }
  for (const [name, amount] of Object.entries(status?.allocatedResources ?? {})) {
    const field = 'status.allocatedResources';
    const wrong = resourceKey(name, field);
    errors.push(...(wrong.length > 0 ? wrong : wholeAmount(amount, `${field}[${name}]`)));
  }
  return errors;
}

const resizeStates = [
  ...['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress', 'NodeResizeInfeasible', 'NodeResizePending'],
].sort();

/** Of negative ones, whole units are shown; those that have no room in 64 bits turn into others, as in Go. */
export function wholeAmount(amount: string, field: string): FieldError[] {
  const value = isQuantity(amount) ? BigInt.asIntN(64, parseQuantity(amount).wholeUnits()) : 0n;
  return value < 0 ? [invalid(field, value, 'must be a valid resource quantity')] : [];
}

function resourceKey(name: string, field: string): FieldError[] {
  const errors = invalidAll(field, name, qualified(name));
  if (errors.length > 0) return errors;
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  return isNative && name !== 'storage' ? [notSupported(field, name, ['storage'])] : [];
}
