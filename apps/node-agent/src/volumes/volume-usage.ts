// How full the volumes of a pod's claims are that are file systems of their own, as the kernel says it.
import { stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Pod, volumeClaimName } from '@berth/api';

/** Bytes and inodes of one volume of a pod. */
export interface VolumeUsage {
  name: string;
  claim: { namespace: string; name: string };
  capacityBytes: number;
  availableBytes: number;
  usedBytes: number;
  inodes: number;
  inodesFree: number;
  inodesUsed: number;
  /** What its driver says of its state, where it does. */
  volumeHealthStats?: { abnormal: boolean };
}

/** @param folder where the pod's volumes are mounted */
export async function volumeUsage(pod: Pod, folder: string): Promise<VolumeUsage[]> {
  const measured: VolumeUsage[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const claimName = volumeClaimName(pod, volume);
    const path = join(folder, volume.name);
    if (claimName === undefined || !(await isMountPoint(path))) continue;
    const { blocks, bavail, bfree, bsize, files, ffree } = await statfs(path);
    measured.push({
      name: volume.name,
      claim: { namespace: pod.metadata.namespace ?? '', name: claimName },
      ...{ capacityBytes: blocks * bsize, availableBytes: bavail * bsize, usedBytes: (blocks - bfree) * bsize },
      ...{ inodes: files, inodesFree: ffree, inodesUsed: files - ffree },
    });
  }
  return measured;
}

export async function isMountPoint(path: string): Promise<boolean> {
  try {
    const [own, above] = [await stat(path), await stat(dirname(path))];
    return own.dev !== above.dev;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
