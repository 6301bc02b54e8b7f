// What a claim's volume is to begin with: a snapshot, or another claim's volume. Both are files on one node, so the volume is made there, and
// at once: a claim that begins with something waits for no pod, whose scheduling then follows the volume.
import {
  contentOfSnapshot,
  type DiskContent,
  localDisk,
  localProvisioner,
  PersistentVolume,
  PersistentVolumeClaim,
  placeOfContent,
  snapshotGroup,
} from '@berth/api';
import type { Caches } from '@berth/controller';
import { keyOf, parseQuantity } from '@berth/machinery';
import { contentIn, isContentOf, snapshotIn } from './snapshots/snapshot-caches.ts';
import { hostnameOf } from './volume-hostname.ts';

export interface ClaimSource {
  /** Of the node that has it: its host name. */
  hostname: string;
  content: DiskContent;
  /** The least that the volume may have. */
  bytes: number;
  /** As the volume's annotation says it. */
  annotation: string;
}

/** Why the source cannot be had, now or ever: shown in an event. */
export interface NoSource {
  problem: string;
}

type Reference = NonNullable<PersistentVolumeClaim['spec']['dataSourceRef']>;

function referenceOf({ spec }: PersistentVolumeClaim): Reference | undefined {
  return spec.dataSourceRef ?? spec.dataSource;
}

/** The snapshot of its namespace that it begins with. */
export function snapshotSourceOf(claim: PersistentVolumeClaim): string | undefined {
  const reference = referenceOf(claim);
  return reference?.kind === 'VolumeSnapshot' && reference.apiGroup === snapshotGroup ? reference.name : undefined;
}

/** The claim of its namespace that it begins with. */
export function cloneSourceOf(claim: PersistentVolumeClaim): string | undefined {
  const reference = referenceOf(claim);
  return reference?.kind === 'PersistentVolumeClaim' && !reference.apiGroup ? reference.name : undefined;
}

/** Undefined for a claim that begins empty. */
export function claimSource(claim: PersistentVolumeClaim, caches: Caches): ClaimSource | NoSource | undefined {
  const reference = referenceOf(claim);
  if (!reference) return undefined;
  const [snapshot, clone] = [snapshotSourceOf(claim), cloneSourceOf(claim)];
  if (snapshot !== undefined) return fits(claim, fromSnapshot(claim, snapshot, caches));
  if (clone !== undefined) return fits(claim, fromClaim(claim, clone, caches));
  return {
    problem: `${localProvisioner} makes volumes of VolumeSnapshots and PersistentVolumeClaims, not of ${reference.kind} "${reference.name}"`,
  };
}

function fromSnapshot({ metadata: { namespace = '' } }: PersistentVolumeClaim, name: string, caches: Caches): ClaimSource | NoSource {
  const prefix = `error getting handle for DataSource Type VolumeSnapshot by Name ${name}: `;
  const snapshot = snapshotIn(caches, keyOf({ metadata: { namespace, name } }));
  if (!snapshot)
    return {
      problem: `${prefix}error getting snapshot ${name} from api server: volumesnapshots.snapshot.storage.k8s.io "${name}" not found`,
    };
  if (snapshot.metadata.deletionTimestamp) return { problem: `${prefix}snapshot ${name} is currently being deleted` };
  const { boundVolumeSnapshotContentName: bound, readyToUse } = snapshot.status ?? {};
  const content = bound === undefined ? undefined : contentIn(caches, bound);
  if (!bound) return { problem: `${prefix}snapshot ${name} not bound` };
  if (!content || content.spec.volumeSnapshotRef.uid !== snapshot.metadata.uid || !isContentOf(content, snapshot))
    return { problem: `${prefix}snapshot ${name} is bound to ${bound}, which is not bound to it` };
  if (!readyToUse || !content.status?.readyToUse) return { problem: `${prefix}snapshot ${name} is not Ready` };
  const place = placeOfContent(content);
  if (content.spec.driver !== localProvisioner || !place)
    return { problem: `${prefix}the snapshot is of the driver ${content.spec.driver}, and the claim’s class of ${localProvisioner}` };
  const bytes = Number(content.status.restoreSize ?? 0);
  return { hostname: place.hostname, content: contentOfSnapshot(place), bytes, annotation: `snapshot:${place.file}` };
}

function fromClaim({ metadata: { namespace = '' } }: PersistentVolumeClaim, name: string, caches: Caches): ClaimSource | NoSource {
  const prefix = `error getting handle for DataSource Type PersistentVolumeClaim by Name ${name}: `;
  const source = caches.of(PersistentVolumeClaim).get(keyOf({ metadata: { namespace, name } }));
  if (!source)
    return {
      problem: `${prefix}error getting PVC ${name} (namespace ${namespace}) from api server: persistentvolumeclaims "${name}" not found`,
    };
  if (source.metadata.deletionTimestamp) return { problem: `${prefix}the PVC ${name} is being deleted` };
  if (source.status?.phase !== 'Bound') return { problem: `${prefix}the PVC ${name} is not bound` };
  const volume = caches.of(PersistentVolume).get(source.spec.volumeName ?? '');
  const [disk, hostname] = [volume && localDisk(volume), volume && hostnameOf(volume)];
  if (!disk || hostname === undefined)
    return { problem: `${prefix}its volume has no file of its own on a node, as those of ${localProvisioner} have` };
  return { hostname, content: disk.fileSystem, bytes: disk.bytes, annotation: `volume:${disk.path}` };
}

function fits(claim: PersistentVolumeClaim, source: ClaimSource | NoSource): ClaimSource | NoSource {
  if ('problem' in source) return source;
  const asked = parseQuantity(claim.spec.resources?.requests?.storage ?? '0').value();
  if (asked < source.bytes) return { problem: `requested volume size ${asked} is less than the size ${source.bytes} for the source` };
  const isBlock = claim.spec.volumeMode === 'Block';
  if (isBlock !== (source.content === 'raw')) {
    const modes = source.content === 'raw' ? 'Block, Destination Filesystem' : 'Filesystem, Destination Block';
    return { problem: `the source and destination PVCs must be the same volume mode for volume cloning.  Source ${modes}` };
  }
  return source;
}
