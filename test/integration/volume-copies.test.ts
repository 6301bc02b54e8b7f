// Snapshots and copies of volumes, by the real programs on real loop devices: that they are of one moment, that writes are paused no longer
// than they may be, and that neither a copy nor a frozen volume is left, whatever dies meanwhile.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalDisk } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { whileFrozen } from '../../apps/node-agent/src/volumes/disks/frozen.ts';
import { runCommand } from '../../apps/node-agent/src/volumes/disks/run-command.ts';
import { disk, disks, files, folder, live, makeFolder, mebi, removeFolder, target, volume } from './disk-fixture.ts';

beforeEach(makeFolder);
afterEach(async () => {
  expect(await removeFolder()).toEqual([]);
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
  const life = async (all: ReturnType<typeof disks>) => {
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
