// Volumes that are a file system of their own: made when their object asks for it, mounted for each pod, removed with everything that
// still shows them. What concerns one volume is done one after another.
import { existsSync } from 'node:fs';
import { diskFileSystems, type LocalDisk, mountOptionProblem, type PersistentVolume } from '@berth/api';
import { DiskFiles, type DiskFilesOptions } from './disk-files.ts';
import { DiskMounts } from './disk-mounts.ts';

const toolFolders = ['/usr/sbin', '/sbin'];

/** What this machine can make volumes of; none where there are no loop devices. */
export function fileSystemsHere(): string[] {
  if (!existsSync('/dev/loop-control')) return [];
  return diskFileSystems.filter((name) => toolFolders.some((folder) => existsSync(`${folder}/mkfs.${name}`)));
}

export interface LocalDisksOptions extends DiskFilesOptions {
  /** Below which all mounts of volumes are. */
  podsRoot: string;
}

export class LocalDisks {
  readonly #files: DiskFiles;
  readonly #mounts: DiskMounts;
  readonly #podsRoot: string;
  readonly #turns = new Map<string, Promise<void>>();

  constructor(options: LocalDisksOptions) {
    this.#files = new DiskFiles(options);
    this.#mounts = new DiskMounts(options.run);
    this.#podsRoot = options.podsRoot;
  }

  /** Puts away what an agent that was killed left. */
  sweep(): Promise<void> {
    return this.#files.sweep();
  }

  /** Bytes that volumes take and may take. */
  capacity(): Promise<number> {
    return this.#files.capacity();
  }

  make(disk: LocalDisk): Promise<void> {
    return this.#inTurn(disk.path, () => this.#files.make(disk));
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

  remove({ path }: LocalDisk): Promise<void> {
    return this.#inTurn(path, async () => {
      await this.#mounts.release(path, this.#podsRoot);
      await this.#files.remove(path);
    });
  }

  async #inTurn(path: string, task: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(path) ?? Promise.resolve()).then(task, task);
    this.#turns.set(path, turn);
    try {
      await turn;
    } finally {
      if (this.#turns.get(path) === turn) this.#turns.delete(path);
    }
  }
}
