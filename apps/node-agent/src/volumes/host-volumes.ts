// Volumes as folders of this host: emptyDir and projections below the pod's own folder, hostPath where it says, claims where
// their local PersistentVolume is or a storage driver puts it. Memory-backed emptyDirs are tmpfs mounts, which are unmounted with the pod.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Container,
  foreignClaim,
  type HostPathVolumeSource,
  localDisk,
  type PersistentVolume,
  type Pod,
  type Volume,
  volumeClaimName,
} from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import { DirectoryHandle, type ImageFiles, unmountBelow } from '@berth/runtime';
import { writeAtomically } from './atomic-directory.ts';
import type { CsiNode } from './csi/csi-node.ts';
import { fileSystemsHere, LocalDisks } from './disks/local-disks.ts';
import { awaitedCommand, runCommand } from './disks/run-command.ts';
import { ImageFilling } from './filling/image-filling.ts';
import { ImageMounts } from './image-mounts.ts';
import { LocalFolders } from './local-folders.ts';
import { NfsMounts, nfsHere } from './nfs/nfs-mounts.ts';
import { giveToGroup } from './ownership.ts';
import { projectedTokens } from './projected-tokens.ts';
import { projectedFiles } from './projections.ts';
import { type TakenSnapshot, VolumeError, type VolumeManager, type VolumeSources, VolumeWait } from './volume-manager.ts';
import { isMountPoint, type VolumeUsage, volumeUsage } from './volume-usage.ts';

const run = promisify(execFile);

export class HostVolumes implements VolumeManager {
  readonly #podsRoot: string;
  readonly #local: LocalFolders;
  readonly #disks: LocalDisks;
  readonly #nfs: NfsMounts;
  readonly #filling: ImageFilling | undefined;
  readonly #images: ImageMounts | undefined;
  readonly #csi: CsiNode | undefined;

  /**
   * @param dataDirectory pods' folders go to `pods/`, and only data below `volumes/` is ever deleted with its PersistentVolume
   * @param images absent where no container will start any more
   * @param reserved bytes of a disk of that size that volumes leave to everything else
   * @param csi absent where no storage driver is asked any more
   */
  constructor(dataDirectory: string, images?: ImageFiles, reserved: (diskBytes: number) => number = () => 0, csi?: CsiNode) {
    this.#csi = csi;
    this.#podsRoot = join(dataDirectory, 'pods');
    const directory = join(dataDirectory, 'volumes');
    this.#local = new LocalFolders(directory);
    this.#disks = new LocalDisks({ directory, reserved, podsRoot: this.#podsRoot, randomName: randomUUID, run: awaitedCommand(directory) });
    this.#nfs = new NfsMounts({ run: runCommand, ...nfsHere });
    const filling = { directory: join(dataDirectory, 'filled-volumes'), podDirectory: (uid: string) => this.podDirectory(uid) };
    this.#filling = images && new ImageFilling({ ...filling, images });
    this.#images = images && new ImageMounts(images, this.#podsRoot);
  }

  /** Puts away what an agent that was killed left of volumes that it made. */
  async start(): Promise<void> {
    await this.#disks.sweep();
    await this.#images?.sweep();
  }

