// What a snapshot holds as an archive and back, by the real tar on real loop devices: everything that a file is comes back, and an archive that
// breaks off or is another one leaves nothing.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, link, lstat, mkdir, open, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { unmountBelow } from '@berth/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { disk, disks, files, folder, live, loops, makeFolder, mebi, removeFolder, target, volume } from './disk-fixture.ts';

beforeEach(makeFolder);
afterEach(async () => {
  expect(await removeFolder()).toEqual([]);
});

const [taken, restored] = ['snapshot-taken.ext4', 'snapshot-restored.ext4'];
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function bytesOf(archive: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function archived(): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  await disks().readSnapshot(taken, async (archive) => {
    bytes = await bytesOf(archive);
  });
  return bytes;
}

async function fill(root: string): Promise<void> {
  await writeFile(join(root, 'plain'), 'plain');
  await chown(join(root, 'plain'), 12345, 54321);
  await chmod(join(root, 'plain'), 0o4751);
  await utimes(join(root, 'plain'), 1_000_000_000, 1_000_000_000);
  await link(join(root, 'plain'), join(root, 'hard'));
  await symlink('/etc/passwd', join(root, 'absolute'));
  await mkdir(join(root, 'closed', 'deep'), { recursive: true });
  await writeFile(join(root, 'closed', 'deep', 'näme with\nline'), 'x');
  await chmod(join(root, 'closed'), 0o500);
  await using sparse = await open(join(root, 'sparse'), 'w');
  await sparse.write(Buffer.from('end'), 0, 3, 8 * mebi);
}

test('an archive of a snapshot becomes a snapshot whose files are the same in all that they are', async () => {
  const all = disks();
  await live(all);
  await fill(target('a'));
  await unmountBelow(join(folder, 'pods'));
  await expect.poll(loops).toEqual([]);
  execFileSync('debugfs', ['-w', '-R', 'ea_set /plain user.berth kept', disk().path], { stdio: 'pipe' });
  await all.takeSnapshot(taken, disk().path);
  await all.mount(volume(), disk(), target('a'));
  await writeFile(join(target('a'), 'later'), 'not in it');
  const archive = await archived();
  await all.writeSnapshot(restored, [archive.subarray(0, 5000), archive.subarray(5000)] as never, {
    bytes: 16 * mebi,
    sha256: sha256(archive),
  });
  const copy = { ...disk('copy'), source: { snapshot: restored } };
  await all.make(copy);
  await all.mount(volume(), copy, target('c'));
  const [root, was] = [target('c'), target('a')];
  const plain = await stat(join(root, 'plain'));
  expect([plain.mode & 0o7777, plain.uid, plain.gid, plain.mtimeMs, plain.nlink]).toEqual([0o4751, 12345, 54321, 1_000_000_000_000, 2]);
  expect((await stat(join(root, 'hard'))).ino).toBe(plain.ino);
  expect([await readlink(join(root, 'absolute')), (await lstat(join(root, 'absolute'))).isSymbolicLink()]).toEqual(['/etc/passwd', true]);
  expect([(await stat(join(root, 'closed'))).mode & 0o7777, (await stat(root)).mode & 0o7777]).toEqual([0o500, 0o777]);
  expect(await readFile(join(root, 'closed', 'deep', 'näme with\nline'), 'utf8')).toBe('x');
  expect((await readFile(join(root, 'sparse'))).equals(await readFile(join(was, 'sparse')))).toBe(true);
  expect((await stat(join(root, 'sparse'))).blocks).toBeLessThan(1000);
  expect((await files()).sort()).toEqual(['copy.img', 'one.img', restored, taken]);
  await unmountBelow(join(folder, 'pods'));
  await expect.poll(loops).toEqual([]);
  expect(execFileSync('debugfs', ['-R', 'ea_get /plain user.berth', copy.path], { encoding: 'utf8', stdio: 'pipe' })).toContain('kept');
});

test('an archive that breaks off, is damaged, does not fit or is none leaves nothing, and neither does one that nobody reads to its end', async () => {
  const all = disks();
  await live(all);
  await writeFile(join(target('a'), 'file'), Buffer.alloc(4 * mebi, 1));
  await all.takeSnapshot(taken, disk().path);
  const archive = await archived();
  const right = { bytes: 16 * mebi, sha256: sha256(archive) };
  const refused = (chunks: Iterable<Buffer> | AsyncIterable<Buffer>, incoming = right) =>
    all.writeSnapshot(restored, chunks as never, incoming);
  await expect(refused([archive.subarray(0, mebi)])).rejects.toThrow(/tar: .*Unexpected EOF|is not the one that was meant/s);
  await expect(refused([archive], { ...right, sha256: '0'.repeat(64) })).rejects.toThrow('is not the one that was meant');
  await expect(refused([Buffer.from('this is no archive')])).rejects.toThrow(/tar: /);
  const larger = Array.from({ length: 32 }, () => Buffer.alloc(mebi, 7));
  await expect(refused(larger)).rejects.toThrow(/tar: /);
  const broken = (async function* () {
    yield archive.subarray(0, mebi);
    throw new Error('the client went away');
  })();
  await expect(refused(broken)).rejects.toThrow(/the client went away|Unexpected EOF/);
  await expect(disks().readSnapshot(taken, async () => Promise.reject(new Error('nobody reads')))).rejects.toThrow('nobody reads');
  await expect(disks().readSnapshot('snapshot-none.ext4', async () => undefined)).rejects.toThrow('there is no snapshot');
  await expect(disks().readSnapshot('../one.img', async () => undefined)).rejects.toThrow('is no name of a snapshot');
  expect((await files()).sort()).toEqual(['one.img', taken]);
});

test('what an agent that was killed while it wrote an archive had mounted goes with the next start', async () => {
  const all = disks();
  await live(all);
  await all.takeSnapshot(taken, disk().path);
  const point = join(folder, 'volumes', '.making-x', 'point');
  await mkdir(point, { recursive: true });
  execFileSync('mount', ['-o', 'loop,ro,noload', join(folder, 'volumes', taken), point]);
  await disks().sweep();
  expect((await files()).sort()).toEqual(['one.img', taken]);
});
