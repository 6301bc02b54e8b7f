// The volume port of a pod: folders on the host that stand for its volumes. Preparing is safe to repeat and brings
// config maps, secrets and downward files up to date; what a pod leaves behind is removed with it.
import type { Readable } from 'node:stream';
import type {
  ConfigMap,
  Container,
  CSIDriver,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Volume,
  VolumeAttachment,
} from '@berth/api';
import type { AccountToken, ClaimExpansion } from '@berth/protocol';
import type { NodeAllocatable } from '../pods/downward.ts';
import type { VolumeUsage } from './volume-usage.ts';

export interface VolumeSources {
  podIps: string[];
  hostIp: string;
  allocatable: NodeAllocatable;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
  claim(name: string): PersistentVolumeClaim | undefined;
  persistentVolume(name: string): PersistentVolume | undefined;
  /** Of the pod's service account. Rejects when it cannot be had now. */
  accountToken(audience: string, expirationSeconds: number): Promise<AccountToken>;
  /** That a PersistentVolume of the pod names, of any namespace. */
  volumeSecret(namespace: string, name: string): Secret | undefined;
  csiDriver(name: string): CSIDriver | undefined;
  volumeAttachment(name: string): VolumeAttachment | undefined;
  /** This one, as the API shows it: which volumes are attached to it. */
  node(): Node | undefined;
  /** A claim of the pod has become as large on this node as was asked, or why it cannot. */
  claimExpanded(report: Omit<ClaimExpansion, 'namespace'>): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** What could not be had at once is there now, or is not to be had: prepare again. */
  changed(): void;
}

export interface TakenSnapshot {
  /** Of the volume that it is of. */
  bytes: number;
  takenAtMs: number;
  /** For how long writes were paused; absent where it is not known any more. */
  pauseMs?: number;
}

export interface VolumeManager {
  /** Volume name → folder, file or block device on the host. @throws VolumeError when one cannot be had yet, VolumeWait when it is under way */
  prepare(pod: Pod, sources: VolumeSources): Promise<Map<string, string>>;
  /**
   * Copies what an image holds at the paths where a container mounts volumes into those that ask for it, once.
   * @param image as the runtime names it
   * @param paths what `prepare` returned
   * @returns the volumes that were filled @throws Error that names the volume and says why it cannot be filled
   */
  fill(pod: Pod, container: Container, image: string, paths: ReadonlyMap<string, string>, sources: VolumeSources): Promise<Volume[]>;
  /**
   * Shows what an image holds, read-only, until the pod is gone; safe to repeat.
   * @param image as the runtime names it @returns the folder on the host @throws Error in the kubelet's words
   */
  provideImage(pod: Pod, volume: string, image: string): Promise<string>;
  /** The folder for the pod's own small files: hosts file, termination messages. */
  podDirectory(uid: string): string;
  /**
   * Unmounts the volumes of a pod whose containers have ended, and gives back those of storage drivers; safe to repeat.
   * @throws Error as long as that is not done, which the pod's deletion waits for
   */
  release(uid: string): Promise<void>;
  /** Removes everything of a pod that is gone. */
  cleanUp(uid: string): Promise<void>;
  /** Pods that still have folders, for cleaning up after a crash. */
  knownPods(): Promise<string[]>;
  /** Makes the file of a volume that asks for it, or makes it larger; safe to repeat. @throws Error that says why it cannot be made; nothing of it is left */
  makeLocal(volume: PersistentVolume): Promise<void>;
  /** Safe to repeat. @param volume path of a volume's file; absent: it has to be there @throws Error that says why there is none; nothing of it is left */
  takeSnapshot(file: string, volume: string | undefined): Promise<TakenSnapshot>;
  removeSnapshot(file: string): Promise<void>;
  /** What it holds, as a tar archive. @param write reads it to its end @throws Error when the archive is not whole */
  readSnapshot(file: string, write: (archive: Readable) => Promise<void>): Promise<void>;
  /** A snapshot out of a tar archive. @param incoming bytes of the file system, and the archive's SHA-256 @throws Error; nothing is left then */
  writeSnapshot(file: string, archive: AsyncIterable<Uint8Array>, incoming: { bytes: number; sha256: string }): Promise<void>;
  /** Bytes that there are for local volumes in all, those that are here included; undefined where none are made with a size. */
  localCapacity(): Promise<number | undefined>;
  /** Of the pod's claims that are file systems of their own. */
  usage(pod: Pod): Promise<VolumeUsage[]>;
  /** Deletes a released local volume's data. */
  removeLocal(volume: PersistentVolume): Promise<void>;
}

/** A volume cannot be set up; shown in an event and tried again. */
export class VolumeError extends Error {
  /** Of the event. */
  readonly reason: string;

  /** @param failure what failed, as the kubelet calls it */
  constructor(volume: string, detail: string, options: ErrorOptions & { failure?: string; reason?: string } = {}) {
    const { failure = 'MountVolume.SetUp failed', reason = 'FailedMount', ...cause } = options;
    super(`${failure} for volume "${volume}" : ${detail}`, cause);
    this.name = 'VolumeError';
    this.reason = reason;
  }
}

/** A volume is being set up, or waits for the control plane; `changed` says when there is more to say. Nothing has failed. */
export class VolumeWait extends Error {
  /** The pod's names of those that it waits for. */
  readonly volumes: string[] = [];

  constructor(detail: string) {
    super(detail);
    this.name = 'VolumeWait';
  }
}
