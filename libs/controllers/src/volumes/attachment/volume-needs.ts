// Which pods need which volumes of CSI drivers on the nodes where they are: those bound to a node that have not ended, and whose claims are
// bound to volumes that say the same of them.
import { csiUniqueName, foreignClaim, hasEnded, PersistentVolume, PersistentVolumeClaim, Pod, volumeClaimName } from '@berth/api';
import type { Caches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { claimsOf } from '../protection.ts';
import { csiVolumeOf } from './csi-volume.ts';

const podClaimIndex = 'claims';
const volumeIndex = 'csi volume';
const driverIndex = 'csi driver';
const claimIndex = 'claim';

export function addNeedIndexes(caches: Caches): void {
  caches.of(Pod).addIndex(podClaimIndex, claimsOf);
  const volumes = caches.of(PersistentVolume);
  volumes.addIndex(volumeIndex, (volume) => uniqueNames([volume]));
  volumes.addIndex(driverIndex, ({ spec: { csi } }) => (csi ? [csi.driver] : []));
  volumes.addIndex(claimIndex, (volume) => [claimKeyOf(volume) ?? []].flat());
}

export function uniqueNames(volumes: PersistentVolume[]): string[] {
  return volumes.flatMap((volume) => {
    const csi = csiVolumeOf(volume);
    return csi ? [csiUniqueName(csi)] : [];
  });
}

export function volumesNamed(uniqueName: string, caches: Caches): PersistentVolume[] {
  return caches.of(PersistentVolume).byIndex(volumeIndex, uniqueName);
}

export function volumesOfDriver(driver: string, caches: Caches): PersistentVolume[] {
  return caches.of(PersistentVolume).byIndex(driverIndex, driver);
}

export function volumesOfClaim(claimKey: string, caches: Caches): PersistentVolume[] {
  return caches.of(PersistentVolume).byIndex(claimIndex, claimKey);
}

/** Pods that need the volume, each on its node. */
export function podsNeeding(volume: PersistentVolume, caches: Caches): Pod[] {
  const claimKey = claimKeyOf(volume);
  const claim = claimKey === undefined ? undefined : caches.of(PersistentVolumeClaim).get(claimKey);
  if (!claim || claimKey === undefined || !isBound(claim, volume)) return [];
  const pods = caches.of(Pod).byIndex(podClaimIndex, claimKey);
  return pods.filter((pod) => pod.spec.nodeName && !isTerminated(pod) && !isForeign(claim, pod));
}

function claimKeyOf({ spec: { claimRef } }: PersistentVolume): string | undefined {
  return claimRef && keyOf({ metadata: { namespace: claimRef.namespace ?? '', name: claimRef.name ?? '' } });
}

function isBound({ metadata, spec, status }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return status?.phase === 'Bound' && spec.volumeName === volume.metadata.name && volume.spec.claimRef?.uid === metadata.uid;
}

/** An ephemeral volume's claim is its pod's. */
function isForeign(claim: PersistentVolumeClaim, pod: Pod): boolean {
  const volume = pod.spec.volumes?.find((each) => volumeClaimName(pod, each) === claim.metadata.name);
  return volume?.ephemeral !== undefined && foreignClaim(claim, pod) !== undefined;
}

/** A pod that is being deleted goes on needing its volumes while its containers run. */
function isTerminated(pod: Pod): boolean {
  if (hasEnded(pod)) return true;
  const runs = (pod.status?.containerStatuses ?? []).some(({ state }) => !state?.terminated && !state?.waiting);
  return pod.metadata.deletionTimestamp !== undefined && !runs;
}
