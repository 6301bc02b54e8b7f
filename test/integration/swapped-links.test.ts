// A container that swaps folders for links as fast as it can, against what the agent does to its volumes as root. The swaps come from
// another process. Whatever happens inside of the volume, nothing outside of it is read, made, deleted, mounted or given away.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeAtomically } from '../../apps/node-agent/src/volumes/atomic-directory.ts';
import { giveToGroup } from '../../apps/node-agent/src/volumes/ownership.ts';
import { openSubPath } from '../../apps/node-agent/src/volumes/sub-path.ts';
import { DirectoryHandle } from '../../libs/runtime/src/files/directory-handle.ts';

const swapsWanted = 10_000;
/** Far more than it takes; a busy machine is no failure. */
const options = { timeout: 600_000 };
const group = 4242;

let folder: string;
let volume: string;
let victim: string;
let swapper: ChildProcess | undefined;
let swaps = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-swaps-'));
  volume = join(folder, 'volume');
  victim = join(folder, 'victim');
  mkdirSync(join(volume, 'd/sub'), { recursive: true });
  writeFileSync(join(volume, 'd/sub/file'), '');
  mkdirSync(join(victim, 'sub'), { recursive: true });
  writeFileSync(join(victim, 'secret'), 'of the host', { mode: 0o600 });
  writeFileSync(join(victim, 'sub/file'), 'of the host', { mode: 0o600 });
});
afterEach(async () => {
  await endSwaps();
  await rm(folder, { recursive: true, force: true });
});

/** Everything that could change outside of the volume. */
async function outside(): Promise<string> {
  const facts: unknown[] = [];
  for (const name of ['.', ...(await readdir(victim, { recursive: true })).sort()]) {
    const { mode, uid, gid, ino, size } = await lstat(join(victim, name));
    facts.push([name, mode, uid, gid, ino, size]);
  }
  const texts = await Promise.all(['secret', 'sub/file'].map((name) => readFile(join(victim, name), 'utf8')));
  return JSON.stringify([facts, texts, (await readdir(folder)).sort()]);
}

/** Runs the statements over and over in another process. */
async function swap(statements: string): Promise<void> {
  const script = `
    const fs = require('node:fs');
    const [volume, victim] = ${JSON.stringify([volume, victim])};
    const attempt = (what) => { try { what(); } catch {} };
    let swaps = 0;
    const again = () => {
      for (const endMs = Date.now() + 20; Date.now() < endMs; swaps++) { ${statements} }
      process.stdout.write(swaps + '\\n');
      setImmediate(again);
    };
    again();`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  swapper = child;
  swaps = 0;
  child.stdout.on('data', (counts: Buffer) => {
    swaps = Number(counts.toString().trim().split('\n').at(-1));
  });
  await once(child.stdout, 'data');
}

async function endSwaps(): Promise<void> {
  if (!swapper) return;
  const ended = once(swapper, 'exit');
  swapper.kill('SIGKILL');
  swapper = undefined;
  await ended;
}

/**
 * Until there were enough rounds and enough swaps. Refusals are part of it: what was swapped in the middle may be told apart from
 * what was asked for.
 * @returns how many were not refused
 */
async function play(what: (round: number) => Promise<void>, { rounds = swapsWanted, lanes = 4 } = {}): Promise<number> {
  let [round, done] = [0, 0];
  const lane = async () => {
    while (round < rounds || swaps < swapsWanted) {
      try {
        await what(round++);
        done++;
      } catch (error) {
        if ((error as Error).name === 'AssertionError') throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await endSwaps();
  return done;
}

const swapFolder = `
  attempt(() => fs.renameSync(volume + '/d', volume + '/real'));
  attempt(() => fs.symlinkSync(swaps % 2 ? victim : '../victim', volume + '/d'));
  attempt(() => fs.unlinkSync(volume + '/d'));
  attempt(() => fs.renameSync(volume + '/real', volume + '/d'));`;

test('10,000 times, what a subPath leads to is inside of its volume, and nothing is made outside', options, async () => {
  const before = await outside();
  const { ino: inside, dev } = await lstat(join(victim, 'sub'));
  const { ino: host } = await lstat(victim);
  await swap(swapFolder);
  const done = await play(async (round) => {
    await using found = await openSubPath(volume, ['d', 'd/sub', 'd/sub/file', `d/new-${round % 50}`][round % 4] ?? 'd');
    const info = await found.stat();
    expect(info.dev === dev && [inside, host].includes(info.ino)).toBe(false);
  });
  expect(await outside()).toBe(before);
  expect(done).toBeGreaterThan(100);
});

test('10,000 times, a volume is given to its group, and nothing outside changes hands', options, async () => {
  const before = await outside();
  await swap(`${swapFolder}
    attempt(() => fs.chownSync(volume, 0, 0));
    attempt(() => { fs.unlinkSync(volume + '/d/sub/file'); fs.symlinkSync(victim + '/secret', volume + '/d/sub/file'); });
    attempt(() => { fs.unlinkSync(volume + '/d/sub/file'); fs.writeFileSync(volume + '/d/sub/file', ''); });`);
  const done = await play(() => giveToGroup(volume, group));
  expect(await outside()).toBe(before);
  expect(done).toBeGreaterThan(100);
  await giveToGroup(volume, group + 1);
  expect((await lstat(volume)).gid).toBe(group + 1);
});

test(
  'an object’s files are replaced in a folder that others write to, swapped 10,000 times, and nothing outside changes',
  options,
  async () => {
    const before = await outside();
    await swap(`
    attempt(() => { fs.unlinkSync(volume + '/..data'); });
    attempt(() => fs.symlinkSync('../victim', volume + '/..data'));
    for (const name of fs.readdirSync(volume)) if (/^\\.\\.\\d/.test(name)) {
      attempt(() => fs.renameSync(volume + '/' + name, volume + '/taken'));
      attempt(() => fs.symlinkSync(victim, volume + '/' + name));
      attempt(() => fs.unlinkSync(volume + '/' + name));
      attempt(() => fs.renameSync(volume + '/taken', volume + '/' + name));
    }
    attempt(() => fs.symlinkSync(victim, volume + '/sub'));`);
    const files = (round: number) =>
      new Map(['secret', 'sub/file'].map((name) => [name, { data: Buffer.from(`round ${round}`), mode: 0o644 }]));
    const done = await play((round) => writeAtomically(volume, files(round), group), { rounds: 1_000, lanes: 1 });
    expect(await outside()).toBe(before);
    expect(done).toBeGreaterThan(0);
    await writeAtomically(volume, files(-1));
    expect(await readFile(join(volume, 'sub/file'), 'utf8')).toBe('round -1');
  },
);

test('a tree is deleted 300 times while its folders are swapped for links, and nothing outside goes with it', options, async () => {
  const before = await outside();
  await using parent = await DirectoryHandle.open(folder);
  await swap(`${swapFolder}
    attempt(() => fs.mkdirSync(volume + '/d/sub/deep', { recursive: true }));
    attempt(() => fs.writeFileSync(volume + '/d/sub/deep/file', ''));`);
  const remove = async () => {
    try {
      await parent.remove('volume');
    } finally {
      await mkdir(volume, { recursive: true });
    }
  };
  // What makes folders faster than they are deleted may have each deletion refused; without it, the next one is not.
  await play(remove, { rounds: 300, lanes: 1 });
  expect(await outside()).toBe(before);
  await parent.remove('volume');
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(['victim', 'victim/secret', 'victim/sub', 'victim/sub/file']);
});
