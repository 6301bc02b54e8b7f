// Removes the cgroups that the runtime made around the containers of each pod, and leaves behind. Works on cgroup v1 (one tree a
// controller) and v2 (one tree).
import { existsSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

export const mountPoint = '/sys/fs/cgroup';

/** Around the containers of a pod, from the root of the hierarchy. */
export function podCgroupPath(parent: string, podUid: string): string {
  return `${parent}/pod${podUid}`;
}

/** @param path from the root of the hierarchy, e.g. `/berth-0/pod1234`; what holds processes still stays, as does what is gone */
export async function removeCgroup(path: string): Promise<void> {
  for (const root of await hierarchies()) await removeTree(join(root, path));
}

/** @param path from the root of the hierarchy. Returns the names of the cgroups in it, in any of the trees. */
export async function cgroupsIn(path: string): Promise<string[]> {
  const found = new Set<string>();
  for (const root of await hierarchies()) {
    const directory = join(root, path);
    if (!existsSync(directory)) continue;
    for (const entry of await readdir(directory, { withFileTypes: true })) if (entry.isDirectory()) found.add(entry.name);
  }
  return [...found];
}

async function hierarchies(): Promise<string[]> {
  if (existsSync(join(mountPoint, 'cgroup.controllers'))) return [mountPoint];
  const entries = await readdir(mountPoint, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(mountPoint, entry.name));
}

async function removeTree(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'EBUSY') throw error;
  });
}
