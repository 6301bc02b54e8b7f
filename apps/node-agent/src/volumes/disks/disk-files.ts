// The files that hold volumes: reserved in full before anything is written to them, given a file system, and only then under their own
// name. So a file of that name is whole, whenever the agent was killed; what was being made is in folders that the next start removes.
import { mkdir, open, readdir, rename, rm, stat, statfs, truncate } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { DiskFileSystem, LocalDisk } from '@berth/api';
import type { RunCommand } from './run-command.ts';

const unfinished = '.making-';
const blockBytes = 4096;

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

  constructor(options: DiskFilesOptions) {
    this.#options = options;
    this.#directory = resolve(options.directory);
  }

  /** Removes what an agent that was killed had begun. */
  async sweep(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    for (const name of await readdir(this.#directory)) {
      if (name.startsWith(unfinished)) await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  /** What more volumes may take, in bytes. */
  async available(): Promise<number> {
    await mkdir(this.#directory, { recursive: true });
    const { bavail, blocks, bsize } = await statfs(this.#directory);
    return Math.max(0, bavail * bsize - this.#options.reserved(blocks * bsize));
  }

  /** With what they take already. What is unfinished counts for neither. */
  async capacity(): Promise<number> {
    let sum = await this.available();
    for (const name of await readdir(this.#directory)) {
      if (!name.endsWith('.img')) continue;
      // One may go meanwhile.
      const info = await stat(join(this.#directory, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      sum += info?.size ?? 0;
    }
    return sum;
  }

  /** Safe to repeat. @throws Error when there is no room; nothing is left then */
  async make({ path, bytes, fileSystem }: LocalDisk): Promise<void> {
    this.#check(path);
    if (await exists(path)) return;
    await mkdir(this.#directory, { recursive: true });
    const folder = join(this.#directory, `${unfinished}${this.#options.randomName()}`);
    const file = join(folder, 'disk');
    try {
      await mkdir(folder, { mode: 0o700 });
      await (await open(file, 'wx', 0o600)).close();
      await this.reserve(file, bytes);
      await this.#format(file, fileSystem);
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
    this.#check(path);
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
    this.#check(path);
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
  async #format(file: string, fileSystem: DiskFileSystem): Promise<void> {
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

  #check(path: string): void {
    if (dirname(resolve(path)) !== this.#directory) throw new Error(`${path} is not in this node's folder of volumes, ${this.#directory}`);
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
