// Gives a volume to the pod's fsGroup, as the kubelet does: the group may read and write everything, and what is made in its
// folders belongs to the group too. A tree whose root is right already is left alone. The containers of other pods may be
// changing the tree meanwhile, so it is walked by descriptors: nothing outside of it changes hands.
import type { Stats } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { DirectoryHandle, descriptorPath } from '@berth/runtime';

const folderBits = 0o2070;
const fileBits = 0o060;
/** Each folder on the way down is held open. */
const depthMax = 512;

/** @throws Error for a tree that is nested too deeply */
export async function giveToGroup(path: string, groupId: number): Promise<void> {
  await using root = await DirectoryHandle.open(path, { followsLinks: true });
  const info = await root.stat();
  if (isGiven(info, groupId)) return;
  await giveBelow(root, groupId, 1);
  // Last, so that a walk that was cut off is done again.
  await give(root.path, info, groupId);
}

async function giveBelow(folder: DirectoryHandle, groupId: number, depth: number): Promise<void> {
  if (depth > depthMax)
    throw new Error(`folders are nested more than ${depthMax} deep; their group is not changed below ${folder.shownPath}`);
  for await (const { name } of folder.entries()) {
    const seen = await folder.lstat(name);
    if (seen?.isSymbolicLink()) await unlessGone(folder.giveToGroup(name, groupId));
    else if (seen?.isDirectory()) await unlessGone(giveFolder(folder, name, groupId, depth));
    else if (seen && !isGiven(seen, groupId)) await unlessGone(giveFile(folder, name, groupId));
  }
}

async function giveFolder(parent: DirectoryHandle, name: string, groupId: number, depth: number): Promise<void> {
  await using folder = await parent.directory(name);
  const info = await folder.stat();
  if (!isGiven(info, groupId)) await give(folder.path, info, groupId);
  await giveBelow(folder, groupId, depth + 1);
}

async function giveFile(folder: DirectoryHandle, name: string, groupId: number): Promise<void> {
  await using file = await folder.pin(name);
  const info = await file.stat();
  // It was no link when it was looked at.
  if (!info.isSymbolicLink()) await give(descriptorPath(file), info, groupId);
}

/** @param path of a descriptor */
async function give(path: string, info: Stats, groupId: number): Promise<void> {
  await chown(path, info.uid, groupId);
  if (info.isDirectory()) await chmod(path, (info.mode & 0o7777) | folderBits);
  // Changing the owner clears set-user-id bits, and must: 0o777 keeps them cleared.
  else if (info.isFile()) await chmod(path, (info.mode & 0o777) | fileModeBits(info));
}

function isGiven(info: Stats, groupId: number): boolean {
  const wanted = info.isDirectory() ? folderBits : info.isFile() ? fileModeBits(info) : 0;
  return info.gid === groupId && (info.mode & wanted) === wanted;
}

function fileModeBits({ mode }: Stats): number {
  return fileBits | ((mode & 0o100) >> 3);
}

/** What was deleted, or became something else, while the walk went on belongs to whoever did that. */
async function unlessGone(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
