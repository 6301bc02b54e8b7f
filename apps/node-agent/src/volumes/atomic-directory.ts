// A folder of files that changes all at once: content lives in a hidden, dated folder, `..data` points at it, and each file
// is a link through `..data`. Readers see the old files or the new ones, never a mixture (as the kubelet's config maps do).
// Containers get it read-only, and yet nothing in it is trusted: it is read, written and deleted by descriptors, and `..data`
// is followed only where it is a name that was made here.
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { DirectoryHandle } from '@berth/runtime';

export interface FileContent {
  data: Buffer;
  mode: number;
  /** Root's when absent. */
  userId?: number;
}

type Files = Map<string, FileContent>;

const dataLink = '..data';
const nextLink = '..data_tmp';
/** As the kubelet names them; `..berth-` was ours until 0.1. */
const ownFolder = /^\.\.(?:\d{4}(?:_\d\d){5}\.\d+|berth-[A-Za-z0-9]{6})$/;
/** Larger than any object that the API takes. */
const fileBytesMax = 4 * 2 ** 20;

/** Writes `files` (relative path → content); does nothing when they are there already. @param groupId owns them when given */
export async function writeAtomically(path: string, files: Files, groupId?: number): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o755 });
  await using directory = await DirectoryHandle.open(path);
  const current = await currentFolder(directory);
  if (current === undefined || !(await holds(directory, current, files))) await replace(directory, files, groupId);
  else await linkTopLevel(directory, files);
  await removeOldFolders(directory);
}

/** A file as it is now; undefined when it is not there. */
export async function currentFile(path: string, file: string): Promise<Buffer | undefined> {
  try {
    await using directory = await DirectoryHandle.open(path);
    const current = await currentFolder(directory);
    return current === undefined ? undefined : await read(directory, [current, ...partsOf(file)]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function replace(directory: DirectoryHandle, files: Files, groupId: number | undefined): Promise<void> {
  const name = folderName();
  {
    await using fresh = await directory.makeDirectory(name, 0o755);
    for (const [file, content] of files) await write(fresh, partsOf(file), content, groupId);
  }
  await directory.remove(nextLink);
  await directory.symlink(name, nextLink);
  await clearWay(directory, dataLink);
  await directory.rename(nextLink, directory, dataLink);
  await linkTopLevel(directory, files);
}

/** A link takes the place of a link, but not of a folder. */
async function clearWay(directory: DirectoryHandle, name: string): Promise<void> {
  const found = await directory.lstat(name);
  if (found && !found.isSymbolicLink()) await directory.remove(name);
}

async function write(folder: DirectoryHandle, parts: string[], content: FileContent, groupId: number | undefined): Promise<void> {
  const [name = '', ...rest] = parts;
  if (rest.length > 0) {
    await using inner = await folder.makeDirectory(name, 0o755);
    await write(inner, rest, content, groupId);
    return;
  }
  const { data, mode, userId = 0 } = content;
  // Members of the group may read, whatever the mode says.
  await folder.createFile(name, data, { mode: groupId === undefined ? mode : mode | 0o440, userId, groupId: groupId ?? 0 });
}

/** Undefined for what is no file, or larger than any of ours. @throws ENOENT when its folder is missing */
async function read(folder: DirectoryHandle, parts: string[]): Promise<Buffer | undefined> {
  const [name = '', ...rest] = parts;
  if (rest.length > 0) {
    await using inner = await folder.directory(name);
    return await read(inner, rest);
  }
  if (!(await folder.lstat(name))?.isFile()) return undefined;
  await using file = await folder.openFile(name);
  return (await file.stat()).size > fileBytesMax ? undefined : await file.readFile();
}

async function linkTopLevel(directory: DirectoryHandle, files: Files): Promise<void> {
  const wanted = new Set([...files.keys()].map((file) => partsOf(file)[0] ?? file));
  for await (const { name } of directory.entries()) {
    if (name.startsWith('..')) continue;
    const isRight = wanted.has(name) && (await directory.readlink(name)) === `${dataLink}/${name}`;
    if (isRight) wanted.delete(name);
    else await directory.remove(name);
  }
  for (const name of wanted) await directory.symlink(`${dataLink}/${name}`, name);
}

/** What `..data` points at, if that is a folder of ours beside it. */
async function currentFolder(directory: DirectoryHandle): Promise<string | undefined> {
  const target = await directory.readlink(dataLink);
  if (target === undefined || !ownFolder.test(target)) return undefined;
  return (await directory.lstat(target))?.isDirectory() ? target : undefined;
}

/** Also those of a writer that was killed. */
async function removeOldFolders(directory: DirectoryHandle): Promise<void> {
  const current = await currentFolder(directory);
  for await (const { name } of directory.entries()) if (ownFolder.test(name) && name !== current) await directory.remove(name);
}

async function holds(directory: DirectoryHandle, name: string, files: Files): Promise<boolean> {
  await using folder = await directory.directory(name);
  const present = await filesBelow(folder, '', files.size);
  if (present.length !== files.size) return false;
  for (const file of present) {
    const wanted = files.get(file);
    if (!wanted || !(await read(folder, partsOf(file)))?.equals(wanted.data)) return false;
  }
  return true;
}

/** Stops once there are more than `max`. */
async function filesBelow(folder: DirectoryHandle, prefix: string, max: number): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of folder.entries()) {
    if (found.length > max) return found;
    const kind = await folder.lstat(name);
    if (!kind?.isDirectory()) found.push(prefix + name);
    else {
      await using inner = await folder.directory(name);
      found.push(...(await filesBelow(inner, `${prefix}${name}/`, max)));
    }
  }
  return found;
}

function partsOf(file: string): string[] {
  return file.split('/').filter((part) => part !== '' && part !== '.');
}

/** e.g. `..2026_11_29_20_00_00.1234567890`; unique, as time alone is not. */
function folderName(): string {
  const [date = '', time = ''] = new Date().toISOString().slice(0, 19).split('T');
  return `..${date.replaceAll('-', '_')}_${time.replaceAll(':', '_')}.${randomBytes(6).readUIntBE(0, 6)}`;
}
