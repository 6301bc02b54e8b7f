// `berth volume restore`: a backup, checked, becomes a snapshot on a node, and a new claim is made of that; then the snapshot goes. The claim
// is bound only once all of it is there: nothing of a restore that broke off can be taken for data.
import { randomUUID } from 'node:crypto';
import {
  attemptAnnotation,
  localProvisioner,
  Node,
  PersistentVolumeClaim,
  snapshotApiVersion,
  snapshotGroup,
  snapshotHandle,
  snapshotKindNamed,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeFileSystemsAnnotation,
} from '@berth/api';
import { isReason, parseQuantity } from '@berth/machinery';
import type { Cluster } from '../ask/cluster-options.ts';
import type { Backup, BackupPlace } from './backup.ts';
import { waitFor } from './wait-for.ts';

const boundSeconds = 600;

export interface RestoreOptions {
  /** Absent: the node that it is of, else any that can have it. */
  node?: string | undefined;
  storageClass?: string | undefined;
}

/** @throws Error; no claim is left then */
export async function restoreVolume(cluster: Cluster, claimName: string, from: BackupPlace, options: RestoreOptions): Promise<Backup> {
  const { client, namespace } = cluster;
  if (await exists(client.get(PersistentVolumeClaim, { namespace, name: claimName })))
    throw new Error(`claim ${claimName} is there already: restore under another name, or delete it first`);
  const backup = await from.check();
  const node = chosenNode((await client.list(Node)).items, backup, options.node);
  const id = randomUUID();
  const file = `snapshot-${id}.${backup.fileSystem}`;
  const name = `berth-restore-${id}`;
  const [snapshots, contents] = [snapshotKindNamed('VolumeSnapshot'), snapshotKindNamed('VolumeSnapshotContent')];
  // First, so that what is then on the node goes with them, also when this ends early.
  const content: VolumeSnapshotContent = {
    apiVersion: snapshotApiVersion,
    kind: 'VolumeSnapshotContent',
    metadata: { name },
    spec: {
      ...{ deletionPolicy: 'Delete', driver: localProvisioner, source: { snapshotHandle: snapshotHandle({ hostname: node, file }) } },
      ...{ sourceVolumeMode: 'Filesystem', volumeSnapshotRef: { namespace, name } },
    },
  };
  await client.create(contents, content);
  const snapshot: VolumeSnapshot = {
    ...{ apiVersion: snapshotApiVersion, kind: 'VolumeSnapshot', metadata: { namespace, name } },
    spec: { source: { volumeSnapshotContentName: name } },
  };
  await client.create(snapshots, snapshot);
  try {
    const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/snapshots/${file}/archive`;
    const query = `bytes=${backup.bytes}&sha256=${backup.archive.sha256}`;
    const sent = await client.send({ method: 'POST', path: `${path}?${query}`, contentType: 'application/x-tar', body: from.archive() });
    sent.resume();
    // It was asked for before it was there.
    await client.patch(contents, { name }, 'merge', { metadata: { annotations: { [attemptAnnotation]: '0' } } });
    await makeClaim(cluster, claimName, name, backup, options.storageClass);
  } finally {
    await client.delete(snapshots, { namespace, name });
  }
  return backup;
}

async function makeClaim({ client, namespace }: Cluster, name: string, snapshot: string, backup: Backup, storageClass: string | undefined) {
  const asked = parseQuantity(backup.storage).value() < backup.bytes ? String(backup.bytes) : backup.storage;
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name },
    spec: {
      ...{ accessModes: backup.accessModes, resources: { requests: { storage: asked } } },
      ...(storageClass !== undefined && { storageClassName: storageClass }),
      dataSource: { apiGroup: snapshotGroup, kind: 'VolumeSnapshot', name: snapshot },
    },
  };
  const { metadata } = await client.create(PersistentVolumeClaim, claim);
  try {
    const limit = {
      seconds: boundSeconds,
      waitsFor: () => `the volume of claim ${name} was not made (kubectl describe pvc ${name} says why)`,
    };
    await waitFor(client, { kind: PersistentVolumeClaim, key: { namespace, name } }, limit, ({ status }) =>
      status?.phase === 'Bound' ? true : undefined,
    );
  } catch (error) {
    await client.delete(PersistentVolumeClaim, { namespace, name }, { preconditions: { uid: metadata.uid ?? '' } });
    throw error;
  }
}

function chosenNode(nodes: Node[], { node, fileSystem }: Backup, asked: string | undefined): string {
  const offers = ({ metadata }: Node) => (metadata.annotations?.[volumeFileSystemsAnnotation] ?? '').split(',').includes(fileSystem);
  const names = nodes.filter(offers).map(({ metadata }) => metadata.labels?.['kubernetes.io/hostname'] ?? metadata.name);
  if (asked !== undefined && !names.includes(asked)) throw new Error(`node ${asked} makes no volumes of ${fileSystem}, or does not exist`);
  const chosen = asked ?? names.find((name) => name === node) ?? names[0];
  if (chosen === undefined) throw new Error(`no node makes volumes of ${fileSystem}`);
  return chosen;
}

async function exists(found: Promise<unknown>): Promise<boolean> {
  try {
    await found;
    return true;
  } catch (error) {
    if (isReason(error, 'NotFound')) return false;
    throw error;
  }
}
