import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderUsage } from './folder-usage.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-usage-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('folders are measured by what they take of the disk; links lead nowhere, and what is not there takes nothing', async () => {
  const [full, linked] = [join(folder, 'full'), join(folder, 'linked')];
  await Promise.all([mkdir(full), mkdir(linked)]);
  await writeFile(join(full, 'file'), Buffer.alloc(2 ** 20, 1));
  await symlink(full, join(linked, 'link'));
  const usage = await folderUsage([full, linked, join(folder, 'gone')], true);
  expect(usage.get(full)?.bytes).toBeGreaterThanOrEqual(2 ** 20);
  expect(usage.get(full)?.inodes).toBe(2);
  expect(usage.get(linked)?.bytes).toBeLessThan(2 ** 16);
  expect(usage.has(join(folder, 'gone'))).toBe(false);
  expect(await folderUsage([], true)).toEqual(new Map());
});
