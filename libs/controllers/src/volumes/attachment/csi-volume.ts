// Which volume of a CSI driver an object is, and who may have it on several nodes.
import { createHash } from 'node:crypto';
import { type CsiVolume, csiAttachmentName, type PersistentVolume } from '@berth/api';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

export function csiVolumeOf({ spec }: PersistentVolume): CsiVolume | undefined {
  return spec.csi && { driver: spec.csi.driver, handle: spec.csi.volumeHandle };
}

/** Of the VolumeAttachment that attaches the volume to the node. */
export function attachmentNameOf(volume: CsiVolume, nodeName: string): string {
  return csiAttachmentName(volume, nodeName, sha256);
}

/** Whether several nodes may have it at once. */
export function isShared({ spec: { accessModes = [] } }: PersistentVolume): boolean {
  return accessModes.length === 0 || accessModes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
}
