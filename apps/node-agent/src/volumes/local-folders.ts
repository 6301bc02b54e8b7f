// The folders of local PersistentVolumes below the agent's own `volumes` folder: made when a pod first uses one, deleted when it is
// released. One volume may lie inside of another's folder, whose containers can swap its path, so paths are walked by descriptors.
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { bindMount, DirectoryHandle, descriptorPath, mountsBelow, unmountBelow } from '@berth/runtime';

export class LocalFolders {
  readonly #root: string;

  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** Whether the folder is the agent's to make and to delete. */
  holds(path: string): boolean {
    return resolve(path).startsWith(`${this.#root}/`);
  }

  /**
   * Makes the folder, open to all, if it is not there.
   * @param own where it is mounted when containers of another volume could change its path
   * @returns the path to give to containers
   */
  async provide(path: string, own: string): Promise<string> {
    await mkdir(this.#root, { recursive: true });
    const [parents, last] = this.#names(path);
    // The root itself may be a link to another disk.
    await using folder = await DirectoryHandle.openBelow(this.#root, parents, 0o755);
    await using made = await folder.makeDirectory(last, 0o777);
    if (parents.length === 0) return resolve(path);
    if ((await mountsBelow(own)).includes(own)) return own;
    await mkdir(own, { recursive: true });
    await using held = await made.pinSelf();
    await bindMount(descriptorPath(held, process.pid), own);
    return own;
  }

  /** With everything in it; what is not below the root stays. */
  async remove(path: string): Promise<void> {
    if (!this.holds(path)) return;
    const [parents, last] = this.#names(path);
    await unmountBelow(resolve(path));
    try {
      await using folder = await DirectoryHandle.openBelow(this.#root, parents);
      await folder.remove(last);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #names(path: string): [string[], string] {
    const names = resolve(path)
      .slice(this.#root.length + 1)
      .split('/');
    return [names.slice(0, -1), names.at(-1) ?? ''];
  }
}
