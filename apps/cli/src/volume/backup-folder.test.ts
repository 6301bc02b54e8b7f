// Backups as folders: there as a whole or not at all, and none that is damaged is read.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backupName, prune } from './backup.ts';
import { archiveOf, backupsIn, readBackup, writeBackup } from './backup-folder.ts';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-backups-'));
  folder = join(root, 'to', 'one');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const facts = {
  ...{ namespace: 'ns', claim: 'data', storage: '1Gi', accessModes: ['ReadWriteOnce'], bytes: 2 ** 30, fileSystem: 'ext4' },
  ...{ node: 'n1', takenAt: '2026-01-01T00:00:00.000Z' },
};
const chunks = async function* (...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
};

test('what was written is read again, with its checksum', async () => {
  const written = await writeBackup(folder, facts, chunks('hello ', 'world'));
  const sha256 = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9';
  expect(written).toEqual({ ...facts, archive: { file: 'data.tar', bytes: 11, sha256 } });
  expect(await readBackup(folder)).toMatchObject(written);
  let text = '';
  for await (const chunk of archiveOf(folder)) text += chunk;
  expect(text).toBe('hello world');
  await expect(writeBackup(folder, facts, chunks('again'))).rejects.toThrow('is there already');
});

test('an archive that breaks off leaves no folder', async () => {
  const breaking = async function* () {
    yield Buffer.from('half');
    throw new Error('the node went away');
  };
  await expect(writeBackup(folder, facts, breaking())).rejects.toThrow('the node went away');
  expect(await readdir(join(root, 'to'))).toEqual([]);
});

test('what is damaged, cut short, of another version or no backup is refused with the reason', async () => {
  await writeBackup(folder, facts, chunks('hello world'));
  const [archive, manifest] = [join(folder, 'data.tar'), join(folder, 'backup.json')];
  await writeFile(archive, 'hellO world');
  await expect(readBackup(folder)).rejects.toThrow('is damaged: its SHA-256 is');
  await writeFile(archive, 'hello');
  await expect(readBackup(folder)).rejects.toThrow('has 5 bytes, not 11');
  const text = await readFile(manifest, 'utf8');
  await writeFile(manifest, text.replace('"version": 1', '"version": 2'));
  await expect(readBackup(folder)).rejects.toThrow('is of another version than 1');
  await writeFile(manifest, text.replace('"storage"', '"other"'));
  await expect(readBackup(folder)).rejects.toThrow('lacks facts');
  await writeFile(manifest, '{');
  await expect(readBackup(folder)).rejects.toThrow('is not JSON');
  await expect(readBackup(root)).rejects.toThrow('is no backup of a volume');
});

test('of the backups of a claim the newest stay, and those of others whose names begin so', async () => {
  const destination = backupsIn(root);
  const write = async (day: number, claim = 'data') => {
    const of = { ...facts, claim, takenAt: `2026-01-0${day}T00:00:00.000Z` };
    await destination.place(backupName(of)).write(of, chunks('x'));
    return of;
  };
  for (const day of [3, 1, 2]) await write(day);
  await write(1, 'data-old');
  expect(await prune(destination, facts, 2)).toEqual(['ns-data-20260101T000000Z']);
  expect((await readdir(root)).sort()).toEqual(['ns-data-20260102T000000Z', 'ns-data-20260103T000000Z', 'ns-data-old-20260101T000000Z']);
  expect(await prune(destination, facts, 2)).toEqual([]);
});
