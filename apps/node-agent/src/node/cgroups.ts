// The cgroups around the containers of each pod, which the runtime makes and leaves as they are: what share of the cpu a pod gets
// while others want it too, and their removal. Works on cgroup v1 (one tree a controller) and v2 (one tree).
import { existsSync } from 'node:fs';
import { readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const mountPoint = '/sys/fs/cgroup';

/** @param path from the root of the hierarchy, e.g. `/berth-0/pod1234`; what holds processes still stays, as does what is gone */
export async function removeCgroup(path: string): Promise<void> {
  for (const root of await hierarchies()) await removeTree(join(root, path));
}

/** @param shares as in version 1: 1024 for a cpu; a cgroup that is not there (any more) is left alone */
export async function shareCpu(path: string, shares: number): Promise<void> {
  const isUnified = existsSync(join(mountPoint, 'cgroup.controllers'));
  const file = isUnified ? join(mountPoint, path, 'cpu.weight') : join(mountPoint, 'cpu', path, 'cpu.shares');
  if (existsSync(file)) await writeFile(file, String(isUnified ? weightOf(shares) : shares));
}

/** From 2..262144 to 1..10000, as runc translates it for containers in version 2. */
export function weightOf(shares: number): number {
  return 1 + Math.floor(((Math.min(Math.max(shares, 2), 262_144) - 2) * 9_999) / 262_142);
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
