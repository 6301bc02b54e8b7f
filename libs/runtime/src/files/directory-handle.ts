// A folder that a container can change while the agent works in it. A path is never looked up twice: the folder is held by a
// descriptor, and every operation names one entry of it (openat, unlinkat … by way of /proc/self/fd) and follows no link. So
// whatever a container swaps meanwhile, what is read, written, given away or deleted is in this folder and nowhere else.
import type { Dirent, Stats } from 'node:fs';
import { constants } from 'node:fs';
import { chmod, type FileHandle, lchown, lstat, mkdir, open, opendir, readFile, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { removeTree } from './remove-tree.ts';

/** Linux' O_PATH, which Node does not name: the file itself, neither read nor opened, whatever it is (a device, a pipe). */
const pathOnly = 0o10000000;
const noFollow = constants.O_NOFOLLOW;

export interface NewFile {
  mode: number;
  /** Root's when absent. */
  userId?: number;
  groupId?: number;
}

export class DirectoryHandle implements AsyncDisposable {
  readonly #handle: FileHandle;
  /** For messages only. */
  readonly #shownPath: string;

  constructor(handle: FileHandle, shownPath: string) {
    this.#handle = handle;
    this.#shownPath = shownPath;
  }

  /**
   * By a path that no container can change, up to and including its last name.
   * @param followsLinks also the last name may be a link, as those of the host's own folders may
   */
  static async open(path: string, { followsLinks = false } = {}): Promise<DirectoryHandle> {
    return new DirectoryHandle(await open(path, pathOnly | constants.O_DIRECTORY | (followsLinks ? 0 : noFollow)), path);
  }

  /**
   * A folder below one whose path no container can change, going down name by name.
   * @param madeMode of folders that are missing; absent fails with ENOENT
   */
  static async openBelow(root: string, names: string[], madeMode?: number): Promise<DirectoryHandle> {
    let folder = await DirectoryHandle.open(root, { followsLinks: true });
    for (const name of names) {
      await using above = folder;
      folder = madeMode === undefined ? await above.directory(name) : await above.makeDirectory(name, madeMode);
    }
    return folder;
  }

  /** The folder itself for calls that take a path: the kernel goes to the descriptor, not along a path. */
  get path(): string {
    return descriptorPath(this.#handle);
  }

  get shownPath(): string {
    return this.#shownPath;
  }

  /** @throws Error for what is not a single name */
  entry(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
      throw new Error(`${JSON.stringify(name)} is not the name of an entry of ${this.#shownPath}`);
    }
    return `${this.path}/${name}`;
  }

  stat(): Promise<Stats> {
    return this.#handle.stat();
  }

  chmod(mode: number): Promise<void> {
    return chmod(this.path, mode);
  }

  /** Undefined when there is no such entry. */
  lstat(name: string): Promise<Stats | undefined> {
    return this.#named(unlessMissing(lstat(this.entry(name))));
  }

  /** Where a link points; undefined for what is missing or no link. */
  readlink(name: string): Promise<string | undefined> {
    return this.#named(unlessMissing(readlink(this.entry(name)), 'EINVAL'));
  }

  /** An entry held without opening it; for a link, the link. The caller closes it. */
  pin(name: string): Promise<FileHandle> {
    return this.#named(open(this.entry(name), pathOnly | noFollow));
  }

  /** The folder itself, held once more. The caller closes it. */
  pinSelf(): Promise<FileHandle> {
    return this.#named(open(`${this.path}/.`, pathOnly | constants.O_DIRECTORY));
  }

  /** @throws ENOTDIR for what is no folder, a link to one among them */
  async directory(name: string): Promise<DirectoryHandle> {
    return new DirectoryHandle(await this.#named(open(this.entry(name), pathOnly | constants.O_DIRECTORY | noFollow)), this.#shown(name));
  }

  /** The folder of that name, made with exactly this mode if it is not there. */
  async makeDirectory(name: string, mode: number): Promise<DirectoryHandle> {
    const isNew = await this.#named(mkdir(this.entry(name), { mode: mode & 0o777 }).then(() => true, alreadyThere));
    const made = await this.directory(name);
    if (!isNew) return made;
    try {
      await made.chmod(mode);
      return made;
    } catch (error) {
      await made.close();
      throw error;
    }
  }

  /** @throws EEXIST when there is anything of that name */
  async createFile(name: string, data: Uint8Array, { mode, userId = 0, groupId = 0 }: NewFile): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
    await using file = await this.#named(open(this.entry(name), flags, 0o600));
    await file.writeFile(data);
    if (userId !== 0 || groupId !== 0) await file.chown(userId, groupId);
    await file.chmod(mode);
  }

  /** A regular file; a pipe or a device is not even opened. @throws ENOENT, or EINVAL for what is no regular file */
  async openFile(name: string, flags: number = constants.O_RDONLY): Promise<FileHandle> {
    const pinned = await this.pin(name);
    try {
      if (!(await pinned.stat()).isFile()) {
        throw Object.assign(new Error(`${this.#shown(name)} is not a regular file`), { code: 'EINVAL' });
      }
      // Exactly the file that was looked at.
      return await this.#named(open(descriptorPath(pinned), flags));
    } finally {
      await pinned.close();
    }
  }

  async *entries(): AsyncGenerator<Dirent> {
    yield* await this.#named(opendir(`${this.path}/.`));
  }

  symlink(target: string, name: string): Promise<void> {
    return this.#named(symlink(target, this.entry(name)));
  }

  rename(name: string, to: DirectoryHandle, newName: string): Promise<void> {
    return this.#named(rename(this.entry(name), to.entry(newName)));
  }

  /** Whoever owned it stays; a link changes hands itself. */
  async giveToGroup(name: string, groupId: number): Promise<void> {
    await this.#named(lchown(this.entry(name), -1, groupId));
  }

  /** Of what is no folder; nothing happens when it is gone. */
  async unlink(name: string): Promise<void> {
    await this.#named(unlessMissing(unlink(this.entry(name))));
  }

  /** With everything in it, but nothing of other mounts; nothing happens when it is gone. @throws EBUSY for a mount */
  remove(name: string): Promise<void> {
    return removeTree(this, name);
  }

  /** Which mount the folder is in: another one below it is another file system, or another part of this one. */
  async mountId(): Promise<number> {
    const text = await readFile(`/proc/self/fdinfo/${this.#handle.fd}`, 'utf8');
    const id = /^mnt_id:\s*(\d+)/m.exec(text)?.[1];
    if (id === undefined) throw new Error('/proc/self/fdinfo does not state mnt_id: a kernel of 3.15 or newer is needed');
    return Number(id);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #shown(name: string): string {
    return `${this.#shownPath}/${name}`;
  }

  /** Errors say which file, not which descriptor. */
  async #named<T>(answer: Promise<T>): Promise<T> {
    const own = this.path;
    try {
      return await answer;
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      failure.message = failure.message.replaceAll(own, this.#shownPath);
      if (failure.path) failure.path = failure.path.replace(own, this.#shownPath);
      throw failure;
    }
  }
}

/** What a descriptor holds, for calls that take a path. @param pid of the process that holds it, for another one's use */
export function descriptorPath(handle: FileHandle, pid: number | 'self' = 'self'): string {
  return `/proc/${pid}/fd/${handle.fd}`;
}

async function unlessMissing<T>(answer: Promise<T>, ...alsoMissing: string[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || alsoMissing.includes(code)) return undefined;
    throw error;
  }
}

function alreadyThere(error: NodeJS.ErrnoException): false {
  if (error.code !== 'EEXIST') throw error;
  return false;
}
