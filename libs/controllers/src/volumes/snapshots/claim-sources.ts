// Keeps claims from vanishing while something is made of them: a snapshot that is not there yet, or the volume of another claim.
import { claimSourceFinalizer, cloneSourceFinalizer, PersistentVolumeClaim, type VolumeSnapshot } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { cloneSourceOf } from '../claim-source.ts';
import { isSnapshotKind, patchFinalizers, snapshotsIn } from './snapshot-caches.ts';

const cloneIndex = 'claims-made-of-a-claim';

export interface ObservedSourceClaim {
  claim: PersistentVolumeClaim;
  isOfSnapshot: boolean;
  isOfClone: boolean;
}

export const claimSourceController: Controller<ObservedSourceClaim> = {
  name: 'claim-source-protection',
  owns: ['PersistentVolumeClaim.metadata.finalizers[sources]'],
  writes: ['persistentvolumeclaims'],
  watches: [
    watches(PersistentVolumeClaim, (claim) => {
      const source = cloneSourceOf(claim);
      const own = (claim.metadata.finalizers ?? []).some((name) => name === claimSourceFinalizer || name === cloneSourceFinalizer);
      return [...(own ? [keyOf(claim)] : []), ...(source === undefined ? [] : [`${claim.metadata.namespace}/${source}`])];
    }),
  ],
  prepare(caches) {
    caches.of(PersistentVolumeClaim).addIndex(cloneIndex, (claim) => {
      const source = (claim.status?.phase ?? 'Pending') === 'Pending' ? cloneSourceOf(claim) : undefined;
      return source === undefined ? [] : [`${claim.metadata.namespace}/${source}`];
    });
  },
  watchesCustom: (kind) =>
    watches(kind, (object) => {
      const name = isSnapshotKind(kind, 'VolumeSnapshot') ? (object as VolumeSnapshot).spec.source.persistentVolumeClaimName : undefined;
      return name === undefined ? [] : [`${object.metadata.namespace}/${name}`];
    }),
  observe(key, caches) {
    const claim = caches.of(PersistentVolumeClaim).get(key);
    if (!claim) return undefined;
    return {
      claim,
      isOfSnapshot: snapshotsIn(caches).some((snapshot) => isBeingTaken(snapshot, claim)),
      isOfClone: caches.of(PersistentVolumeClaim).byIndex(cloneIndex, key).length > 0,
    };
  },
  plan: planSourceClaim,
};

export function planSourceClaim({ claim, isOfSnapshot, isOfClone }: ObservedSourceClaim): Action[] {
  const { finalizers = [], deletionTimestamp } = claim.metadata;
  const wanted = new Map([
    [claimSourceFinalizer, isOfSnapshot],
    [cloneSourceFinalizer, isOfClone],
  ]);
  // Nothing can be added to what is going away.
  const added = deletionTimestamp ? [] : [...wanted].filter(([name, isUsed]) => isUsed && !finalizers.includes(name)).map(([name]) => name);
  const next = [...finalizers.filter((name) => wanted.get(name) !== false), ...added];
  return next.length === finalizers.length && added.length === 0 ? [] : [patchFinalizers(erased(PersistentVolumeClaim), claim, next)];
}

function isBeingTaken({ metadata, spec, status }: VolumeSnapshot, claim: PersistentVolumeClaim): boolean {
  if (metadata.namespace !== claim.metadata.namespace || spec.source.persistentVolumeClaimName !== claim.metadata.name) return false;
  return !metadata.deletionTimestamp && status?.readyToUse !== true;
}
