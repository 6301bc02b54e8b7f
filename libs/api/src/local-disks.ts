// Volumes of the class `local` that are a file system of their own: a file on one node, reserved in full, which the node's agent makes when
// the volume's object asks for it and mounts for each pod. Volumes of earlier versions are folders: they name no file system.
import { parseQuantity } from '@berth/machinery';
import type { PersistentVolume } from './generated/core-v1.types.ts';

export const localProvisioner = 'berth.io/local';
/** Of volumes whose data an agent has to remove. */
export const localVolumeFinalizer = 'berth.io/local-volume';
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by';
/** Of a node: with which file systems its agent makes volumes, as `ext4,xfs`. Absent, volumes are folders. */
export const volumeFileSystemsAnnotation = 'berth.io/volume-file-systems';
/** Of a node: how much its agent has for volumes in all, those that there are included. */
export const volumesCapacityAnnotation = 'berth.io/volumes-capacity';
/** Of a volume: how far its file is. */
export const diskStateAnnotation = 'berth.io/disk';
/** Of a volume that is to be larger than it is: its size then. */
export const diskSizeAnnotation = 'berth.io/disk-size';
/** Of a volume that its node refused to make, or to make larger: why. */
export const diskRefusalAnnotation = 'berth.io/disk-refusal';

/** Of a volume that does not begin empty: what it is a copy of, `snapshot:FILE` or `volume:PATH`, on the same node. */
export const diskSourceAnnotation = 'berth.io/disk-source';

/** The file is to be made by the agent; it is there; there is nothing of it, and will not be. */
export type DiskState = 'wanted' | 'made' | 'refused';

export const diskFileSystems = ['ext4', 'xfs'] as const;
export type DiskFileSystem = (typeof diskFileSystems)[number];
/** What is in a volume's file; what is in a block volume is the affair of its pods. */
export type DiskContent = DiskFileSystem | 'raw';

/** What the tools of each make a sound file system of, journal included. */
const bytesMin: Record<DiskContent, number> = { ext4: 16 * 2 ** 20, xfs: 300 * 2 ** 20, raw: 4096 };
const blockBytes = 4096;

/** What a volume is a copy of: a snapshot, by the name of its file, or a volume, by its path. */
export type DiskSource = { snapshot: string } | { volume: string };

export interface LocalDisk {
  /** The file. */
  path: string;
  fileSystem: DiskContent;
  bytes: number;
  state: DiskState;
  /** Absent: it begins empty. */
  source?: DiskSource;
  /** What it is to be made, where that is larger and not refused. */
  growsTo?: number;
}

/** Undefined for every other volume. */
export function localDisk({ metadata, spec }: PersistentVolume): LocalDisk | undefined {
  const { [provisionedByAnnotation]: by, [diskStateAnnotation]: state, [diskSizeAnnotation]: size } = metadata.annotations ?? {};
  const fileSystem = spec.volumeMode === 'Block' ? 'raw' : diskFileSystems.find((name) => name === spec.local?.fsType);
  if (by !== localProvisioner || !spec.local || !fileSystem) return undefined;
  const bytes = parseQuantity(spec.capacity?.storage ?? '0').toNumber();
  const grown = size !== undefined && metadata.annotations?.[diskRefusalAnnotation] === undefined ? parseQuantity(size).value() : 0;
  return {
    ...{ path: spec.local.path, fileSystem, bytes },
    ...sourceOf(metadata.annotations?.[diskSourceAnnotation]),
    ...(grown > bytes && { growsTo: grown }),
    state: state === 'wanted' || state === 'refused' ? state : 'made',
  };
}

function sourceOf(text = ''): { source?: DiskSource } {
  const [, kind, name = ''] = /^(snapshot|volume):(.+)$/.exec(text) ?? [];
  if (kind === undefined) return {};
  return { source: kind === 'snapshot' ? { snapshot: name } : { volume: name } };
}

/** Whether the volume's node has to make it, or to make it larger. */
export function isDiskDue(volume: PersistentVolume): boolean {
  const disk = localDisk(volume);
  return disk?.state === 'wanted' || disk?.growsTo !== undefined;
}

/** What a claim gets that asks for so much: whole blocks, and no less than the file system needs. */
export function diskBytes(asked: number, fileSystem: DiskContent): number {
  return Math.max(Math.ceil(asked / blockBytes) * blockBytes, bytesMin[fileSystem]);
}

/** Options that are mount's own, which would say what is mounted rather than how; and what gives reserved space back. */
const refusedOption = /^(loop|offset|sizelimit|r?bind|remount|move|(r?(shared|slave|private|unbindable))|u?helper|x-.*|discard)(=|$)/i;

/** Why a volume cannot be mounted with these options; undefined when the kernel may decide. */
export function mountOptionProblem(options: readonly string[]): string | undefined {
  const refused = options.flatMap((option) => option.split(',')).find((option) => refusedOption.test(option.trim()));
  if (refused === undefined) return undefined;
  const reason = refused.startsWith('discard') ? 'its space is reserved' : 'it says what is mounted, not how';
  return `mount option ${JSON.stringify(refused)} is not supported for volumes of ${localProvisioner}: ${reason}`;
}
