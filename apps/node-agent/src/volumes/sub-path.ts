// A path inside a volume for one container (`subPath`). The volume's content belongs to its pods, which may put links into it and
// swap them at any time. So the path is walked by descriptors, one name at a time and following links only within the volume,
// and what was reached is bound to a place of the pod's own, which is what the runtime is given: nobody looks the path up again.
import { type FileHandle, mkdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bindMount, DirectoryHandle, descriptorPath, unmountBelow } from '@berth/runtime';

/** As many as Linux follows in one path. */
const linksMax = 40;

/**
 * Mounts what the path leads to at `target`, in place of what an earlier start mounted there. Folders are made, as open as the
 * volume itself, where there is nothing.
 * @param target outside of what any container sees
 * @throws Error when the path would leave the volume
 */
export async function bindSubPath(volume: string, subPath: string, target: string): Promise<void> {
  await using found = await openSubPath(volume, subPath);
  await unmountBelow(target);
  await makeTarget(target, (await found.stat()).isDirectory());
  await bindMount(descriptorPath(found, process.pid), target);
}

/** Holds what the path leads to, whatever it is, without opening it. */
export async function openSubPath(volume: string, subPath: string): Promise<FileHandle> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) throw new Error(`subPath "${subPath}" must stay inside its volume`);
  const walk = new Walk(await DirectoryHandle.open(volume, { followsLinks: true }), subPath);
  try {
    return await walk.run();
  } finally {
    await walk.close();
  }
}

/** `..` goes back to the descriptor that was held before: what a folder was moved into meanwhile is never asked. */
class Walk {
  readonly #root: DirectoryHandle;
  readonly #subPath: string;
  readonly #names: string[];
  readonly #below: DirectoryHandle[] = [];
  #links = 0;

  constructor(root: DirectoryHandle, subPath: string) {
    this.#root = root;
    this.#subPath = subPath;
    this.#names = subPath.split('/');
  }

  get #current(): DirectoryHandle {
    return this.#below.at(-1) ?? this.#root;
  }

  async run(): Promise<FileHandle> {
    for (let name = this.#names.shift(); name !== undefined; name = this.#names.shift()) {
      if (name === '' || name === '.') continue;
      if (name === '..') await this.#up();
      else {
        const end = await this.#enter(name);
        if (end) return end;
      }
    }
    // Another descriptor, as those of the walk are closed.
    return await this.#current.pinSelf();
  }

  async close(): Promise<void> {
    for (const folder of [...this.#below, this.#root]) await folder.close();
  }

  async #up(): Promise<void> {
    const left = this.#below.pop();
    if (!left) throw this.#leaves('/');
    await left.close();
  }

  /** Returns what is no folder, when the path ends there. */
  async #enter(name: string): Promise<FileHandle | undefined> {
    const found = await this.#current.lstat(name);
    if (found?.isSymbolicLink()) {
      await this.#follow(name);
      return undefined;
    }
    if (!found || found.isDirectory()) {
      this.#below.push(found ? await this.#current.directory(name) : await this.#makeFolder(name));
      return undefined;
    }
    if (this.#names.some((rest) => rest !== '' && rest !== '.')) throw new Error(`${this.#shown(name)} is not a folder`);
    return this.#pinFile(name);
  }

  async #pinFile(name: string): Promise<FileHandle> {
    const pinned = await this.#current.pin(name);
    const now = await pinned.stat();
    if (!now.isSymbolicLink()) return pinned;
    await pinned.close();
    throw new Error(`${this.#shown(name)} became a link while it was opened`);
  }

  async #follow(name: string): Promise<void> {
    const target = await this.#current.readlink(name);
    if (target === undefined) throw new Error(`${this.#shown(name)} changed while it was opened`);
    if (++this.#links > linksMax) throw new Error(`subPath "${this.#subPath}" leads through more than ${linksMax} links`);
    this.#names.unshift(...(await this.#relative(target, name)).split('/'));
  }

  /** A link by an absolute path may lead into the volume again: then the walk starts anew. */
  async #relative(target: string, name: string): Promise<string> {
    if (!target.startsWith('/')) return target;
    const root = `${this.#root.shownPath}/`;
    if (!target.startsWith(root)) throw this.#leaves(this.#shown(name));
    while (this.#below.length > 0) await this.#up();
    return target.slice(root.length);
  }

  async #makeFolder(name: string): Promise<DirectoryHandle> {
    const { mode } = await this.#root.stat();
    return this.#current.makeDirectory(name, mode & 0o7777);
  }

  #shown(name: string): string {
    return `${this.#current.shownPath.slice(this.#root.shownPath.length)}/${name}`;
  }

  #leaves(where: string): Error {
    return new Error(`subPath "${this.#subPath}" leads out of its volume by a link in ${where === '/' ? where : dirname(where)}`);
  }
}

/** A mount needs something of its kind to be put on. */
async function makeTarget(target: string, isFolder: boolean): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await unlink(target).catch(ignore('ENOENT', 'EISDIR'));
  await rmdir(target).catch(ignore('ENOENT'));
  if (isFolder) await mkdir(target, { mode: 0o755 });
  else await writeFile(target, '', { mode: 0o644, flag: 'wx' });
}

function ignore(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error;
  };
}
