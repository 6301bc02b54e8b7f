// Volumes that are a file system of their own: made when their object asks for it, mounted for each pod, removed with everything that
// still shows them. What concerns one volume is done one after another.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type DiskSource, diskFileSystems, type LocalDisk, mountOptionProblem, type PersistentVolume } from '@berth/api';
import { KeyedMutex } from '@berth/telemetry';
import type { TakenSnapshot } from '../volume-manager.ts';
import { BlockDevices } from './block-devices.ts';
import { DiskArchives, type IncomingArchive } from './disk-archives.ts';
import { DiskCopies } from './disk-copies.ts';
import { DiskFiles, type DiskFilesOptions } from './disk-files.ts';
import { DiskMounts } from './disk-mounts.ts';
import { programsEnded } from './run-command.ts';

const toolFolders = ['/usr/sbin', '/sbin'];

/** What this machine can make volumes of; none where there are no loop devices. */
export function fileSystemsHere(): string[] {
  if (!existsSync('/dev/loop-control')) return [];
  return diskFileSystems.filter((name) => toolFolders.some((folder) => existsSync(`${folder}/mkfs.${name}`)));
}

export interface LocalDisksOptions extends DiskFilesOptions {
  /** Below which all mounts of volumes are. */
  podsRoot: string;
  /** For how long writes to a volume may be paused while it is copied. */
  pauseSecondsMax?: number;
}

const pauseSecondsMaxByDefault = 30;

export class LocalDisks {
  readonly #files: DiskFiles;
  readonly #mounts: DiskMounts;
  readonly #copies: DiskCopies;
  readonly #archives: DiskArchives;
  readonly #devices: BlockDevices;
  readonly #podsRoot: string;
  readonly #directory: string;
  readonly #mutex = new KeyedMutex();

  constructor(options: LocalDisksOptions) {
    this.#files = new DiskFiles(options);
    this.#mounts = new DiskMounts(options.run);
    const { podsRoot, pauseSecondsMax = pauseSecondsMaxByDefault } = options;
    this.#copies = new DiskCopies({ ...options, files: this.#files, mounts: this.#mounts, pauseSecondsMax });
    this.#archives = new DiskArchives({ ...options, files: this.#files });
    this.#podsRoot = podsRoot;
    this.#directory = options.directory;
    this.#devices = new BlockDevices(this.#mounts, podsRoot);
  }

  /** Puts away what an agent that was killed left. */
  async sweep(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    await programsEnded(this.#directory);
    await this.#files.sweep((folder) => this.#copies.putRight(folder));
  }

  /** Bytes that volumes take and may take. */
  capacity(): Promise<number> {
    return this.#files.capacity();
  }

  make(disk: LocalDisk): Promise<void> {
    const { source, fileSystem } = disk;
    const fill = source && ((file: string) => this.#from(source, () => this.#copies.fill(source, file, fileSystem === 'raw')));
    return this.#inTurn(disk.path, () => this.#files.make(disk, fill));
  }

  /** Safe to repeat. @param volume the file of a volume; absent: the snapshot has to be there already */
  async takeSnapshot(name: string, volume: string | undefined): Promise<TakenSnapshot> {
    if (volume !== undefined) this.#files.check(volume);
    let facts: TakenSnapshot | undefined;
    const take = async () => {
      facts = await this.#copies.snapshot(name, volume, name.endsWith('.raw'));
    };
    await this.#inTurn(name, () => (volume === undefined ? take() : this.#inTurn(volume, take)));
    if (!facts) throw new Error(`the snapshot ${name} was not taken`);
    return facts;
  }

  readSnapshot(name: string, write: (archive: Readable) => Promise<void>): Promise<void> {
    return this.#inTurn(name, () => this.#archives.read(name, write));
  }

  writeSnapshot(name: string, archive: AsyncIterable<Uint8Array>, incoming: IncomingArchive): Promise<void> {
    return this.#inTurn(name, () => this.#archives.write(name, archive, incoming));
  }

  removeSnapshot(name: string): Promise<void> {
    return this.#inTurn(name, () => this.#copies.removeSnapshot(name));
  }

  /** Also while it is mounted. What is not mounted has its file system grown with its next mount. */
  grow({ path, fileSystem }: LocalDisk, bytes: number): Promise<void> {
    return this.#inTurn(path, async () => {
      await this.#files.grow(path, bytes);
      await this.#mounts.grow(path, fileSystem);
    });
  }

  /** @param target in the pod's folder */
  mount({ spec }: PersistentVolume, { path, fileSystem }: LocalDisk, target: string): Promise<void> {
    const options = (spec.mountOptions ?? []).flatMap((option) => option.split(',')).map((option) => option.trim());
    const problem = mountOptionProblem(options);
    if (problem) throw new Error(problem);
    return this.#inTurn(path, () => this.#mounts.mount(path, fileSystem, options, target));
  }

  /** @param link in the pod's folder @returns the path of the device that the volume is */
  async attach({ path }: LocalDisk, link: string): Promise<string> {
    let device = '';
    await this.#inTurn(path, async () => {
      device = await this.#devices.attach(path, link);
    });
    return device;
  }

  /** Lets go of what a pod that is gone had as devices, before its folder is removed. */
  async releaseDevices(uid: string): Promise<void> {
    for (const file of await this.#devices.files(uid)) await this.#inTurn(file, () => this.#devices.release(file, uid));
  }

  remove({ path }: LocalDisk): Promise<void> {
    return this.#inTurn(path, async () => {
      await this.#mounts.release(path, this.#podsRoot);
      await this.#files.remove(path);
    });
  }

  #from(source: DiskSource, task: () => Promise<void>): Promise<void> {
    if ('volume' in source) this.#files.check(source.volume);
    return this.#inTurn('volume' in source ? source.volume : source.snapshot, task);
  }

  #inTurn(path: string, task: () => Promise<void>): Promise<void> {
    return this.#mutex.run(path, task);
  }
}
