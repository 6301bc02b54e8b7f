// Volumes that are file systems of their own, by the real programs on real loop devices: how large they are, that nothing of one is left
// whatever step the agent dies in, and that what stood in one is there again.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdir, open, readdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalDisk } from '@berth/api';
import { mountsBelow, unmountBelow } from '@berth/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awaited, runCommand } from '../../apps/node-agent/src/volumes/disks/run-command.ts';
import { copyIn } from '../../apps/node-agent/src/volumes/filling/copy-in.ts';
import { volumeUsage } from '../../apps/node-agent/src/volumes/volume-usage.ts';
import { disk, disks, files, folder, live, loops, makeFolder, mebi, removeFolder, target, volume } from './disk-fixture.ts';

beforeEach(makeFolder);
afterEach(async () => {
  expect(await removeFolder()).toEqual([]);
});

async function hasCapability(bit: number): Promise<boolean> {
  const effective = /^CapEff:\s+(\w+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> BigInt(bit)) & 1n) === 1n;
}

test('a volume is as large as it says, reserved in full, empty, open to all, and the same for two pods', async () => {
  const all = disks();
  await live(all);
  await writeFile(join(target('a'), 'file'), 'both');
  expect(await readFile(join(target('b'), 'file'), 'utf8')).toBe('both');
  await rm(join(target('a'), 'file'));
  expect(await readdir(target('a'))).toEqual([]);
  expect(((await stat(target('a'))).mode & 0o7777).toString(8)).toBe('777');
  const { blocks, size, mode } = await stat(disk().path);
  expect([size, blocks * 512 >= size, (mode & 0o777).toString(8)]).toEqual([16 * mebi, true, '600']);
  const { blocks: total, bsize, bavail } = await statfs(target('a'));
  expect(total * bsize).toBeLessThanOrEqual(16 * mebi);
  expect(bavail * bsize).toBeGreaterThan(10 * mebi);
  const claims = {
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'c' } },
      { name: 'none', ephemeral: {} },
    ],
    containers: [],
  };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns' }, spec: claims };
  expect(await volumeUsage(pod, join(folder, 'pods', 'a', 'volumes'))).toEqual([
    {
      ...{ name: 'data', claim: { namespace: 'ns', name: 'c' }, capacityBytes: total * bsize, availableBytes: bavail * bsize },
      ...{ usedBytes: expect.any(Number), inodes: expect.any(Number), inodesFree: expect.any(Number), inodesUsed: expect.any(Number) },
    },
  ]);
  expect(loops()).toHaveLength(1);
  await unmountBelow(join(folder, 'pods', 'a'));
  expect(await readdir(target('b'))).toEqual([]);
  await unmountBelow(folder);
  await expect.poll(loops).toEqual([]);
  execFileSync('e2fsck', ['-fn', disk().path], { stdio: 'pipe' });
});

test('whoever fills a volume is stopped by it, and what is on it stays', async () => {
  const all = disks();
  await live(all);
  await writeFile(join(target('a'), 'kept'), 'kept');
  const filler = await open(join(target('a'), 'filler'), 'w');
  const more = Buffer.alloc(mebi);
  await expect(
    (async () => {
      for (let written = 0; written < 32; written++) await filler.write(more);
    })(),
  ).rejects.toThrow('ENOSPC');
  await filler.close();
  await unmountBelow(folder);
  await all.mount(volume('noatime'), disk(), target('c'));
  expect(await readFile(join(target('c'), 'kept'), 'utf8')).toBe('kept');
  expect(await readFile('/proc/self/mountinfo', 'utf8')).toMatch(/pods\/c\/volumes\/data \S*noatime/);
});

