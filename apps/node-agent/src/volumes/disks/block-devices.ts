// Block volumes: the file of a volume as a device, for as long as a pod is there that asks for it. A pod's folder has a link to the file,
// so that after a crash it is known who uses which; which device it is, the kernel knows.
import { mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DiskMounts } from './disk-mounts.ts';

export class BlockDevices {
  readonly #mounts: DiskMounts;
  readonly #podsRoot: string;

  constructor(mounts: DiskMounts, podsRoot: string) {
    this.#mounts = mounts;
    this.#podsRoot = podsRoot;
  }

  /** Safe to repeat. @param link in the pod's folder, noted before there is a device @returns the device's path */
  async attach(file: string, link: string): Promise<string> {
    await mkdir(dirname(link), { recursive: true });
    await symlink(file, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    return this.#mounts.attach(file);
  }

  /** Lets go of a file's device unless another pod has it, too. */
  async release(file: string, uid: string): Promise<void> {
    for (const other of await entries(this.#podsRoot)) {
      if (other !== uid && (await this.files(other)).includes(file)) return;
    }
    await this.#mounts.detach(file);
  }

  /** Those that a pod has as devices. */
  async files(uid: string): Promise<string[]> {
    const folder = join(this.#podsRoot, uid, 'volumes');
    const targets = await Promise.all((await entries(folder)).map((name) => linkTarget(join(folder, name))));
    return targets.filter((target) => target !== undefined);
  }
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (['EINVAL', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
