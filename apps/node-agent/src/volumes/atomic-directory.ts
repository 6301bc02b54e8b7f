// A folder of files that changes all at once: content lives in a hidden, dated folder, `..data` points at it, and each file
// is a link through `..data`. Readers see the old files or the new ones, never a mixture (as the kubelet's config maps do).
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FileContent {
  data: Buffer;
  mode: number;
  /** Root's when absent. */
  userId?: number;
}

/** Writes `files` (relative path → content); does nothing when they are there already. @param groupId owns them when given */
export async function writeAtomically(directory: string, files: Map<string, FileContent>, groupId?: number): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const current = await currentTarget(directory);
  if (current && (await holds(join(directory, current), files))) return;
  const fresh = await mkdtemp(join(directory, '..berth-'));
  await chmod(fresh, 0o755);
  for (const [path, { data, mode, userId = 0 }] of files) {
    const file = join(fresh, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    // Members of the group may read, whatever the mode says.
    const fileMode = groupId === undefined ? mode : mode | 0o440;
    await writeFile(file, data, { mode: fileMode });
    await chmod(file, fileMode);
    if (groupId !== undefined || userId !== 0) await chown(file, userId, groupId ?? 0);
  }
  const name = fresh.slice(directory.length + 1);
  const link = join(directory, '..data_new');
  await rm(link, { force: true });
  await symlink(name, link);
  await rename(link, join(directory, '..data'));
  await linkTopLevel(directory, files);
  if (current) await rm(join(directory, current), { recursive: true, force: true });
}

async function linkTopLevel(directory: string, files: Map<string, FileContent>): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => path.split('/')[0] ?? path));
  for (const entry of await readdir(directory)) {
    if (!entry.startsWith('..') && !wanted.delete(entry)) await rm(join(directory, entry), { recursive: true, force: true });
  }
  for (const name of wanted) await symlink(join('..data', name), join(directory, name));
}

async function currentTarget(directory: string): Promise<string | undefined> {
  try {
    return await readlink(join(directory, '..data'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function holds(folder: string, files: Map<string, FileContent>): Promise<boolean> {
  const present = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile());
  if (present.length !== files.size) return false;
  for (const entry of present) {
    const path = join(entry.parentPath, entry.name);
    const wanted = files.get(path.slice(folder.length + 1));
    if (!wanted?.data.equals(await readFile(path))) return false;
  }
  return true;
}
