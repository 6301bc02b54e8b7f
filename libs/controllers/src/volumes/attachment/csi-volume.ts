// The names by which control plane, node and driver's sidecars know the same volume of a CSI driver; who may have it on several nodes.
import { createHash } from 'node:crypto';
import type { PersistentVolume } from '@berth/api';

/** Before a driver's name, in the status of nodes. */
const uniquePrefix = 'kubernetes.io/csi/';

export interface CsiVolume {
  driver: string;
  handle: string;
}

export function csiVolumeOf({ spec }: PersistentVolume): CsiVolume | undefined {
  return spec.csi && { driver: spec.csi.driver, handle: spec.csi.volumeHandle };
}

/** As `status.volumesAttached` and `status.volumesInUse` of a node name it. */
export function uniqueNameOf({ driver, handle }: CsiVolume): string {
  return `${uniquePrefix}${driver}^${handle}`;
}

/** The volume that a node's status names so; undefined for one of no driver. */
export function csiVolumeNamed(uniqueName: string): CsiVolume | undefined {
  const [driver = '', ...rest] = uniqueName.slice(uniquePrefix.length).split('^');
  return uniqueName.startsWith(uniquePrefix) && rest.length > 0 ? { driver, handle: rest.join('^') } : undefined;
}

/** Of the VolumeAttachment that attaches the volume to the node; node agents look it up by this name. */
export function attachmentNameOf({ driver, handle }: CsiVolume, nodeName: string): string {
  return `csi-${createHash('sha256').update(`${handle}${driver}${nodeName}`).digest('hex')}`;
}

/** Whether several nodes may have it at once. */
export function isShared({ spec: { accessModes = [] } }: PersistentVolume): boolean {
  return accessModes.length === 0 || accessModes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
}
