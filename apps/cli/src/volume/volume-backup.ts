// `berth volume backup`: a snapshot of the claim's volume, what it holds as an archive from its node, and the snapshot removed again.
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import {
  localDisk,
  localProvisioner,
  PersistentVolume,
  PersistentVolumeClaim,
  placeOfContent,
  snapshotApiVersion,
  snapshotKindNamed,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from '@berth/api';
import type { Cluster } from '../ask/cluster-options.ts';
import { type Backup, writeBackup } from './backup-folder.ts';
import { waitUntil } from './wait-until.ts';

const readySeconds = 600;

export interface BackedUp extends Backup {
  folder: string;
}

/** @param to a folder, in which a folder of the backup is made @throws Error; no backup is left then */
export async function backupVolume({ client, namespace }: Cluster, claimName: string, to: string): Promise<BackedUp> {
  const claim = await client.get(PersistentVolumeClaim, { namespace, name: claimName });
  if (!claim.spec.volumeName || claim.status?.phase !== 'Bound') throw new Error(`claim ${claimName} has no volume yet`);
  const volume = await client.get(PersistentVolume, { name: claim.spec.volumeName });
  const disk = localDisk(volume);
  if (!disk) throw new Error(`the volume of claim ${claimName} has no file of its own, as those of ${localProvisioner} have`);
  if (disk.fileSystem === 'raw') throw new Error(`claim ${claimName} is a block volume: it has no files to back up`);
  const kind = snapshotKindNamed('VolumeSnapshot');
  const key = { namespace, name: `berth-backup-${randomUUID()}` };
  const snapshot: VolumeSnapshot = {
    apiVersion: snapshotApiVersion,
    kind: 'VolumeSnapshot',
    metadata: key,
    spec: { source: { persistentVolumeClaimName: claimName } },
  };
  await client.create(kind, snapshot);
  try {
    const content = await readyContent(client, key);
    const place = placeOfContent(content);
    if (!place) throw new Error(`the snapshot of claim ${claimName} does not say where it is`);
    const takenAtMs = Number(BigInt(content.status?.creationTime ?? 0) / 1_000_000n);
    const takenAt = new Date(takenAtMs).toISOString();
    const archive = await client.open(`/api/v1/nodes/${encodeURIComponent(place.hostname)}/proxy/snapshots/${place.file}/archive`);
    const facts = {
      ...{
        namespace,
        claim: claimName,
        storage: claim.spec.resources?.requests?.storage ?? '0',
        accessModes: claim.spec.accessModes ?? [],
      },
      ...{ bytes: Number(content.status?.restoreSize ?? 0), fileSystem: disk.fileSystem, node: place.hostname, takenAt },
    };
    const folder = join(resolve(to), `${namespace}-${claimName}-${takenAt.replaceAll(/[-:]/g, '').replace(/\.\d+/, '')}`);
    return { ...(await writeBackup(folder, facts, archive)), folder };
  } finally {
    await client.delete(kind, key);
  }
}

async function readyContent(client: Cluster['client'], key: { namespace: string; name: string }): Promise<VolumeSnapshotContent> {
  let reason = '';
  return waitUntil(
    () => `no snapshot could be taken${reason && `: ${reason}`}`,
    readySeconds,
    async () => {
      const { status } = (await client.get(snapshotKindNamed('VolumeSnapshot'), key)) as VolumeSnapshot;
      reason = status?.error?.message ?? '';
      if (!status?.readyToUse || !status.boundVolumeSnapshotContentName) return undefined;
      return (await client.get(snapshotKindNamed('VolumeSnapshotContent'), {
        name: status.boundVolumeSnapshotContentName,
      })) as VolumeSnapshotContent;
    },
  );
}
