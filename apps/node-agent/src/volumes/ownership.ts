// Gives a volume to the pod's fsGroup, as the kubelet does: the group may read and write everything, and what is made in its
// folders belongs to the group too. A tree whose root is right already is left alone.
import { chmod, lchown, lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

const folderBits = 0o2070;
const fileBits = 0o060;

export async function giveToGroup(root: string, groupId: number): Promise<void> {
  const { gid, mode } = await lstat(root);
  if (gid === groupId && (mode & folderBits) === folderBits) return;
  await giveBelow(root, groupId);
  // Last, so that a walk that was cut off is done again.
  await give(root, groupId);
}

async function giveBelow(folder: string, groupId: number): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    await give(path, groupId);
    if (entry.isDirectory()) await giveBelow(path, groupId);
  }
}

/** Links change hands themselves and are not followed. */
async function give(path: string, groupId: number): Promise<void> {
  const info = await lstat(path);
  await lchown(path, info.uid, groupId);
  if (info.isDirectory()) await chmod(path, (info.mode & 0o7777) | folderBits);
  // Changing the owner clears set-user-id bits, and must: 0o777 keeps them cleared.
  else if (info.isFile()) await chmod(path, (info.mode & 0o777) | fileBits | ((info.mode & 0o100) >> 3));
}
