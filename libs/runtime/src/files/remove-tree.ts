// Deletes a tree that a container has made, and may still be changing: by descriptors, without following links or entering other
// mounts, and with two descriptors however deep it is. What is nested is moved up to the tree's own root and emptied there.
import { randomUUID } from 'node:crypto';
import { rmdir } from 'node:fs/promises';

/** As much of a directory's handle as this needs. */
export interface OpenDirectory extends AsyncDisposable {
  readonly shownPath: string;
  directory(name: string): Promise<OpenDirectory>;
  entries(): AsyncIterable<{ name: string }>;
  /** The path of an entry, by the directory's descriptor. */
  entry(name: string): string;
  mountId(): Promise<number>;
  rename(name: string, target: OpenDirectory, newName: string): Promise<void>;
  unlink(name: string): Promise<void>;
}

const movedMax = 1_000;
const batchSize = 64;

/** Nothing happens when there is no such entry. @throws EBUSY for what is mounted there or below, which stays with its content */
export async function removeTree(parent: OpenDirectory, name: string): Promise<void> {
  if (await isRemoved(parent, name)) return;
  {
    await using top = await parent.directory(name);
    const mountId = await parent.mountId();
    await refuseMount(top, mountId);
    while (await emptyOnce(top, mountId)) {}
  }
  if (!(await isRemoved(parent, name))) throw failure('ENOTEMPTY', `${parent.shownPath}/${name} is being filled while it is deleted`);
}

/** One pass over the tree's root. Returns whether there was any folder: what was moved up may be found in the next pass only. */
async function emptyOnce(top: OpenDirectory, mountId: number): Promise<boolean> {
  let found = false;
  for await (const name of fullFolders(top)) {
    found = true;
    const moved = [name];
    for (let next = moved.pop(); next !== undefined; next = moved.pop()) await emptyFolder(top, next, mountId, moved);
  }
  return found;
}

/** Removes an entry of the tree's root; folders in it that hold something are moved up, and noted up to a number. */
async function emptyFolder(top: OpenDirectory, name: string, mountId: number, moved: string[]): Promise<void> {
  if (await isRemoved(top, name)) return;
  await using folder = await top.directory(name);
  await refuseMount(folder, mountId);
  for await (const full of fullFolders(folder)) {
    const newName = `.removed-${randomUUID()}`;
    await folder.rename(full, top, newName);
    if (moved.length < movedMax) moved.push(newName);
  }
  await isRemoved(top, name);
}

/** What could not be removed at once. Many files go at a time, as each takes its turn among the process' threads. */
async function* fullFolders(folder: OpenDirectory): AsyncGenerator<string> {
  const batch: string[] = [];
  const remove = async () => {
    const names = batch.splice(0);
    const removed = await Promise.all(names.map((name) => isRemoved(folder, name)));
    return names.filter((_, index) => !removed[index]);
  };
  for await (const { name } of folder.entries()) {
    batch.push(name);
    if (batch.length >= batchSize) yield* await remove();
  }
  yield* await remove();
}

/** Whether the entry is gone now; not for a folder that holds something. */
async function isRemoved(parent: OpenDirectory, name: string): Promise<boolean> {
  try {
    await parent.unlink(name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
  }
  try {
    await rmdir(parent.entry(name));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw failure(code ?? 'EIO', `${parent.shownPath}/${name} cannot be deleted: ${(error as Error).message}`, error);
  }
}

async function refuseMount(folder: OpenDirectory, mountId: number): Promise<void> {
  if ((await folder.mountId()) !== mountId) throw failure('EBUSY', `${folder.shownPath} is a mount and is not deleted: unmount it first`);
}

function failure(code: string, message: string, cause?: unknown): NodeJS.ErrnoException {
  return Object.assign(new Error(message, { cause }), { code });
}
