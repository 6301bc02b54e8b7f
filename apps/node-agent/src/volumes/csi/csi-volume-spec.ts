// What a pod asks of a storage driver for one of its volumes, from its PersistentVolume or from the volume itself, and what CSIDriver says of the
// driver. Pure; errors are in the kubelet's words.
import type { CSIDriver, PersistentVolume, PersistentVolumeClaim, Pod, Volume, VolumeAttachment } from '@berth/api';
import type { csiV1, Input } from '@berth/protocol';
import type { NodeCapability } from './csi-driver-client.ts';
import { type Growth, growthOf } from './csi-growth.ts';
import { ephemeralHandle, type Publication } from './csi-places.ts';

interface SecretPlace {
  namespace: string;
  name: string;
}

export interface CsiVolumeSpec extends Publication {
  /** The pod's own name for it, and its claim. */
  volumeName: string;
  claimName?: string;
  readOnly: boolean;
  fsType: string;
  accessMode: string | undefined;
  accessModes: string[] | undefined;
  mountOptions: string[];
  attributes: Record<string, string>;
  secrets: { stage?: SecretPlace; publish?: SecretPlace; expand?: SecretPlace };
  /** What is to be done on this node so that it is as large as is asked. */
  growth?: Growth;
}

/** @param isReadOnly as the pod uses its claim */
export function persistentSpec(
  pod: Pod,
  volumeName: string,
  { claim, volume }: { claim: PersistentVolumeClaim; volume: PersistentVolume },
  isReadOnly: boolean,
  info: CSIDriver | undefined,
): CsiVolumeSpec {
  const { csi, accessModes, mountOptions = [], volumeMode } = volume.spec;
  if (!csi) throw new Error(`persistent volume "${volume.metadata.name}" is none of a CSI driver`);
  const place = (reference: { name?: string; namespace?: string } | undefined): SecretPlace | undefined =>
    reference && { namespace: reference.namespace ?? '', name: reference.name ?? '' };
  const [stage, publish, expand] = [csi.nodeStageSecretRef, csi.nodePublishSecretRef, csi.nodeExpandSecretRef].map(place);
  const growth = growthOf(claim, volume);
  return {
    ...{ volumeName, claimName: claim.metadata.name },
    ...{ driver: csi.driver, handle: csi.volumeHandle, podUid: pod.metadata.uid ?? '', specName: volume.metadata.name },
    ...{ isBlock: volumeMode === 'Block', isEphemeral: false, isAttachable: info?.spec.attachRequired ?? true },
    ...{ readOnly: isReadOnly || csi.readOnly === true, fsType: csi.fsType ?? '', accessMode: accessModes?.[0], accessModes, mountOptions },
    attributes: csi.volumeAttributes ?? {},
    secrets: { ...(stage && { stage }), ...(publish && { publish }), ...(expand && { expand }) },
    ...(growth && !isReadOnly && !csi.readOnly && { growth }),
  };
}

export function inlineSpec(pod: Pod, volume: Volume): CsiVolumeSpec {
  const { name, csi } = volume;
  const { uid = '', namespace = '' } = pod.metadata;
  const secret = csi?.nodePublishSecretRef?.name;
  return {
    ...{ volumeName: name, driver: csi?.driver ?? '', handle: ephemeralHandle(uid, name), podUid: uid, specName: name },
    ...{ isBlock: false, isEphemeral: true, isAttachable: false },
    ...{
      readOnly: csi?.readOnly === true,
      fsType: csi?.fsType ?? '',
      accessMode: 'ReadWriteOnce',
      accessModes: ['ReadWriteOnce'],
      mountOptions: [],
    },
    attributes: csi?.volumeAttributes ?? {},
    secrets: secret ? { publish: { namespace, name: secret } } : {},
  };
}

/** Whether the driver may be used for such a volume. */
export function lifecycleProblem({ driver, isEphemeral }: CsiVolumeSpec, info: CSIDriver | undefined): string | undefined {
  const mode = isEphemeral ? 'Ephemeral' : 'Persistent';
  if (!info) return isEphemeral ? `volume mode "${mode}" not supported by driver ${driver} (no CSIDriver object)` : undefined;
  const modes = info.spec.volumeLifecycleModes ?? ['Persistent'];
  if (modes.includes(mode)) return undefined;
  const text = `[${modes.map((known) => JSON.stringify(known)).join(' ')}]`;
  return `volume mode "${mode}" not supported by driver ${driver} (only supports ${text})`;
}

/** What is wrong with an attachment; undefined too while it is only not there yet. */
export function attachmentProblem(attachment: VolumeAttachment | undefined): string | undefined {
  if (!attachment) return undefined;
  if (attachment.metadata.deletionTimestamp) return 'volume attachment is being deleted';
  return attachment.status?.attached ? undefined : attachment.status?.attachError?.message;
}

const modes: Record<string, [csiV1.VolumeCapabilityAccessModeMode, csiV1.VolumeCapabilityAccessModeMode]> = {
  ReadWriteOnce: ['SINGLE_NODE_WRITER', 'SINGLE_NODE_MULTI_WRITER'],
  ReadOnlyMany: ['MULTI_NODE_READER_ONLY', 'MULTI_NODE_READER_ONLY'],
  ReadWriteMany: ['MULTI_NODE_MULTI_WRITER', 'MULTI_NODE_MULTI_WRITER'],
  ReadWriteOncePod: ['SINGLE_NODE_WRITER', 'SINGLE_NODE_SINGLE_WRITER'],
};

/** @param group that the driver is to give the volume to */
export function capabilityOf(spec: CsiVolumeSpec, can: ReadonlySet<NodeCapability>, group?: number): Input<csiV1.VolumeCapability> {
  const [plain, fine] = modes[spec.accessMode ?? 'ReadWriteOnce'] ?? ['UNKNOWN', 'UNKNOWN'];
  const accessMode = { mode: can.has('SINGLE_NODE_MULTI_WRITER') ? fine : plain };
  if (spec.isBlock) return { accessMode, block: {} };
  return {
    accessMode,
    mount: { fsType: spec.fsType, mountFlags: spec.mountOptions, ...(group !== undefined && { volumeMountGroup: String(group) }) },
  };
}

/** With what the driver asked to know of the pod. */
export function volumeContext(spec: CsiVolumeSpec, pod: Pod, info: CSIDriver | undefined): Record<string, string> {
  if (!info?.spec.podInfoOnMount) return spec.attributes;
  return {
    ...spec.attributes,
    'csi.storage.k8s.io/pod.name': pod.metadata.name,
    'csi.storage.k8s.io/pod.namespace': pod.metadata.namespace ?? '',
    'csi.storage.k8s.io/pod.uid': pod.metadata.uid ?? '',
    'csi.storage.k8s.io/serviceAccount.name': pod.spec.serviceAccountName ?? '',
    'csi.storage.k8s.io/ephemeral': String(spec.isEphemeral),
  };
}

/** Whether the node gives the volume's files to the pod's group. */
export function givesToGroup({ readOnly, fsType, accessModes }: CsiVolumeSpec, info: CSIDriver | undefined): boolean {
  const policy = info?.spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType';
  if (policy === 'None' || readOnly) return false;
  return (
    policy === 'File' || (fsType !== '' && accessModes?.some((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod') === true)
  );
}
