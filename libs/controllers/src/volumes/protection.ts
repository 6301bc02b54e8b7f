// Keeps volumes, claims and classes of attributes from vanishing under their users: a finalizer on each, taken off once nobody uses it.
import { hasEnded, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttributesClass, volumeClaimNames } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { type KindDefinition, type KubeObject, keyOf } from '@berth/machinery';
import { attributesClassProtection, claimProtection, volumeProtection } from './matching.ts';

const claimIndex = 'claims';
const attributesClassIndex = 'attributes classes';

export interface Protected<T> {
  object: T;
  isUsed: boolean;
}

export const claimProtectionController: Controller<Protected<PersistentVolumeClaim>> = {
  name: 'pvc-protection-controller',
  owns: ['PersistentVolumeClaim.metadata.finalizers[kubernetes.io/pvc-protection]'],
  writes: ['persistentvolumeclaims'],
  watches: [watches(PersistentVolumeClaim, (claim) => [keyOf(claim)]), watches(Pod, (pod) => claimsOf(pod))],
  prepare(caches) {
    caches.of(Pod).addIndex(claimIndex, claimsOf);
  },
  observe(key, caches) {
    const object = caches.of(PersistentVolumeClaim).get(key);
    return object && { object, isUsed: caches.of(Pod).byIndex(claimIndex, key).some(uses) };
  },
  plan: ({ object, isUsed }) => protect(erased(PersistentVolumeClaim), object, claimProtection, isUsed),
};

export const volumeProtectionController: Controller<Protected<PersistentVolume>> = {
  name: 'pv-protection-controller',
  owns: ['PersistentVolume.metadata.finalizers[kubernetes.io/pv-protection]'],
  writes: ['persistentvolumes'],
  watches: [watches(PersistentVolume, ({ metadata }) => [metadata.name])],
  observe(key, caches) {
    const object = caches.of(PersistentVolume).get(key);
    return object && { object, isUsed: object.status?.phase === 'Bound' };
  },
  plan: ({ object, isUsed }) => protect(erased(PersistentVolume), object, volumeProtection, isUsed),
};

export const attributesClassProtectionController: Controller<Protected<VolumeAttributesClass>> = {
  name: 'volumeattributesclass-protection-controller',
  owns: ['VolumeAttributesClass.metadata.finalizers[kubernetes.io/vac-protection]'],
  writes: ['volumeattributesclasses.storage.k8s.io'],
  watches: [
    watches(VolumeAttributesClass, ({ metadata }) => [metadata.name]),
    watches(PersistentVolume, attributesClassesOfVolume),
    watches(PersistentVolumeClaim, attributesClassesOfClaim),
  ],
  prepare(caches) {
    caches.of(PersistentVolume).addIndex(attributesClassIndex, attributesClassesOfVolume);
    caches.of(PersistentVolumeClaim).addIndex(attributesClassIndex, attributesClassesOfClaim);
  },
  observe(key, caches) {
    const object = caches.of(VolumeAttributesClass).get(key);
    const users = [PersistentVolume, PersistentVolumeClaim].map((kind) => caches.of(erased(kind)).byIndex(attributesClassIndex, key));
    return object && { object, isUsed: users.some((found) => found.length > 0) };
  },
  plan: ({ object, isUsed }) => protect(erased(VolumeAttributesClass), object, attributesClassProtection, isUsed),
};

function attributesClassesOfVolume({ spec }: PersistentVolume): string[] {
  return spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}

/** The one asked for, the one that is applied, and the one that is on its way. */
function attributesClassesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.flatMap((name) => (name ? [name] : [])))];
}

/** Keys of the claims that a pod mounts. */
export function claimsOf(pod: Pod): string[] {
  return volumeClaimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`);
}

/** A pod without a node mounts nothing, one that ended neither. */
function uses(pod: Pod): boolean {
  return Boolean(pod.spec.nodeName) && !hasEnded(pod);
}

function protect(kind: KindDefinition, { metadata }: KubeObject, finalizer: string, isUsed: boolean): Action[] {
  const { finalizers = [], deletionTimestamp, resourceVersion } = metadata;
  const has = finalizers.includes(finalizer);
  const isWanted = !deletionTimestamp || isUsed;
  // Nothing can be added to what is going away.
  if (has === isWanted || (deletionTimestamp && !has)) return [];
  const next = isWanted ? [...finalizers, finalizer] : finalizers.filter((name) => name !== finalizer);
  return [{ type: 'patch', kind, key: metadata, patchType: 'merge', patch: { metadata: { resourceVersion, finalizers: next } } }];
}
