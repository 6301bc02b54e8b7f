// Keeps volumes and claims from vanishing under their users: a finalizer on each, taken off once nobody uses it.
import { PersistentVolume, PersistentVolumeClaim, Pod } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { type KindDefinition, type KubeObject, keyOf } from '@berth/machinery';
import { claimProtection, volumeProtection } from './matching.ts';

const claimIndex = 'claims';

export interface Protected<T> {
  object: T;
  isUsed: boolean;
}

export const claimProtectionController: Controller<Protected<PersistentVolumeClaim>> = {
  name: 'pvc-protection-controller',
  owns: ['PersistentVolumeClaim.metadata.finalizers[kubernetes.io/pvc-protection]'],
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
  watches: [watches(PersistentVolume, ({ metadata }) => [metadata.name])],
  observe(key, caches) {
    const object = caches.of(PersistentVolume).get(key);
    return object && { object, isUsed: object.status?.phase === 'Bound' };
  },
  plan: ({ object, isUsed }) => protect(erased(PersistentVolume), object, volumeProtection, isUsed),
};

/** Keys of the claims that a pod mounts. */
export function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claimName = persistentVolumeClaim?.claimName ?? (ephemeral ? `${metadata.name}-${name}` : undefined);
    return claimName === undefined ? [] : [`${metadata.namespace}/${claimName}`];
  });
}

/** A pod without a node mounts nothing, one that ended neither. */
function uses({ spec, status }: Pod): boolean {
  return Boolean(spec.nodeName) && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
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
