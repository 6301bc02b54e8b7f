// Which claim a pod's volume stands for: one that it names, or, of an ephemeral volume, one that is made for the pod under a name of both.
import type { PersistentVolumeClaim, Pod, Volume } from './generated/core-v1.types.ts';

type Named = Pick<Pod, 'metadata'>;

/** In the pod's namespace; undefined for a volume that is no claim. */
export function volumeClaimName({ metadata }: Named, volume: Volume): string | undefined {
  return volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${metadata.name}-${volume.name}`);
}

/** Of all of its volumes. */
export function volumeClaimNames(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => volumeClaimName(pod, volume) ?? []);
}

/** What is wrong with a claim that has the name of a pod's ephemeral volume; in Kubernetes' words. */
export function foreignClaim(claim: PersistentVolumeClaim, { metadata: pod }: Named): string | undefined {
  const { namespace, name, ownerReferences = [] } = claim.metadata;
  if (ownerReferences.some(({ controller, uid }) => controller && uid === pod.uid)) return undefined;
  return `PVC ${namespace}/${name} was not created for pod ${pod.namespace}/${pod.name} (pod is not owner)`;
}
