// The life of a volume: free, bound, released, and what then becomes of it. Data is given up only when the server itself
// says that the claim is gone.
import {
  localDisk,
  localProvisioner,
  localVolumeFinalizer,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  provisionedByAnnotation,
} from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { hostnameOf } from './local-provisioner.ts';
import { boundByController } from './matching.ts';

export interface ObservedVolume {
  volume: PersistentVolume;
  /** Of the name that the volume says it is bound to. */
  claim: PersistentVolumeClaim | undefined;
  /** Whether the node that holds its directory is known. */
  hasNode: boolean;
}

export const volumeController: Controller<ObservedVolume> = {
  name: 'persistentvolume-reclaimer',
  owns: ['PersistentVolume.status', 'PersistentVolume.metadata.finalizers[berth.io/local-volume]'],
  writes: ['persistentvolumes', 'persistentvolumes/status'],
  reads: [erased(Node)],
  watches: [
    watches(PersistentVolume, ({ metadata }) => [metadata.name]),
    watches(PersistentVolumeClaim, (claim, caches) => {
      const claimKey = keyOf(claim);
      const byReference = caches
        .of(PersistentVolume)
        .byIndex('claim', claimKey)
        .map(({ metadata }) => metadata.name);
      return claim.spec.volumeName ? [claim.spec.volumeName, ...byReference] : byReference;
    }),
    // A directory goes with its node.
    watches(Node, ({ metadata }, caches) => {
      if (caches.of(Node).get(metadata.name)) return [];
      return caches
        .of(PersistentVolume)
        .byIndex('doomed', metadata.labels?.['kubernetes.io/hostname'] ?? metadata.name)
        .map((volume) => volume.metadata.name);
    }),
  ],
  prepare(caches) {
    caches
      .of(PersistentVolume)
      .addIndex('claim', ({ spec: { claimRef } }) =>
        claimRef ? [keyOf({ metadata: { namespace: claimRef.namespace ?? '', name: claimRef.name ?? '' } })] : [],
      );
    caches.of(PersistentVolume).addIndex('doomed', (volume) => {
      const hostname = hostnameOf(volume);
      return volume.metadata.deletionTimestamp && hostname !== undefined ? [hostname] : [];
    });
    caches.of(Node).addIndex('hostname', ({ metadata }) => [metadata.labels?.['kubernetes.io/hostname'] ?? metadata.name]);
  },
  observe(key, caches) {
    const volume = caches.of(PersistentVolume).get(key);
    if (!volume) return undefined;
    const { claimRef } = volume.spec;
    const claimKey = keyOf({ metadata: { namespace: claimRef?.namespace ?? '', name: claimRef?.name ?? '' } });
    const hostname = hostnameOf(volume);
    return {
      volume,
      claim: claimRef ? caches.of(PersistentVolumeClaim).get(claimKey) : undefined,
      hasNode: hostname === undefined || caches.of(Node).byIndex('hostname', hostname).length > 0,
    };
  },
  plan: planVolume,
};

export function planVolume({ volume, claim, hasNode }: ObservedVolume): Action[] {
  const { claimRef } = volume.spec;
  const cleanup = abandonDirectory(volume, hasNode);
  if (!claimRef?.uid) return [...cleanup, ...phase(volume, 'Available')];
  if (claim && claim.metadata.uid === claimRef.uid) return [...cleanup, ...withClaim(volume, claim)];
  const { name = '', namespace } = claimRef;
  const actions = [...cleanup, ...release(volume)];
  if (actions.length === 0) return [];
  return [{ type: 'ifAbsent', kind: erased(PersistentVolumeClaim), key: { name, namespace }, uid: claimRef.uid, actions }];
}

function withClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): Action[] {
  const chosen = claim.spec.volumeName;
  if (chosen === volume.metadata.name) return phase(volume, 'Bound');
  // The claim controller is about to say so, once the volume's file is there.
  if (!chosen) return localDisk(volume)?.state === 'wanted' ? phase(volume, 'Pending') : [];
  const isProvisioned = volume.metadata.annotations?.[provisionedByAnnotation] !== undefined;
  if (isProvisioned && volume.spec.persistentVolumeReclaimPolicy === 'Delete') return release(volume);
  return [unbind(volume)];
}

/** A volume that was made for the claim stays kept for it; one that was only picked is free again. */
function unbind({ metadata, spec }: PersistentVolume): Action {
  const wasPicked = metadata.annotations?.[boundByController] !== undefined;
  const claimRef = wasPicked ? null : { ...spec.claimRef, uid: null, resourceVersion: null };
  const { resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion, annotations: { [boundByController]: null } }, spec: { claimRef } };
  return { type: 'patch', kind: erased(PersistentVolume), key: metadata, patchType: 'merge', patch };
}

function release(volume: PersistentVolume): Action[] {
  const { metadata, spec, status } = volume;
  if (status?.phase === 'Failed') return [];
  const policy = spec.persistentVolumeReclaimPolicy ?? 'Retain';
  if (policy === 'Retain') return phase(volume, 'Released');
  if (policy === 'Delete' && metadata.annotations?.[provisionedByAnnotation] === localProvisioner) {
    const remove: Action = { type: 'delete', kind: erased(PersistentVolume), key: metadata, uid: metadata.uid ?? '' };
    return [...phase(volume, 'Released'), ...(metadata.deletionTimestamp ? [] : [remove])];
  }
  if (policy === 'Delete' && metadata.annotations?.[provisionedByAnnotation]) return phase(volume, 'Released');
  const problem =
    policy === 'Delete'
      ? {
          reason: 'VolumeFailedDelete',
          message: `error getting deleter volume plugin for volume "${metadata.name}": no deletable volume plugin matched`,
        }
      : { reason: 'VolumeRecyclerFailed', message: 'No recycler plugin found for the volume!' };
  return [...phase(volume, 'Failed', problem.message), { type: 'event', event: { about: volume, eventType: 'Warning', ...problem } }];
}

/** Retained data stays, and nobody can remove what was on a node that is gone. */
function abandonDirectory({ metadata, spec }: PersistentVolume, hasNode: boolean): Action[] {
  const { finalizers = [], deletionTimestamp, resourceVersion } = metadata;
  if (!deletionTimestamp || !finalizers.includes(localVolumeFinalizer)) return [];
  const isKept = spec.persistentVolumeReclaimPolicy !== 'Delete';
  if (!isKept && hasNode) return [];
  const patch = { metadata: { resourceVersion, finalizers: finalizers.filter((name) => name !== localVolumeFinalizer) } };
  const forget: Action = { type: 'patch', kind: erased(PersistentVolume), key: metadata, patchType: 'merge', patch };
  if (isKept) return [forget];
  return [
    { type: 'ifAbsent', kind: erased(Node), key: { name: hostnameOf({ metadata, spec } as PersistentVolume) ?? '' }, actions: [forget] },
  ];
}

function phase({ metadata, status }: PersistentVolume, wanted: string, message?: string): Action[] {
  if (status?.phase === wanted && status.message === message) return [];
  const patch = { metadata: { uid: metadata.uid }, status: { phase: wanted, message: message ?? null } };
  return [{ type: 'patch', kind: erased(PersistentVolume), key: metadata, patchType: 'merge', patch, subresource: 'status' }];
}
