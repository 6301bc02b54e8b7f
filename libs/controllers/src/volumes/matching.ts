// Which volume serves a claim: enough space, the right kind and class, reachable from the chosen node, and of those the
// smallest (Kubernetes, "Persistent Volumes", Binding).
import { type Node, type PersistentVolume, type PersistentVolumeClaim, type StorageClass, storageClassNameOf } from '@berth/api';
import { labelSelectorFrom, parseQuantity } from '@berth/machinery';
import { nodeMatches } from '@berth/scheduling';

export const bindCompleted = 'pv.kubernetes.io/bind-completed';
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
export const selectedNode = 'volume.kubernetes.io/selected-node';
export const volumeProtection = 'kubernetes.io/pv-protection';
export const claimProtection = 'kubernetes.io/pvc-protection';
export const attributesClassProtection = 'kubernetes.io/vac-protection';

export function classOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return storageClassNameOf(object) ?? '';
}

export function waitsForConsumer(claim: PersistentVolumeClaim, storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !claim.metadata.annotations?.[selectedNode];
}

/** Whether the volume is kept for this claim, by whoever made it or by an earlier step of binding. */
export function isMeantFor({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  if (!claimRef || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return !claimRef.uid || claimRef.uid === metadata.uid;
}

/** Why a volume that the claim names cannot serve it; undefined when it can. */
export function mismatch(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (sizeOf(volume) < requestOf(claim)) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if ((volume.spec.volumeMode || 'Filesystem') !== (claim.spec.volumeMode || 'Filesystem')) return 'incompatible volumeMode';
  const offered = volume.spec.accessModes ?? [];
  if (!(claim.spec.accessModes ?? []).every((mode) => offered.includes(mode))) return 'incompatible accessMode';
  return undefined;
}

/** @param node where the claim's pod is going to run, if that is decided */
export function bestVolume(
  claim: PersistentVolumeClaim,
  volumes: PersistentVolume[],
  node: Node | undefined,
): PersistentVolume | undefined {
  const meant = volumes.find((volume) => isMeantFor(volume, claim));
  if (meant) return meant;
  const selector = labelSelectorFrom(claim.spec.selector ?? {});
  const free = volumes.filter(
    (volume) =>
      !volume.spec.claimRef &&
      !volume.metadata.deletionTimestamp &&
      (volume.status?.phase ?? 'Pending') !== 'Failed' &&
      selector.matches(volume.metadata.labels) &&
      mismatch(claim, volume) === undefined &&
      (!node || reaches(volume, node)),
  );
  return free.sort((a, b) => sizeOf(a) - sizeOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

function sizeOf({ spec }: PersistentVolume): number {
  return parseQuantity(spec.capacity?.storage ?? '0').toNumber();
}

function requestOf({ spec }: PersistentVolumeClaim): number {
  return parseQuantity(spec.resources?.requests?.storage ?? '0').toNumber();
}

/** Whether the volume's affinity admits the node. */
export function reaches({ spec }: PersistentVolume, { metadata }: Node): boolean {
  const required = spec.nodeAffinity?.required;
  return !required || nodeMatches(required, { name: metadata.name, labels: metadata.labels ?? {} });
}
