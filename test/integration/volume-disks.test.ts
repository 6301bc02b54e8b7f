// Volumes that are file systems of their own, by the real programs on real loop devices: how large they are, that nothing of one is left
// whatever step the agent dies in, and that what stood in one is there again.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalDisk, PersistentVolume } from '@berth/api';
import { mountsBelow, unmountBelow } from '@berth/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { whileFrozen } from '../../apps/node-agent/src/volumes/disks/frozen.ts';
import { LocalDisks } from '../../apps/node-agent/src/volumes/disks/local-disks.ts';
import { type RunCommand, runCommand } from '../../apps/node-agent/src/volumes/disks/run-command.ts';
import { volumeUsage } from '../../apps/node-agent/src/volumes/volume-usage.ts';

const mebi = 2 ** 20;
let folder: string;
let names = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth disks-'));
});
afterEach(async () => {
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true });
  expect(loops()).toEqual([]);
});

function disks(run: RunCommand = runCommand, reserved = () => 0): LocalDisks {
  const directory = join(folder, 'volumes');
  return new LocalDisks({ directory, podsRoot: join(folder, 'pods'), reserved, randomName: () => `n${names++}`, run });
}

const disk = (name = 'one', bytes = 16 * mebi): LocalDisk => ({
  path: join(folder, 'volumes', `${name}.img`),
  fileSystem: 'ext4',
  bytes,
  state: 'wanted',
});
const volume = (...mountOptions: string[]): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv' },
  spec: { mountOptions },
});
const target = (pod: string) => join(folder, 'pods', pod, 'volumes', 'data');
const files = () => readdir(join(folder, 'volumes'));
const loops = () =>
  execFileSync('losetup', ['--list', '--noheadings', '--raw', '--output', 'NAME,BACK-FILE'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder.split('/').at(-1)?.split(' ')[1] ?? '?'));

async function hasCapability(bit: number): Promise<boolean> {
  const effective = /^CapEff:\s+(\w+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> BigInt(bit)) & 1n) === 1n;
}

