// `berth volume backup`: a snapshot of the claim's volume, what it holds as an archive from its node, and the snapshot removed again.
import { randomUUID } from 'node:crypto';
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
import { type Backup, type BackupDestination, backupName } from './backup.ts';
import { waitFor } from './wait-for.ts';

const readySeconds = 600;

export interface BackedUp extends Backup {
  /** Its place. */
  at: string;
}

/** @throws Error where it has no files of its own that could be kept */
export async function backedUpClaim({ client, namespace }: Pick<Cluster, 'client' | 'namespace'>, claimName: string) {
  const claim = await client.get(PersistentVolumeClaim, { namespace, name: claimName });
  if (!claim.spec.volumeName || claim.status?.phase !== 'Bound') throw new Error(`claim ${claimName} has no volume yet`);
  const volume = await client.get(PersistentVolume, { name: claim.spec.volumeName });
  const disk = localDisk(volume);
  if (!disk) throw new Error(`the volume of claim ${claimName} has no file of its own, as those of ${localProvisioner} have`);
  if (disk.fileSystem === 'raw') throw new Error(`claim ${claimName} is a block volume: it has no files to back up`);
  return { claim, disk };
}

/** @throws Error; no backup is left then */
export async function backupVolume({ client, namespace }: Cluster, claimName: string, to: BackupDestination): Promise<BackedUp> {
  const { claim, disk } = await backedUpClaim({ client, namespace }, claimName);
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
    const found = placeOfContent(content);
    if (!found) throw new Error(`the snapshot of claim ${claimName} does not say where it is`);
    const takenAtMs = Number(BigInt(content.status?.creationTime ?? 0) / 1_000_000n);
    const takenAt = new Date(takenAtMs).toISOString();
    const archive = await client.open(`/api/v1/nodes/${encodeURIComponent(found.hostname)}/proxy/snapshots/${found.file}/archive`);
    const facts = {
      ...{
        namespace,
        claim: claimName,
        storage: claim.spec.resources?.requests?.storage ?? '0',
        accessModes: claim.spec.accessModes ?? [],
      },
      ...{ bytes: Number(content.status?.restoreSize ?? 0), fileSystem: disk.fileSystem, node: found.hostname, takenAt },
    };
    const place = to.place(backupName(facts));
    return { ...(await place.write(facts, archive)), at: place.name };
  } finally {
    await client.delete(kind, key);
  }
}

async function readyContent(client: Cluster['client'], key: { namespace: string; name: string }): Promise<VolumeSnapshotContent> {
  let reason = '';
  const kind = snapshotKindNamed('VolumeSnapshot');
  const limit = { seconds: readySeconds, waitsFor: () => `no snapshot could be taken${reason && `: ${reason}`}` };
  const name = await waitFor(client, { kind, key }, limit, ({ status }: VolumeSnapshot) => {
    reason = status?.error?.message ?? '';
    return status?.readyToUse ? status.boundVolumeSnapshotContentName : undefined;
  });
  return (await client.get(snapshotKindNamed('VolumeSnapshotContent'), { name })) as VolumeSnapshotContent;
}
