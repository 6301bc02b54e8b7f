// The kinds of snapshot.storage.k8s.io/v1 as far as Berth's controllers read and write them, and the words that they share with upstream's
// snapshot controller: finalizers, annotations, and how Berth's own snapshots are named. The API serves them as custom resources.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import type { DiskContent } from '../local-disks.ts';

export const snapshotGroup = 'snapshot.storage.k8s.io';
export const snapshotApiVersion = `${snapshotGroup}/v1`;

export interface SnapshotError {
  message?: string;
  time?: string;
}

export interface VolumeSnapshot extends KubeObject {
  spec: { source: { persistentVolumeClaimName?: string; volumeSnapshotContentName?: string }; volumeSnapshotClassName?: string };
  status?: {
    boundVolumeSnapshotContentName?: string;
    creationTime?: string;
    readyToUse?: boolean;
    /** A quantity. */
    restoreSize?: string;
    error?: SnapshotError | null;
  };
}

export interface VolumeSnapshotContent extends KubeObject {
  spec: {
    deletionPolicy: 'Delete' | 'Retain';
    driver: string;
    source: { volumeHandle?: string; snapshotHandle?: string };
    sourceVolumeMode?: string;
    volumeSnapshotClassName?: string;
    volumeSnapshotRef: { apiVersion?: string; kind?: string; namespace?: string; name?: string; uid?: string };
  };
  status?: {
    /** Nanoseconds since 1970. */
    creationTime?: number | bigint;
    readyToUse?: boolean;
    /** In bytes. */
    restoreSize?: number | bigint;
    snapshotHandle?: string;
    error?: SnapshotError | null;
  };
}

export interface VolumeSnapshotClass extends KubeObject {
  driver: string;
  deletionPolicy: 'Delete' | 'Retain';
  parameters?: Record<string, string>;
}

export const snapshotBoundFinalizer = 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection';
export const snapshotSourceFinalizer = 'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection';
export const contentFinalizer = 'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection';
/** Of a claim of which a snapshot is being taken. */
export const claimSourceFinalizer = 'snapshot.storage.kubernetes.io/pvc-as-source-protection';
/** Of a claim that another one is being made from. */
export const cloneSourceFinalizer = 'provisioner.storage.kubernetes.io/cloning-protection';
export const defaultSnapshotClassAnnotation = 'snapshot.storage.kubernetes.io/is-default-class';
/** Of a content whose snapshot is being deleted: what it holds may go. */
export const beingDeletedAnnotation = 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted';
/** Of a content: how often its node was asked again after it failed. */
export const attemptAnnotation = 'berth.io/snapshot-attempt';
/** Of a content that is to be taken: the node (its host name), and what is in the volume's file and which it is, `ext4:PATH`. */
export const snapshotNodeAnnotation = 'berth.io/snapshot-node';
export const snapshotVolumeAnnotation = 'berth.io/snapshot-volume';

const fileName = /^snapshot-[a-z0-9-]{1,100}\.(ext4|xfs|raw)$/;

/** Whether a file in a node's folder of volumes is a snapshot. */
export function isSnapshotFile(name: string): boolean {
  return fileName.test(name);
}

export function isSnapshotContent({ group, kind }: Pick<KindDefinition, 'group' | 'kind'>): boolean {
  return group === snapshotGroup && kind === 'VolumeSnapshotContent';
}

export interface SnapshotPlace {
  /** Of the node: its host name. */
  hostname: string;
  file: string;
}

/** A handle of Berth's driver: node and file. Undefined for what is none. */
export function snapshotPlace(handle: string | undefined): SnapshotPlace | undefined {
  const [, hostname = '', file = ''] = /^([^/]+)\/([^/]+)$/.exec(handle ?? '') ?? [];
  return isSnapshotFile(file) ? { hostname, file } : undefined;
}

export function snapshotHandle({ hostname, file }: SnapshotPlace): string {
  return `${hostname}/${file}`;
}

/** Where a content's snapshot is, or is going to be; undefined while that is not known. */
export function placeOfContent({ metadata, spec, status }: VolumeSnapshotContent): SnapshotPlace | undefined {
  const known = snapshotPlace(spec.source.snapshotHandle ?? status?.snapshotHandle);
  if (known || spec.source.snapshotHandle) return known;
  const { [snapshotNodeAnnotation]: hostname } = metadata.annotations ?? {};
  const volume = volumeOfContent({ metadata, spec });
  return hostname && volume ? { hostname, file: `snapshot-${metadata.uid}.${volume.content}` } : undefined;
}

/** The volume that it is, or is going to be, taken of; undefined for one that was there before its object. */
export function volumeOfContent({
  metadata,
}: Pick<VolumeSnapshotContent, 'metadata' | 'spec'>): { content: DiskContent; path: string } | undefined {
  const [, content, path = ''] = /^(ext4|xfs|raw):(.+)$/.exec(metadata.annotations?.[snapshotVolumeAnnotation] ?? '') ?? [];
  return content === undefined ? undefined : { content: content as DiskContent, path };
}

/** What is in the snapshot. */
export function contentOfSnapshot({ file }: SnapshotPlace): DiskContent {
  return fileName.exec(file)?.[1] as DiskContent;
}

/** Whether what the content holds may be removed, or let go of: its snapshot is being deleted, or it never had one. */
export function mayLetGo({ metadata, spec }: VolumeSnapshotContent): boolean {
  if (!metadata.deletionTimestamp) return false;
  return metadata.annotations?.[beingDeletedAnnotation] !== undefined || !spec.volumeSnapshotRef.uid;
}

/** Whether its node has something to do about it. */
export function snapshotDue(content: VolumeSnapshotContent): 'take' | 'remove' | undefined {
  const { metadata, spec, status } = content;
  if (!metadata.deletionTimestamp) return status?.readyToUse ? undefined : 'take';
  const isHeld = metadata.finalizers?.includes(contentFinalizer) ?? false;
  return isHeld && spec.deletionPolicy === 'Delete' && mayLetGo(content) ? 'remove' : undefined;
}