test('what the disk has no room for is not made, nor what is none of ours; options that are mount’s own are refused', async () => {
  const { bavail, bsize } = await statfs(folder);
  const all = disks(runCommand, () => bavail * bsize - 40 * mebi);
  const outcomes = await Promise.allSettled([all.make(disk('one', 30 * mebi)), all.make(disk('two', 30 * mebi))]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await expect(all.make(disk('three', 100 * 1024 * mebi))).rejects.toThrow('not enough free storage: 102400 MiB more are needed');
  expect(await files()).toHaveLength(1);
  await expect(all.make({ ...disk(), path: '/tmp/elsewhere.img' })).rejects.toThrow('is not in this node');
  await expect(all.make({ ...disk(), path: join(folder, 'volumes', 'deep', 'x.img') })).rejects.toThrow('is not in this node');
  for (const option of ['loop=/dev/loop7', 'bind', 'noatime,offset=512', 'X-mount.mkdir', 'discard', 'shared']) {
    expect(() => all.mount(volume(option), disk(), target('a'))).toThrow(/mount option ".*" is not supported/);
  }
  await expect(all.mount(volume('nonsense'), disk('one'), target('a'))).rejects.toThrow(/mount|not there/);
  await expect(all.mount(volume(), disk('never'), target('a'))).rejects.toThrow('the file that holds the volume is not there');
});

test('an agent that dies before any step leaves nothing that the next one does not put right', async () => {
  const life = async (all: ReturnType<typeof disks>) => {
    await all.sweep();
    await all.make(disk());
    await all.mount(volume(), disk(), target('a'));
  };
  for (let step = 1, isDone = false; !isDone; step++) {
    let steps = 0;
    const dying = disks((command, args, input) => {
      if (++steps >= step) throw new Error('killed');
      return runCommand(command, args, input);
    });
    await life(dying)
      .then(() => dying.remove(disk()))
      .catch(() => undefined);
    isDone = steps < step;
    await life(disks());
    await writeFile(join(target('a'), 'file'), 'whole');
    expect([await files(), await mountsBelow(join(folder, 'pods')), loops().length]).toEqual([['one.img'], [target('a')], 1]);
    await disks().remove(disk());
    expect([await files(), await mountsBelow(folder)]).toEqual([[], []]);
    await expect.poll(loops).toEqual([]);
  }
});

test('a volume grows while it is mounted, or with its next mount; one for which there is no room stays as it is', async () => {
  const all = disks();
  await live(all);
  const size = async (pod: string) => {
    const { blocks, bsize } = await statfs(target(pod));
    return (blocks * bsize) / mebi;
  };
  await writeFile(join(target('a'), 'file'), 'kept');
  await all.grow(disk(), 40 * mebi);
  // Linux lets only those grow what is mounted who may exceed limits.
  expect((await size('b')) > 30).toBe(await hasCapability(24));
  const { blocks, size: bytes } = await stat(disk().path);
  expect([bytes, blocks * 512 >= bytes]).toEqual([40 * mebi, true]);
  await expect(all.grow(disk(), 2 ** 50)).rejects.toThrow('not enough free storage');
  expect((await stat(disk().path)).size).toBe(40 * mebi);
  await unmountBelow(folder);
  await expect.poll(loops).toEqual([]);
  await all.grow(disk(), 64 * mebi);
  await all.mount(volume(), disk(), target('a'));
  expect(await size('a')).toBeGreaterThan(50);
  expect(await readdir(target('a'))).toEqual(['file']);
  expect(await readFile(join(target('a'), 'file'), 'utf8')).toBe('kept');
});

test('what a killed agent had begun goes with the next start, and what lies beside it stays', async () => {
  await mkdir(join(folder, 'volumes', '.making-x'), { recursive: true });
  await writeFile(join(folder, 'volumes', '.making-x', 'disk'), 'half');
  await mkdir(join(folder, 'volumes', 'pvc-old_ns_claim'));
  await disks().sweep();
  expect(await files()).toEqual(['pvc-old_ns_claim']);
});

test('an agent that starts waits for what a killed one had begun', async () => {
  await live(disks());
  // Cut off from whoever began it, as what an agent was killed beside.
  const [program, args] = awaited(join(folder, 'volumes'), 'sh', ['-c', `sleep 1; echo done > '${target('a')}/file'`]);
  spawn(program, args, { detached: true, stdio: 'ignore' }).unref();
  await expect.poll(() => spawnSync('flock', ['--exclusive', '--nonblock', join(folder, 'volumes'), 'true']).status).toBe(1);
  await disks().sweep();
  expect(await readFile(join(target('a'), 'file'), 'utf8')).toBe('done\n');
});

test('a volume that is unmounted is so while another one is filled from an image, however long that takes', async () => {
  await live(disks());
  const [from, to, own] = ['image', 'other', 'own'].map((name) => join(folder, name)) as [string, string, string];
  for (const path of [from, to, own]) await mkdir(path);
  await writeFile(join(from, 'file'), 'of the image');
  // The copy waits, as beside that of an agent that was killed.
  const holder = spawn('flock', [join(own, 'lock'), 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await expect.poll(() => spawnSync('flock', ['--nonblock', join(own, 'lock'), 'true']).status).toBe(1);
  const copied = copyIn(from, to, own);
  await expect.poll(() => readdir(join(own, 'root')).catch(() => undefined)).toEqual([]);
  await unmountBelow(join(folder, 'pods'));
  await expect.poll(loops).toEqual([]);
  expect(await readdir(to)).toEqual([]);
  holder.stdin.end();
  expect(await copied).toBe('filled');
  expect(await readFile(join(to, 'file'), 'utf8')).toBe('of the image');
});

test('a file system that was left in the middle of a write is mended before it is mounted; one that cannot be is not', async () => {
  const all = disks();
  await all.make(disk());
  const bytes = await open(disk().path, 'r+');
  // Says that it was not unmounted cleanly.
  execFileSync('debugfs', ['-w', '-R', 'set_super_value state 0', disk().path], { stdio: 'pipe' });
  await all.mount(volume(), disk(), target('a'));
  await unmountBelow(folder);
  await expect.poll(loops).toEqual([]);
  await bytes.write(Buffer.alloc(4096), 0, 4096, 0);
  await bytes.close();
  await expect(all.mount(volume(), disk(), target('a'))).rejects.toThrow("the volume's file system needs repair");
});

test('a block volume is one device for all pods that have it, larger when it grows, and none once they are gone', async () => {
  const all = disks();
  const raw: LocalDisk = { ...disk('raw'), fileSystem: 'raw' };
  const link = (pod: string) => join(folder, 'pods', pod, 'volumes', 'data');
  await all.make(raw);
  const device = await all.attach(raw, link('a'));
  expect([await all.attach(raw, link('a')), await all.attach(raw, link('b'))]).toEqual([device, device]);
  expect(loops()).toEqual([expect.stringMatching(new RegExp(`^${device} .*/raw.img$`))]);
  const { size } = await stat(raw.path);
  const written = await open(device, 'r+');
  await written.write('written', size - 7);
  await written.sync();
  await written.close();
  await all.grow(raw, size * 2);
  expect(execFileSync('blockdev', ['--getsize64', device], { encoding: 'utf8' }).trim()).toBe(String(size * 2));
  await all.releaseDevices('a');
  expect(loops()).toHaveLength(1);
  await rm(join(folder, 'pods', 'a'), { recursive: true });
  // Also by an agent that has just been started.
  await disks().releaseDevices('b');
  await expect.poll(loops).toEqual([]);
  expect((await readFile(raw.path)).subarray(size - 7, size).toString()).toBe('written');
});
