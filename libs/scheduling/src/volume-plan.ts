// What the claims of a pod mean for where it can run: volumes that exist already and may be reachable from some nodes only,
// claims that wait for the pod's node to be known, and claims that keep the pod from every node for now.
import {
  foreignClaim,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  storageClassNameOf,
  volumeClaimName,
} from '@berth/api';
import type { PodFacts } from './pod-facts.ts';
import type { VolumeState } from './volume-state.ts';

export interface WaitingClaim {
  claim: PersistentVolumeClaim;
  storageClass: StorageClass;
}

export interface VolumePlan {
  /** Why no node will do, in Kubernetes' words. */
  obstacle?: string;
  bound: PersistentVolume[];
  /** Whether a claim's volume is not there (yet). */
  hasLostVolume: boolean;
  waiting: WaitingClaim[];
}

export function volumePlan(pod: PodFacts, volumes: VolumeState): VolumePlan {
  const plan: VolumePlan = { bound: [], hasLostVolume: false, waiting: [] };
  let isUnbound = false;
  for (const name of pod.claims) {
    const claim = volumes.claims.get(`${pod.namespace}/${name}`);
    const obstacle = obstacleOf(pod, name, claim);
    if (obstacle) return { ...plan, obstacle };
    if (!claim) continue;
    const { volumeName } = claim.spec;
    const storageClass = volumes.classes.get(storageClassNameOf(claim) ?? '');
    if (volumeName && claim.status?.phase === 'Bound') {
      const volume = volumes.volumes.get(volumeName);
      if (volume) plan.bound.push(volume);
      else plan.hasLostVolume = true;
    } else if (!volumeName && storageClass?.volumeBindingMode === 'WaitForFirstConsumer') plan.waiting.push({ claim, storageClass });
    else isUnbound = true;
  }
  return isUnbound ? { ...plan, obstacle: 'pod has unbound immediate PersistentVolumeClaims' } : plan;
}

function obstacleOf({ pod }: PodFacts, name: string, claim: PersistentVolumeClaim | undefined): string | undefined {
  const isEphemeral = pod.spec.volumes?.some((volume) => volume.ephemeral && volumeClaimName(pod, volume) === name);
  if (!claim) {
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim ${JSON.stringify(name)}`
      : `persistentvolumeclaim ${JSON.stringify(name)} not found`;
  }
  if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim ${JSON.stringify(name)} is being deleted`;
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim ${JSON.stringify(name)} bound to non-existent persistentvolume ${JSON.stringify(claim.spec.volumeName ?? '')}`;
  }
  return isEphemeral ? foreignClaim(claim, pod) : undefined;
}
