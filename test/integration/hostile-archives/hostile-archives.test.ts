// Archives that mean harm, unpacked where Berth unpacks what others made: a volume that is restored, and a builder that gets a build's files. Each is
// refused in words or comes to something harmless, and nothing beside the folder is written, replaced, linked or removed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { builderScripts, contextEnd } from '@berth/controllers/image-build';
import { tarOf } from '@berth/runtime/tar';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unpackArchive } from '../../../apps/node-agent/src/volumes/disks/unpacked-archive.ts';
import { hostileArchives } from './archives.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'berth-hostile-'));
  await mkdir(join(base, 'outside'));
  await mkdir(join(base, 'in'));
  await writeFile(join(base, 'outside', 'file'), 'as it was');
  await chmod(join(base, 'outside', 'file'), 0o640);
});
afterEach(() => rm(base, { recursive: true, force: true }));

/** Everything but what is in the folder that is unpacked into: hard links count. */
async function outside(inside: string, folder = base): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    if (path === inside) continue;
    const { mode, nlink, size, uid } = await lstat(path);
    if ((mode & 0o170000) === 0o040000) found.push(`${path} ${mode.toString(8)} ${uid}`, ...(await outside(inside, path)));
    else found.push(`${path} ${mode.toString(8)} ${uid} ${nlink} ${size} ${await content(path)}`);
  }
  return found;
}

async function content(path: string): Promise<string> {
  const { mode } = await lstat(path);
  return (mode & 0o170000) === 0o120000 ? readlink(path) : readFile(path, 'latin1');
}

const samples = hostileArchives('/outside');

test('there are enough of them', () => expect(samples.length).toBeGreaterThanOrEqual(40));

test.each(samples.map(([name], index) => [name, index] as const))('%s stays within a volume that is restored', async (_name, index) => {
  const [, outcome, archive] = hostileArchives(join(base, 'outside'))[index] ?? expect.fail();
  const [inside, before] = [join(base, 'in'), await outside(join(base, 'in'))];
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const unpacked = unpackArchive([archive] as never, { point: inside, sha256, tar: (args) => ['tar', args] });
  if (outcome === 'refused') await expect(unpacked).rejects.toThrow(/^tar: [\s\S]*\w/);
  else if (outcome === 'contained') await unpacked;
  else await unpacked.catch((error: Error) => expect(error.message).toMatch(/^tar: [\s\S]*\w/));
  expect(await outside(inside)).toEqual(before);
});

test.each(samples.map(([name], index) => [name, index] as const))('%s stays within the files of a build', async (_name, index) => {
  const [, outcome, archive] = hostileArchives(join(base, 'outside'))[index] ?? expect.fail();
  // As the builder finds it: a list of what it has, which goes before anything comes.
  const work = await builderFolder();
  const before = await outside(work);
  await mkdir(join(work, 'context', contextEnd));
  const { code, said } = await received(work, archive);
  const found = code === 0 ? 'contained' : 'refused';
  if (outcome !== 'either') expect(found).toBe(outcome);
  if (found === 'refused') expect(said).toMatch(/tar: .*\w/);
  expect(await outside(work)).toEqual(before);
  // All of the next build's files are sent after one that failed.
  expect((await readdir(work)).includes('context.list')).toBe(found === 'contained');
});

test('files that break off between two of them are not taken for all', async () => {
  const work = await builderFolder();
  const own = { type: 'file' as const, mode: 0o600, uid: 0, gid: 0, mtimeSeconds: 0, data: Buffer.from('x') };
  const archive = tarOf([
    { ...own, path: 'first' },
    { ...own, path: 'second' },
    { ...own, path: contextEnd, type: 'directory', data: Buffer.alloc(0) },
  ]);
  const [half, whole] = [archive.subarray(0, 1024), archive];
  expect((await received(work, half, whole.length)).code).not.toBe(0);
  expect([await readdir(join(work, 'context')), (await readdir(work)).includes('context.list')]).toEqual([['first'], false]);
  expect((await received(work, whole)).code).toBe(0);
  expect(await readdir(join(work, 'context'))).toEqual(['first', 'second']);
  expect((await readdir(work)).includes('context.list')).toBe(true);
});

async function builderFolder(): Promise<string> {
  const work = join(base, 'in');
  await mkdir(join(work, 'context'), { recursive: true });
  await writeFile(join(work, 'context.list'), 'old');
  return work;
}

/** The builder's own script, with the tar of this machine. */
async function received(work: string, archive: Buffer, bytes = archive.length): Promise<{ code: number | null; said: string }> {
  const own = { type: 'file' as const, mode: 0o600, uid: 0, gid: 0, mtimeSeconds: 0 };
  const meta = tarOf(['removed', 'arguments', 'list'].map((path) => ({ ...own, path, data: Buffer.alloc(0) })));
  const script = builderScripts['berth-builder-receive'] ?? expect.fail();
  const shell = spawn('/bin/sh', ['-c', script, 'receive', String(meta.length), String(bytes)], { cwd: work });
  // It may end before it has read everything.
  shell.stdin.on('error', () => undefined);
  shell.stdin.end(Buffer.concat([meta, archive]));
  shell.stdout.resume();
  const code = new Promise<number | null>((resolve) => shell.once('close', resolve));
  return { said: await text(shell.stderr), code: await code };
}
