import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DirectoryHandle } from './directory-handle.ts';
import { bindMount, mountsBelow, unmountBelow } from './mounts.ts';

let folder: string;
let handle: DirectoryHandle;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth handle-'));
  mkdirSync(join(folder, 'held'));
  mkdirSync(join(folder, 'victim/sub'), { recursive: true });
  writeFileSync(join(folder, 'victim/secret'), 'secret');
  handle = await DirectoryHandle.open(join(folder, 'held'));
});
afterEach(async () => {
  await handle.close();
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true });
});
const held = (name: string) => join(folder, 'held', name);
const victimStays = () => {
  expect(readdirSync(join(folder, 'victim'))).toEqual(['secret', 'sub']);
  expect(readFileSync(join(folder, 'victim/secret'), 'utf8')).toBe('secret');
};

test('stays with the folder, whatever takes its path', async () => {
  renameSync(held(''), join(folder, 'moved'));
  symlinkSync('victim', join(folder, 'held'));
  await handle.createFile('new', Buffer.from('x'), { mode: 0o640, groupId: 4242 });
  const made = lstatSync(join(folder, 'moved/new'));
  expect([made.mode & 0o7777, made.gid]).toEqual([0o640, 4242]);
  victimStays();
  await expect(DirectoryHandle.open(join(folder, 'held'))).rejects.toThrow('ENOTDIR');
});

test('follows no link, and opens nothing but files', async () => {
  symlinkSync(join(folder, 'victim'), held('link'));
  symlinkSync(join(folder, 'victim/secret'), held('file'));
  execFileSync('mkfifo', [held('pipe')]);
  await expect(handle.directory('link')).rejects.toThrow('ENOTDIR');
  await expect(handle.makeDirectory('link', 0o777)).rejects.toThrow('ENOTDIR');
  await expect(handle.createFile('file', Buffer.from('x'), { mode: 0o644 })).rejects.toThrow('EEXIST');
  await expect(handle.openFile('file')).rejects.toThrow(`${held('file')} is not a regular file`);
  await expect(handle.openFile('pipe')).rejects.toThrow('is not a regular file');
  await handle.giveToGroup('file', 4242);
  expect(lstatSync(join(folder, 'victim/secret')).gid).not.toBe(4242);
  expect(lstatSync(held('file')).gid).toBe(4242);
  for (const name of ['link', 'file', 'pipe', 'missing']) await handle.remove(name);
  expect(readdirSync(held(''))).toEqual([]);
  victimStays();
});

test('takes single names only, and says in errors which file it was', async () => {
  for (const name of ['..', '.', '', 'a/b', '/etc', 'a\0']) expect(() => handle.entry(name)).toThrow('is not the name of an entry');
  const error: NodeJS.ErrnoException = await handle.directory('none').catch((e) => e);
  expect([error.code, error.path, error.message.includes(held('none'))]).toEqual(['ENOENT', held('none'), true]);
});

test('makes a folder with its exact mode, and leaves one that is there as it is', async () => {
  await (await handle.makeDirectory('new', 0o2777)).close();
  expect(lstatSync(held('new')).mode & 0o7777).toBe(0o2777);
  chmodSync(held('new'), 0o700);
  await (await handle.makeDirectory('new', 0o2777)).close();
  expect(lstatSync(held('new')).mode & 0o7777).toBe(0o700);
});

describe('removal', () => {
  test('of a tree: links, pipes, folders that nobody may enter, and what lies deeper than a path can name', async () => {
    mkdirSync(held('tree/closed'), { recursive: true });
    writeFileSync(held('tree/closed/file'), '');
    symlinkSync(join(folder, 'victim'), held('tree/closed/link'));
    chmodSync(held('tree/closed'), 0);
    const script = `for (let at = 0; at < 40; at++) { const d = 'deep'.repeat(50); fs.mkdirSync(d); process.chdir(d); fs.writeFileSync('file', ''); }`;
    execFileSync(process.execPath, ['-e', script], { cwd: held('tree') });
    await handle.remove('tree');
    expect(readdirSync(held(''))).toEqual([]);
    victimStays();
  });

  test('never enters a mount', async () => {
    mkdirSync(held('tree/inner/mounted'), { recursive: true });
    await bindMount(join(folder, 'victim'), held('tree/inner/mounted'));
    expect(await mountsBelow(held('tree'))).toEqual([held('tree/inner/mounted')]);
    await expect(handle.remove('tree')).rejects.toThrow('EBUSY');
    victimStays();
    await unmountBelow(held('tree'));
    await handle.remove('tree');
    expect(readdirSync(held(''))).toEqual([]);
    victimStays();
  });

  test('refuses what is itself a mount', async () => {
    mkdirSync(held('mounted'));
    await bindMount(join(folder, 'victim'), held('mounted'));
    await expect(handle.remove('mounted')).rejects.toMatchObject({ code: 'EBUSY' });
    victimStays();
  });
});
