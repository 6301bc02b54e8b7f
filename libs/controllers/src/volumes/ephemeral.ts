// Makes the claims of pods' ephemeral volumes from their templates. They belong to their pods, and go with them.
import { foreignClaim, PersistentVolumeClaim, Pod, type Volume, volumeClaimName } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';

export interface ObservedEphemeralVolumes {
  pod: Pod;
  /** Those that have the names of its volumes' claims, by name. */
  claims: Map<string, PersistentVolumeClaim>;
}

export const ephemeralVolumeController: Controller<ObservedEphemeralVolumes> = {
  name: 'ephemeral-volume-controller',
  owns: ['PersistentVolumeClaim[owned by pod]'],
  writes: ['persistentvolumeclaims'],
  watches: [
    watches(Pod, (pod) => (ephemeralVolumes(pod).length > 0 ? [keyOf(pod)] : [])),
    watches(PersistentVolumeClaim, ({ metadata }) =>
      (metadata.ownerReferences ?? [])
        .filter(({ kind, apiVersion }) => kind === 'Pod' && apiVersion === 'v1')
        .map(({ name }) => `${metadata.namespace}/${name}`),
    ),
  ],
  observe(key, caches) {
    const pod = caches.of(Pod).get(key);
    if (!pod || pod.metadata.deletionTimestamp || ephemeralVolumes(pod).length === 0) return undefined;
    const claims = new Map<string, PersistentVolumeClaim>();
    for (const volume of ephemeralVolumes(pod)) {
      const name = volumeClaimName(pod, volume) ?? '';
      const claim = caches.of(PersistentVolumeClaim).get(`${pod.metadata.namespace}/${name}`);
      if (claim) claims.set(name, claim);
    }
    return { pod, claims };
  },
  plan: planEphemeralVolumes,
};

function ephemeralVolumes(pod: Pod): Volume[] {
  return (pod.spec.volumes ?? []).filter(({ ephemeral }) => ephemeral);
}

export function planEphemeralVolumes({ pod, claims }: ObservedEphemeralVolumes): Action[] {
  return ephemeralVolumes(pod).flatMap((volume): Action[] => {
    const name = volumeClaimName(pod, volume) ?? '';
    const claim = claims.get(name);
    const failed = (why: string) => ({
      ...{ about: pod, eventType: 'Warning' as const, reason: 'FailedBinding', message: `ephemeral volume ${volume.name}: ${why}` },
    });
    if (!claim) {
      const object = claimFor(pod, volume, name);
      return [{ type: 'create', kind: erased(PersistentVolumeClaim), object, onFailure: failed(`create PVC ${name}: {error}`) }];
    }
    const foreign = foreignClaim(claim, pod);
    return foreign === undefined ? [] : [{ type: 'event', event: failed(foreign) }];
  });
}

function claimFor({ metadata: pod }: Pod, { ephemeral }: Volume, name: string): PersistentVolumeClaim {
  const { metadata = {}, spec } = ephemeral?.volumeClaimTemplate ?? {};
  const owner = { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid ?? '', controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      ...(pod.namespace !== undefined && { namespace: pod.namespace }),
      ...(metadata.labels && { labels: metadata.labels }),
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ownerReferences: [owner],
    },
    spec: { ...spec },
  };
}
