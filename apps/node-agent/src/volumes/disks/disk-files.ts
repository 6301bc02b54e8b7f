// The files that hold volumes: reserved in full before anything is written to them, given a file system, and only then under their own
// name. So a file of that name is whole, whenever the agent was killed; what was being made is in folders that the next start removes.
import type { Stats } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, truncate } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type DiskFileSystem, isSnapshotFile, type LocalDisk } from '@berth/api';
import type { RunCommand } from './run-command.ts';

/** What folders of something unfinished are called. */
export const unfinished = '.making-';
const blockBytes = 4096;
/** In which stat counts. */
const statBlockBytes = 512;

export interface DiskFilesOptions {
  directory: string;
  /** Bytes of a disk of that size that volumes leave to everything else. */
  reserved(diskBytes: number): number;
  /** For names of what is not finished. */
  randomName(): string;
  run: RunCommand;
}

export class DiskFiles {
  readonly #options: DiskFilesOptions;
  readonly #directory: string;
  #reserving: Promise<unknown> = Promise.resolve();
  #sharesBlocks: Promise<boolean> | undefined;

  constructor(options: DiskFilesOptions) {
    this.#options = options;
    this.#directory = resolve(options.directory);
  }

  /** Removes what an agent that was killed had begun in the folder, which is there. @param leftOver what else is to be put right about a folder of it, before it goes */
  async sweep(leftOver: (folder: string) => Promise<void>): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (!name.startsWith(unfinished)) continue;
      const folder = join(this.#directory, name);
      await leftOver(folder);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Whether a copy of a file can have the same blocks as the file, until one of them is written to. */
  sharesBlocks(): Promise<boolean> {
    this.#sharesBlocks ??= this.#trySharing();
    return this.#sharesBlocks;
  }

  /** What more volumes may take, in bytes. */
  async available(): Promise<number> {
    await mkdir(this.#directory, { recursive: true });
    const { bavail, blocks, bsize } = await statfs(this.#directory);
    return Math.max(0, bavail * bsize - this.#options.reserved(blocks * bsize) - (await this.#sharedBytes()));
  }

  /** With what they take already. What is unfinished counts for neither. */
  async capacity(): Promise<number> {
    let sum = await this.available();
    for (const name of await readdir(this.#directory)) {
      if (!name.endsWith('.img')) continue;
      sum += (await statIfThere(join(this.#directory, name)))?.size ?? 0;
    }
    return sum;
  }

  /**
   * Safe to repeat. @param fill writes what it begins with, in place of an empty file system
   * @throws Error when there is no room; nothing is left then
   */
  async make({ path, bytes, fileSystem }: LocalDisk, fill?: (file: string) => Promise<void>): Promise<void> {
    this.check(path);
    if (await exists(path)) return;
    await mkdir(this.#directory, { recursive: true });
    const folder = join(this.#directory, `${unfinished}${this.#options.randomName()}`);
    const file = join(folder, 'disk');
    try {
      await mkdir(folder, { mode: 0o700 });
      await (await open(file, 'wx', 0o600)).close();
      await this.reserve(file, bytes);
      if (fill) await fill(file);
      else if (fileSystem !== 'raw') await this.format(file, fileSystem);
      await sync(file);
      await rename(file, path);
      await sync(this.#directory);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Makes a file at least so large, all of it the file's own. One after another, so that two do not count on the same room. */
  reserve(file: string, bytes: number): Promise<void> {
    const reserved = this.#reserving.then(() => this.#reserve(file, bytes));
    this.#reserving = reserved.catch(() => undefined);
    return reserved;
  }

  /** Safe to repeat. @throws Error when there is no room; it is as large as before then */
  async grow(path: string, bytes: number): Promise<void> {
    this.check(path);
    const { size } = await stat(path);
    try {
      await this.reserve(path, Math.max(bytes, size));
    } catch (error) {
      await truncate(path, size);
      throw error;
    }
    await sync(path);
  }

  async remove(path: string): Promise<void> {
    this.check(path);
    await rm(path, { force: true });
  }

  async #reserve(file: string, bytes: number): Promise<void> {
    const [{ size }, available] = [await stat(file), await this.available()];
    const more = bytes - size;
    if (more > available) {
      const [needed, left] = [more, available].map((amount) => `${Math.ceil(amount / 2 ** 20)} MiB`);
      throw new Error(`not enough free storage: ${needed} more are needed, and volumes may take ${left} more of the node's disk`);
    }
    await this.#options.run('fallocate', ['--length', String(bytes), file]);
  }

  /** The root is open to all, as a folder's is, and holds nothing. Space that is given back would not be reserved any more. */
  async format(file: string, fileSystem: DiskFileSystem): Promise<void> {
    const { run } = this.#options;
    if (fileSystem === 'xfs') {
      const prototype = join(dirname(file), 'root');
      await using handle = await open(prototype, 'wx', 0o600);
      await handle.writeFile('-\n0 0\nd--777 0 0\n$\n');
      await run('mkfs.xfs', ['-q', '-K', '-p', prototype, file]);
      return;
    }
    const extended = 'nodiscard,assume_storage_prezeroed=1';
    await run('mkfs.ext4', ['-q', '-F', '-b', String(blockBytes), '-m', '0', '-E', extended, file]);
    await run('debugfs', ['-w', file], 'rmdir lost+found\nset_inode_field / mode 040777\n');
  }

  async #trySharing(): Promise<boolean> {
    const folder = join(this.#directory, `${unfinished}${this.#options.randomName()}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await using handle = await open(join(folder, 'one'), 'wx', 0o600);
      await handle.writeFile(Buffer.alloc(blockBytes, 1));
      await this.#options.run('cp', ['--reflink=always', join(folder, 'one'), join(folder, 'other')]);
      return true;
    } catch (error) {
      if (/not supported|Invalid argument|Inappropriate ioctl|cross-device/i.test((error as Error).message)) return false;
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** What writes to volumes take anew because snapshots have their blocks too. */
  async #sharedBytes(): Promise<number> {
    const names = (await readdir(this.#directory)).filter(isSnapshotFile);
    if (names.length === 0 || !(await this.sharesBlocks())) return 0;
    let sum = 0;
    for (const name of names) sum += ((await statIfThere(join(this.#directory, name)))?.blocks ?? 0) * statBlockBytes;
    return sum;
  }

  /** @throws Error for what is not a file of a volume of this node */
  check(path: string): void {
    if (dirname(resolve(path)) !== this.#directory) throw new Error(`${path} is not in this node's folder of volumes, ${this.#directory}`);
  }
}

/** What is in the folder may go meanwhile. */
function statIfThere(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
}

export async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

export async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
