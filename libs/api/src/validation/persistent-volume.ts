// Persistent volumes: one source, a capacity, and what of both may change.

import { asGoStruct, goLines, unifiedDiff } from '@berth/machinery';
import type { PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { betaMountOptionsAnnotation } from '../volume-mount-options.ts';
import { isEqual } from './changes.ts';
import { type FieldError, forbidden, immutable, invalid, notSupported, optionalOneOf, required, shownMember } from './errors.ts';
import { nodeSelector } from './scheduling.ts';
import { className, storageAmount, volumeAccessModes, volumeMode, wholeAmount } from './storage.ts';
import { volumeSource } from './volume-sources.ts';

const sourceMessage = schemas.message('core.v1.PersistentVolumeSource');
const affinityMessage = schemas.message('core.v1.VolumeNodeAffinity');
const notSources = new Set([
  ...['capacity', 'accessModes', 'claimRef', 'persistentVolumeReclaimPolicy', 'storageClassName', 'mountOptions', 'volumeMode'],
  ...['nodeAffinity', 'volumeAttributesClassName'],
]);
/** Annotations of old that only some kinds of volumes understood. */
const withMountOptions = [
  ...['gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'nfs', 'rbd', 'quobyte', 'iscsi', 'cinder', 'cephfs', 'azureFile'],
  ...['vsphereVolume', 'azureDisk', 'photonPersistentDisk'],
] as const;

function sourcesOf(volume: PersistentVolume): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(volume.spec).filter(([key, value]) => !notSources.has(key) && value !== undefined && value !== null),
  );
}

export function validateVolumeSpec(volume: PersistentVolume): FieldError[] {
  const { spec } = volume;
  const errors = [...mountOptions(volume), ...volumeAccessModes(spec.accessModes, 'spec.accessModes', '')];
  const capacity = Object.keys(spec.capacity ?? {});
  if (capacity.length === 0) errors.push(required('spec.capacity'));
  if (capacity.length > 1 || spec.capacity?.storage === undefined)
    errors.push(notSupported('spec.capacity', shownMember(spec, 'capacity'), ['storage']));
  for (const name of capacity) errors.push(...capacityAmount(spec.capacity?.[name] ?? '', `spec.capacity[${name}]`));
  errors.push(...optionalOneOf('spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, ['Delete', 'Recycle', 'Retain']));
  errors.push(...nodeSelector(spec.nodeAffinity?.required, 'spec.nodeAffinity.required'));
  if (spec.nodeAffinity && !spec.nodeAffinity.required)
    errors.push(required('spec.nodeAffinity.required', 'must specify required node constraints'));
  errors.push(...volumeSource(spec, volume.metadata.name ?? '', 'spec'));
  if (isRoot(spec.hostPath?.path) && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    errors.push(forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"));
  }
  return [
    ...errors,
    ...className(spec.storageClassName, 'spec.storageClassName'),
    ...volumeMode(spec.volumeMode),
    ...attributesClass(spec, 'spec.volumeAttributesClassName'),
  ];
}

function mountOptions({ metadata, spec }: PersistentVolume): FieldError[] {
  if (metadata.annotations?.[betaMountOptionsAnnotation] === undefined || withMountOptions.some((key) => spec[key])) return [];
  return [forbidden(`metadata.annotations.${betaMountOptionsAnnotation}`, 'may not specify mount options for this volume type')];
}

/** Of negative ones, whole units are shown. */
function capacityAmount(amount: string, field: string): FieldError[] {
  return [...wholeAmount(amount, field), ...storageAmount(amount, field)];
}

function isRoot(path: string | undefined): boolean {
  return path !== undefined && /^\/[/.]*$/.test(path) && path.split('/').every((part) => ['', '.', '..'].includes(part));
}

function attributesClass({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec, field: string): FieldError[] {
  if (name === undefined) return [];
  return [
    ...(name ? className(name, field) : [required(field, 'an empty string is disallowed')]),
    ...(csi ? [] : [required('spec.csi', 'has to be specified when using volumeAttributesClassName')]),
  ];
}

export function validateVolumeUpdate(next: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors: FieldError[] = [];
  const [after, before] = [sourcesOf(withExpansionOf(next, old)), sourcesOf(old)];
  if (!isEqual(after, before)) {
    const field = 'spec.persistentvolumesource';
    const changed = unifiedDiff(goLines(sourceMessage, before), goLines(sourceMessage, after));
    errors.push(forbidden(field, `${field} is immutable after creation\n${changed}`));
  }
  if (next.spec.volumeMode !== old.spec.volumeMode) errors.push(invalid('volumeMode', next.spec.volumeMode, immutable));
  if (old.spec.nodeAffinity && !isEqual(withCurrentLabels(next.spec.nodeAffinity), withCurrentLabels(old.spec.nodeAffinity))) {
    const shown = asGoStruct(affinityMessage, next.spec.nodeAffinity);
    errors.push(invalid('nodeAffinity', shown, `${immutable}, except for updating from beta label to GA`));
  }
  if (old.spec.volumeAttributesClassName !== undefined && next.spec.volumeAttributesClassName === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

/** The secret for growing may be named later. */
function withExpansionOf(next: PersistentVolume, old: PersistentVolume): PersistentVolume {
  if (!old.spec.csi || old.spec.csi.controllerExpandSecretRef || !next.spec.csi) return next;
  const { controllerExpandSecretRef: _added, ...csi } = next.spec.csi;
  return { ...next, spec: { ...next.spec, csi } };
}

const currentLabels: Record<string, string> = {
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
};

/** Labels that have another name by now are the same under both. */
function withCurrentLabels(affinity: VolumeNodeAffinity | undefined): unknown {
  return affinity?.required?.nodeSelectorTerms?.map(({ matchExpressions = [], ...term }) => ({
    ...term,
    matchExpressions: matchExpressions.map((one) => ({ ...one, key: currentLabels[one.key] ?? one.key })),
  }));
}
