// Metrics of what pods read and write: ConfigMap, Secret, claims, volumes and their classes. Of secrets, only that they are there.
import { ConfigMap, PersistentVolume, PersistentVolumeClaim, Secret, StorageClass, storageClassNameOf } from '@berth/api';
import { conditionSamples, gauge, info, type KindFamilies, lifeTimes, named, oneOf, owners, resourceVersion, value } from '../family.ts';
import { amount } from '../resources.ts';

const modes = (accessModes: readonly string[] | undefined) =>
  (accessModes ?? []).map((mode) => ({ labels: { access_mode: mode }, value: 1 }));

export const claims: KindFamilies<PersistentVolumeClaim> = {
  kind: PersistentVolumeClaim,
  identity: named('persistentvolumeclaim'),
  families: [
    info('kube_persistentvolumeclaim_info', 'What a claim is bound to.', (claim) => ({
      storageclass: storageClassNameOf(claim),
      volumename: claim.spec?.volumeName,
      volumemode: claim.spec?.volumeMode,
    })),
    gauge('kube_persistentvolumeclaim_access_mode', 'Access modes of a claim.', ({ spec }) => modes(spec?.accessModes)),
    value('kube_persistentvolumeclaim_resource_requests_storage_bytes', 'What a claim asks for.', ({ spec }) =>
      amount(spec?.resources?.requests?.storage),
    ),
    gauge('kube_persistentvolumeclaim_status_phase', 'The phase of a claim.', ({ status }) =>
      oneOf('phase', ['Lost', 'Bound', 'Pending'], status?.phase),
    ),
    gauge('kube_persistentvolumeclaim_status_condition', 'Conditions of a claim.', ({ status }) =>
      conditionSamples(status?.conditions, { type: 'type' }),
    ),
    ...lifeTimes<PersistentVolumeClaim>('kube_persistentvolumeclaim'),
  ],
};

export const volumes: KindFamilies<PersistentVolume> = {
  kind: PersistentVolume,
  identity: ({ metadata }) => ({ persistentvolume: metadata.name }),
  families: [
    info('kube_persistentvolume_info', 'What a volume is made of.', ({ spec }) => ({
      storageclass: spec.storageClassName,
      csi_driver: spec.csi?.driver,
      csi_volume_handle: spec.csi?.volumeHandle,
      local_path: spec.local?.path,
      local_fs: spec.local?.fsType,
      host_path: spec.hostPath?.path,
      host_path_type: spec.hostPath?.type,
      nfs_server: spec.nfs?.server,
      nfs_path: spec.nfs?.path,
      reclaim_policy: spec.persistentVolumeReclaimPolicy,
    })),
    gauge('kube_persistentvolume_claim_ref', 'The claim of a volume.', ({ spec: { claimRef } }) =>
      claimRef ? [{ labels: { name: claimRef.name, claim_namespace: claimRef.namespace }, value: 1 }] : [],
    ),
    gauge('kube_persistentvolume_status_phase', 'The phase of a volume.', ({ status }) =>
      oneOf('phase', ['Pending', 'Available', 'Bound', 'Released', 'Failed'], status?.phase),
    ),
    value('kube_persistentvolume_capacity_bytes', 'What a volume holds.', ({ spec }) => amount(spec.capacity?.storage)),
    info('kube_persistentvolume_volume_mode', 'How a volume is given to pods.', ({ spec }) => ({ volumemode: spec.volumeMode })),
    gauge('kube_persistentvolume_access_mode', 'Access modes of a volume.', ({ spec }) => modes(spec.accessModes)),
    ...lifeTimes<PersistentVolume>('kube_persistentvolume'),
  ],
};

export const storageClasses: KindFamilies<StorageClass> = {
  kind: StorageClass,
  identity: ({ metadata }) => ({ storageclass: metadata.name }),
  families: [
    info('kube_storageclass_info', 'How a class makes volumes.', ({ provisioner, reclaimPolicy, volumeBindingMode }) => ({
      provisioner,
      reclaim_policy: reclaimPolicy,
      volume_binding_mode: volumeBindingMode,
    })),
    ...lifeTimes<StorageClass>('kube_storageclass'),
  ],
};

export const configMaps: KindFamilies<ConfigMap> = {
  kind: ConfigMap,
  identity: named('configmap'),
  families: [
    info('kube_configmap_info', 'A config map.', () => ({})),
    resourceVersion('kube_configmap'),
    ...lifeTimes<ConfigMap>('kube_configmap'),
  ],
};

export const secrets: KindFamilies<Secret> = {
  kind: Secret,
  identity: named('secret'),
  families: [
    info('kube_secret_info', 'A secret.', () => ({})),
    info('kube_secret_type', 'The type of a secret.', ({ type }) => ({ type })),
    owners('kube_secret_owner'),
    resourceVersion('kube_secret'),
    ...lifeTimes<Secret>('kube_secret'),
  ],
};