  podDirectory(uid: string): string {
    return join(this.#podsRoot, uid);
  }

  async prepare(pod: Pod, sources: VolumeSources): Promise<Map<string, string>> {
    const paths = new Map<string, string>();
    await mkdir(this.podDirectory(pod.metadata.uid ?? ''), { recursive: true, mode: 0o755 });
    const errors: VolumeError[] = [];
    let wait: VolumeWait | undefined;
    for (const volume of pod.spec.volumes ?? []) {
      try {
        paths.set(volume.name, await this.#prepareOne(volume, pod, sources));
      } catch (error) {
        if (error instanceof VolumeWait) {
          wait ??= error;
          wait.volumes.push(volume.name);
        } else errors.push(error instanceof VolumeError ? error : new VolumeError(volume.name, (error as Error).message, { cause: error }));
      }
    }
    // One that cannot be had does not keep the others from following what they show.
    if (errors[0] ?? wait) throw errors[0] ?? wait;
    return paths;
  }

  async fill(pod: Pod, container: Container, image: string, paths: ReadonlyMap<string, string>, sources: VolumeSources): Promise<Volume[]> {
    const filled = (await this.#filling?.fill(pod, container, image, paths, sources)) ?? [];
    const groupId = pod.spec.securityContext?.fsGroup;
    // What came from the image has the image's owners.
    if (groupId !== undefined) for (const { name } of filled) await giveToGroup(paths.get(name) ?? '', groupId);
    return filled;
  }

  async provideImage(pod: Pod, volume: string, image: string): Promise<string> {
    if (!this.#images) throw new VolumeError(volume, 'no images are mounted any more');
    return this.#images.provide(pod.metadata.uid ?? '', volume, image);
  }

  /** Whoever sees that the pod is gone may mount its volumes as the first one. */
  async release(uid: string): Promise<void> {
    await this.#csi?.release(uid);
    await this.#nfs.release(this.podDirectory(uid));
    await unmountBelow(this.podDirectory(uid));
    await this.#disks.releaseDevices(uid);
  }

  async cleanUp(uid: string): Promise<void> {
    await this.release(uid);
    await this.#filling?.release(uid);
    await this.#images?.release(uid);
    await mkdir(this.#podsRoot, { recursive: true });
    await using pods = await DirectoryHandle.open(this.#podsRoot);
    await pods.remove(uid);
  }

  async knownPods(): Promise<string[]> {
    await mkdir(this.#podsRoot, { recursive: true });
    return readdir(this.#podsRoot);
  }

  async makeLocal(volume: PersistentVolume): Promise<void> {
    const disk = localDisk(volume);
    if (disk) await (disk.growsTo === undefined ? this.#disks.make(disk) : this.#disks.grow(disk, disk.growsTo));
  }

  takeSnapshot(file: string, volume: string | undefined): Promise<TakenSnapshot> {
    return this.#disks.takeSnapshot(file, volume);
  }

  readSnapshot(...args: Parameters<LocalDisks['readSnapshot']>): Promise<void> {
    return this.#disks.readSnapshot(...args);
  }

  writeSnapshot(...args: Parameters<LocalDisks['writeSnapshot']>): Promise<void> {
    return this.#disks.writeSnapshot(...args);
  }

  removeSnapshot(file: string): Promise<void> {
    return this.#disks.removeSnapshot(file);
  }

  async localCapacity(): Promise<number | undefined> {
    return fileSystemsHere().length > 0 ? this.#disks.capacity() : undefined;
  }

  async usage(pod: Pod): Promise<VolumeUsage[]> {
    const own = await volumeUsage(pod, join(this.podDirectory(pod.metadata.uid ?? ''), 'volumes'));
    return [...own, ...((await this.#csi?.usage(pod)) ?? [])];
  }

  async removeLocal(volume: PersistentVolume): Promise<void> {
    const disk = localDisk(volume);
    if (disk) await this.#disks.remove(disk);
    else await this.#local.remove(volume.spec.local?.path ?? '');
    await this.#filling?.forget(volume.metadata.uid ?? '');
  }

  async #prepareOne(volume: Volume, pod: Pod, sources: VolumeSources): Promise<string> {
    const own = join(this.podDirectory(pod.metadata.uid ?? ''), 'volumes', volume.name);
    const groupId = pod.spec.securityContext?.fsGroup;
    const files = projectedFiles(volume, pod, sources, await projectedTokens(volume, own, sources));
    if (files) {
      await writeAtomically(own, files, groupId);
      return own;
    }
    if (volume.hostPath)
      return hostPath({ ...volume.hostPath, path: this.#csi?.folder.onHost(volume.hostPath.path) ?? volume.hostPath.path });
    if (volume.csi && this.#csi) return this.#csi.provide(pod, volume, undefined, sources);
    if (volume.persistentVolumeClaim || volume.ephemeral) return this.#claim(pod, volume, own, sources);
    if (volume.nfs) {
      await this.#nfs.mount(volume.nfs, false, own);
      return own;
    }
    // Mounted once its image is there, when a container that mounts it starts.
    if (volume.image) return own;
    if (volume.emptyDir) return emptyDirectory(own, volume, groupId);
    throw new VolumeError(volume.name, 'this kind of volume is not supported on this node');
  }

  async #claim(pod: Pod, volume: Volume, own: string, sources: VolumeSources): Promise<string> {
    const name = volumeClaimName(pod, volume) ?? '';
    const claim = sources.claim(name);
    if (!claim) throw new VolumeError(volume.name, `persistentvolumeclaim "${name}" not found`);
    const foreign = volume.ephemeral && foreignClaim(claim, pod);
    if (foreign) throw new VolumeError(volume.name, foreign);
    const bound = claim.spec.volumeName ? sources.persistentVolume(claim.spec.volumeName) : undefined;
    if (!bound) throw new VolumeError(volume.name, `persistentvolumeclaim "${name}" is not bound yet`);
    const mode = bound.spec.volumeMode || 'Filesystem';
    const wrong = wrongUse(pod, volume.name, mode);
    if (wrong) throw new VolumeError(volume.name, `volume ${volume.name} has volumeMode ${mode}, but is specified in ${wrong}`);
    if (bound.spec.csi && this.#csi) return this.#csi.provide(pod, volume, { claim, volume: bound }, sources);
    if (bound.spec.nfs) {
      await this.#nfs.mount(bound.spec.nfs, volume.persistentVolumeClaim?.readOnly === true, own, bound);
      return own;
    }
    const path = bound.spec.local?.path ?? bound.spec.hostPath?.path;
    if (!path) throw new VolumeError(volume.name, `persistent volume "${bound.metadata.name}" is of a kind that this node cannot mount`);
    if (mode === 'Block') return this.#device(bound, path, own);
    const groupId = pod.spec.securityContext?.fsGroup;
    const given = await this.#provide(bound, path, own);
    await stat(given);
    // A hostPath volume belongs to the host, whatever a pod's fsGroup is.
    if (groupId !== undefined && bound.spec.local) await giveToGroup(given, groupId);
    return given;
  }

  /** @returns the device's path */
  async #device(volume: PersistentVolume, path: string, own: string): Promise<string> {
    const disk = localDisk(volume);
    if (disk) return this.#disks.attach(disk, own);
    if (!(await stat(path)).isBlockDevice()) throw new Error(`${path} is not a block device`);
    return path;
  }

  /** @returns where it is for containers */
  async #provide(volume: PersistentVolume, path: string, own: string): Promise<string> {
    const disk = localDisk(volume);
    if (!disk) return this.#local.holds(path) ? this.#local.provide(path, own) : path;
    await this.#disks.mount(volume, disk, own);
    return own;
  }
}

/** The list of a container that names the volume and takes none of this mode. */
function wrongUse({ spec }: Pod, volume: string, mode: string): string | undefined {
  const list = mode === 'Block' ? 'volumeMounts' : 'volumeDevices';
  const containers = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  return containers.some((container) => container[list]?.some(({ name }) => name === volume)) ? list : undefined;
}

/** Its owner and mode are set when it is made: from then on they are the pod's affair. */
async function emptyDirectory(path: string, volume: Volume, groupId: number | undefined): Promise<string> {
  const isNew = (await mkdir(path, { recursive: true })) !== undefined;
  if (volume.emptyDir?.medium === 'Memory' && !(await isMountPoint(path))) {
    const limit = volume.emptyDir.sizeLimit ? [`size=${Math.ceil(parseQuantity(String(volume.emptyDir.sizeLimit)).toNumber())}`] : [];
    await run('mount', ['-t', 'tmpfs', '-o', ['mode=777', 'nosuid', 'nodev', ...limit].join(','), 'tmpfs', path]);
  } else if (isNew) await chmod(path, 0o777);
  if (groupId !== undefined) await giveToGroup(path, groupId);
  return path;
}

async function hostPath(source: HostPathVolumeSource): Promise<string> {
  const { path, type = '' } = source;
  const found = await lstatOrNothing(path);
  switch (type) {
    case '':
      return path;
    case 'DirectoryOrCreate':
      if (!found) await mkdir(path, { recursive: true, mode: 0o755 });
      else if (!found.isDirectory()) throw new Error(`hostPath type check failed: ${path} is not a directory`);
      return path;
    case 'FileOrCreate':
      if (!found) await writeFile(path, '', { flag: 'a', mode: 0o644 });
      else if (!found.isFile()) throw new Error(`hostPath type check failed: ${path} is not a file`);
      return path;
    default: {
      const checks: Record<string, [boolean | undefined, string]> = {
        Directory: [found?.isDirectory(), 'a directory'],
        File: [found?.isFile(), 'a file'],
        Socket: [found?.isSocket(), 'a socket file'],
        CharDevice: [found?.isCharacterDevice(), 'a character device'],
        BlockDevice: [found?.isBlockDevice(), 'a block device'],
      };
      const [holds, what] = checks[type] ?? [false, `of the unknown type ${type}`];
      if (!holds) throw new Error(`hostPath type check failed: ${path} is not ${what}`);
      return path;
    }
  }
}

async function lstatOrNothing(path: string) {
  try {
    const link = await lstat(path);
    return link.isSymbolicLink() ? await stat(path) : link;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
