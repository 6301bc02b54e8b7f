// Defaults of where a volume comes from, in pods and in PersistentVolumes.
import type { PersistentVolumeSpec, Volume } from '../generated/core-v1.types.ts';

/** Both name most sources alike. */
type Sources = Pick<PersistentVolumeSpec | Volume, 'hostPath' | 'rbd' | 'iscsi' | 'azureDisk' | 'scaleIO'>;

export function defaultVolumeSource({ hostPath, rbd, iscsi, azureDisk, scaleIO }: Sources): void {
  if (hostPath) hostPath.type ??= '';
  if (rbd) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (iscsi) iscsi.iscsiInterface ||= 'default';
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
    azureDisk.kind ??= 'Shared';
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