/** Everything that is asked of a volume in its life, as often as it is asked after a crash. */
async function live(all: LocalDisks): Promise<void> {
  await all.sweep();
  await all.make(disk());
  await all.mount(volume(), disk(), target('a'));
  await all.mount(volume(), disk(), target('b'));
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
  const life = async (all: LocalDisks) => {
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

const snapshotFile = 'snapshot-one.ext4';
const copyOf = (source: LocalDisk['source'], name = 'copy', bytes = 16 * mebi): LocalDisk => ({
  ...disk(name, bytes),
  ...(source && { source }),
});
const isFrozen = (path: string) => {
  try {
    execFileSync('fsfreeze', ['--unfreeze', path], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
};

test('a snapshot holds what was there at its moment, takes the space of what was written, and is copied into volumes that grow', async () => {
  const all = disks();
  await live(all);
  await writeFile(join(target('a'), 'file'), 'before');
  const taken = await all.takeSnapshot(snapshotFile, disk().path);
  expect(taken).toMatchObject({ bytes: 16 * mebi, pauseMs: expect.any(Number) });
  await writeFile(join(target('a'), 'file'), 'after');
  const again = await all.takeSnapshot(snapshotFile, disk().path);
  expect([again.bytes, again.takenAtMs]).toEqual([taken.bytes, Math.round(taken.takenAtMs)]);
  const { blocks, size } = await stat(join(folder, 'volumes', snapshotFile));
  expect([size, blocks * 512 < 8 * mebi]).toEqual([16 * mebi, true]);
  const copy = copyOf({ snapshot: snapshotFile }, 'copy', 40 * mebi);
  await all.make(copy);
  await all.mount(volume(), copy, target('b2'));
  expect(await readFile(join(target('b2'), 'file'), 'utf8')).toBe('before');
  const grown = await statfs(target('b2'));
  expect(grown.blocks * grown.bsize).toBeGreaterThan(30 * mebi);
  const file = await stat(copy.path);
  expect(file.blocks * 512).toBeGreaterThanOrEqual(40 * mebi);
  const clone = copyOf({ volume: disk().path }, 'clone');
  await all.make(clone);
  await all.mount(volume(), clone, target('c'));
  expect(await readFile(join(target('c'), 'file'), 'utf8')).toBe('after');
  await writeFile(join(target('a'), 'more'), 'goes on');
  await expect(all.make(copyOf({ snapshot: 'snapshot-none.ext4' }, 'x'))).rejects.toThrow('is not on this node: snapshot-none.ext4');
  await expect(all.make(copyOf({ snapshot: '../one.img' }, 'x'))).rejects.toThrow('is no name of a snapshot');
  await expect(all.make(copyOf({ snapshot: snapshotFile }, 'x', 4 * mebi))).rejects.toThrow('what it begins with');
  await expect(all.takeSnapshot('snapshot-two.ext4', undefined)).rejects.toThrow('there is no snapshot');
  await all.removeSnapshot(snapshotFile);
  expect((await files()).sort()).toEqual(['clone.img', 'copy.img', 'one.img']);
});

test('a volume is thawed, and nothing of a snapshot is left, when it took too long, or the agent or what pauses writes died before any step', async () => {
  const life = async (all: LocalDisks) => {
    await all.sweep();
    await all.takeSnapshot(snapshotFile, disk().path);
    await all.make(copyOf({ volume: disk().path }));
  };
  await live(disks());
  for (let step = 1, isDone = false; !isDone; step++) {
    let steps = 0;
    const dying = disks((command, args, input) => {
      if (++steps >= step) throw new Error('killed');
      return runCommand(command, args, input);
    });
    await life(dying).catch(() => undefined);
    isDone = steps < step;
    expect(isFrozen(target('a'))).toBe(false);
    await life(disks());
    expect((await files()).sort()).toEqual(['copy.img', 'one.img', snapshotFile]);
    await disks().removeSnapshot(snapshotFile);
    await disks().remove(copyOf(undefined));
  }
});

test('an agent that is killed while a volume is frozen leaves it thawed; when what pauses writes is killed with it, its next start thaws', async () => {
  await live(disks());
  const frozen = join(import.meta.dirname, '../../apps/node-agent/src/volumes/disks/frozen.ts');
  const program = `import { whileFrozen } from ${JSON.stringify(frozen)};
    await whileFrozen({ point: process.argv[1], limitSeconds: 60, run: async () => '' }, () => { console.log('frozen'); return new Promise((resolve) => setTimeout(resolve, 60_000)); });`;
  const agent = spawn(process.execPath, ['--input-type=module', '-e', program, target('a')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(agent.stdout, 'data');
  const writing = writeFile(join(target('a'), 'file'), 'waits');
  agent.kill('SIGKILL');
  await writing;
  expect(isFrozen(target('a'))).toBe(false);
  execFileSync('fsfreeze', ['--freeze', target('a')]);
  await mkdir(join(folder, 'volumes', '.making-x'));
  await writeFile(join(folder, 'volumes', '.making-x', 'frozen'), disk().path);
  await disks().sweep();
  expect([isFrozen(target('a')), await files()]).toEqual([false, ['one.img']]);
});

test('writes are paused no longer than they may be, and a snapshot that would take longer is not taken', async () => {
  await live(disks());
  const point = target('a');
  const paused = whileFrozen({ point, limitSeconds: 0.2, run: runCommand }, (signal) =>
    once(signal, 'abort').then(() => signal.throwIfAborted()),
  );
  await expect(paused).rejects.toThrow('copying took longer than the 0.2 s for which writes may be paused');
  expect(isFrozen(point)).toBe(false);
  await expect(whileFrozen({ point, limitSeconds: 60, run: runCommand }, async () => Promise.reject(new Error('no room')))).rejects.toThrow(
    'no room',
  );
  expect(isFrozen(point)).toBe(false);
  await expect(whileFrozen({ point: '/proc', limitSeconds: 1, run: runCommand }, async () => undefined)).rejects.toThrow(
    'could not be paused',
  );
});
