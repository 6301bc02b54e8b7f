// A folder of volumes for tests with real loop devices; whatever is mounted of it is unmounted when a test ends.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalDisk, PersistentVolume } from '@berth/api';
import { unmountBelow } from '@berth/runtime';
import { LocalDisks } from '../../apps/node-agent/src/volumes/disks/local-disks.ts';
import { type RunCommand, runCommand } from '../../apps/node-agent/src/volumes/disks/run-command.ts';
import { eventually } from '../../tools/cluster/eventually.ts';

export const mebi = 2 ** 20;
export let folder: string;
let names = 0;

export async function makeFolder(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'berth disks-'));
}

/** @returns the loop devices that a test left, which are detached then; the kernel lets go of those of the last mounts a moment after them */
export async function removeFolder(): Promise<string[]> {
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true });
  await eventually('no loop devices', 5_000, async () => loops().length === 0 || undefined).catch(() => undefined);
  const left = loops();
  for (const line of left) execFileSync('losetup', ['--detach', line.split(' ')[0] ?? '']);
  return left;
}

export function disks(run: RunCommand = runCommand, reserved = () => 0): LocalDisks {
  const directory = join(folder, 'volumes');
  return new LocalDisks({ directory, podsRoot: join(folder, 'pods'), reserved, randomName: () => `n${names++}`, run });
}

export const disk = (name = 'one', bytes = 16 * mebi): LocalDisk => ({
  path: join(folder, 'volumes', `${name}.img`),
  fileSystem: 'ext4',
  bytes,
  state: 'wanted',
});
export const volume = (...mountOptions: string[]): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv' },
  spec: { mountOptions },
});
export const target = (pod: string) => join(folder, 'pods', pod, 'volumes', 'data');
export const files = () => readdir(join(folder, 'volumes'));
export const loops = () =>
  execFileSync('losetup', ['--list', '--noheadings', '--raw', '--output', 'NAME,BACK-FILE'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder.split('/').at(-1)?.split(' ')[1] ?? '?'));

/** Everything that is asked of a volume in its life, as often as it is asked after a crash. */
export async function live(all: LocalDisks): Promise<void> {
  await all.sweep();
  await all.make(disk());
  await all.mount(volume(), disk(), target('a'));
  await all.mount(volume(), disk(), target('b'));
}
