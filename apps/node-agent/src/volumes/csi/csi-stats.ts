// How full a volume is, and whether it is well, as its driver says it.
import type { VolumeUsage } from '../volume-usage.ts';
import type { CsiDrivers } from './csi-drivers.ts';
import type { Publication } from './csi-places.ts';

/** Who asks for metrics does not wait as long as who mounts. */
const callMs = 10_000;

export type DriverStats = Omit<VolumeUsage, 'name' | 'claim'>;

/** Undefined where the driver does not say. */
export async function volumeStats(
  { drivers }: { drivers: CsiDrivers },
  publication: Publication,
  path: string,
): Promise<DriverStats | undefined> {
  const { client, pathFor } = drivers.get(publication.driver);
  const can = await client.capabilities();
  if (!can.has('GET_VOLUME_STATS')) return undefined;
  const { usage, volumeCondition } = await client.stats({ volumeId: publication.handle, volumePath: pathFor(path) }, callMs);
  if (usage.length === 0 && !volumeCondition) throw new Error('failed to get usage from response. usage is nil');
  const [bytes, inodes] = ['BYTES', 'INODES'].map((unit) => usage.findLast((measured) => measured.unit === unit));
  return {
    ...{ capacityBytes: bytes?.total ?? 0, availableBytes: bytes?.available ?? 0, usedBytes: bytes?.used ?? 0 },
    ...{ inodes: inodes?.total ?? 0, inodesFree: inodes?.available ?? 0, inodesUsed: inodes?.used ?? 0 },
    ...(can.has('VOLUME_CONDITION') && volumeCondition && { volumeHealthStats: { abnormal: volumeCondition.abnormal } }),
  };
}
