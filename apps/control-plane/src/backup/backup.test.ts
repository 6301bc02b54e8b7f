// A backup gives back every key and file, and one that is not whole, not ours, or not for this place is refused before anything is made.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { MemoryStore, prefixEnd, type Store } from '@berth/store';
import { silentLogger, systemClock, systemRandom } from '@berth/telemetry';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ControlPlaneConfig, defaultConfig } from '../config.ts';
import { openStore } from '../open-store.ts';
import { stateVersion } from '../state-version.ts';
import { makeBackup } from './backup.ts';
import { BackupError, verifyBackup } from './backup-format.ts';
import { refuseHalfRestored, restoreBackup } from './restore.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
const everything = { start: '/', end: prefixEnd('/') };
const known = { stateVersion };
let directory: string;
let file: string;
let store: Store;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-backup-'));
  file = join(directory, 'b.backup');
  store = new MemoryStore({ clock: systemClock });
  await mkdir(join(directory, 'old', 'pki'), { recursive: true });
  await writeFile(join(directory, 'old', 'pki', 'ca.key'), 'the key');
  await writeFile(join(directory, 'old', 'encryption.yaml'), 'kind: EncryptionConfiguration\n');
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

function configOf(name: string, more: Partial<ControlPlaneConfig> = {}): ControlPlaneConfig {
  const dataDirectory = join(directory, name);
  return { ...defaultConfig, dataDirectory, store: { driver: 'sqlite', file: join(dataDirectory, 'store.sqlite') }, ...more };
}

async function put(key: string, value: Uint8Array | string, lease?: string): Promise<void> {
  const bytes = typeof value === 'string' ? new Uint8Array(Buffer.from(value)) : value;
  await store.transact({ compare: [], writes: [{ type: 'put', key, value: bytes, ...(lease && { lease }) }] });
}

function unpacksTo(content: Buffer, packed: Buffer): boolean {
  try {
    return gunzipSync(packed).equals(content);
  } catch {
    return false;
  }
}

const backup = () => makeBackup(file, configOf('old'), store, systemClock);
const restore = (name = 'new', more: Partial<ControlPlaneConfig> = {}) => restoreBackup(file, configOf(name, more), ports);

test('every key comes back under a revision beyond all that were, and every file with its rights', async () => {
  const binary = new Uint8Array([0, 255, 10, 13, 128]);
  for (let i = 0; i < 1203; i++) await put(`/registry/pods/ns/${i}`, i === 7 ? binary : `pod ${i}`);
  await put('/compaction/marks', '[]');
  await put('/registry/events/ns/e', 'event', await store.grantLease(60));
  const made = await backup();
  expect(made).toMatchObject({ keys: 1204, files: 2, revision: await store.revision() });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await restore()).toMatchObject({ keys: 1204, files: 2 });
  expect(await readFile(join(directory, 'new', 'pki', 'ca.key'), 'utf8')).toBe('the key');
  expect((await stat(join(directory, 'new', 'pki', 'ca.key'))).mode & 0o777).toBe(0o600);
  expect((await readdir(join(directory, 'new'))).filter((name) => !name.startsWith('store.'))).toEqual([
    'encryption.yaml',
    'pki',
    'state-version',
  ]);
  const restored = await openStore(configOf('new').store, ports);
  try {
    const { kvs } = await restored.range({ start: '/registry/', end: prefixEnd('/registry/') });
    expect(kvs).toHaveLength(1204);
    expect(Math.min(...kvs.map(({ modRevision }) => modRevision))).toBeGreaterThan(made.revision + 2 ** 31);
    expect(kvs.find(({ key }) => key === '/registry/pods/ns/7')?.value).toEqual(binary);
    expect(kvs.filter(({ lease }) => lease !== undefined).map(({ key }) => key)).toEqual(['/registry/events/ns/e']);
    await expect(restored.range({ ...everything, revision: made.revision })).rejects.toThrow('has been compacted');
  } finally {
    await restored.close();
  }
});

test('a backup of a restored cluster can be restored again', async () => {
  await put('/registry/a', '1');
  const first = await backup();
  await restore();
  const restored = await openStore(configOf('new').store, ports);
  const second = await makeBackup(file, configOf('new'), restored, systemClock).finally(() => restored.close());
  expect(second.keys).toBe(1);
  expect(second.revision).toBeGreaterThan(first.revision + 2 ** 32);
  await restore('newer');
  const again = await openStore(configOf('newer').store, ports);
  const revision = await again.revision().finally(() => again.close());
  expect(revision).toBeGreaterThan(second.revision + 2 ** 32);
});

test('wherever a backup is cut short or altered, it is refused, and nothing is made', async () => {
  for (let i = 0; i < 50; i++) await put(`/registry/secrets/ns/${i}`, `value ${i}`.repeat(20));
  await backup();
  const whole = await readFile(file);
  const place = fc.integer({ min: 0, max: whole.length - 1 });
  await fc.assert(
    fc.asyncProperty(place, fc.option(fc.integer({ min: 1, max: 255 })), async (at, mask) => {
      const altered = Buffer.from(mask === null ? whole.subarray(0, at) : whole);
      if (mask !== null) altered[at] = (altered[at] ?? 0) ^ mask;
      // Some bits mean nothing, such as the time in the head and what fills the last byte of compressed data up.
      fc.pre(!unpacksTo(gunzipSync(whole), altered));
      await writeFile(file, altered);
      await expect(restore()).rejects.toThrow(BackupError);
      expect(existsSync(join(directory, 'new'))).toBe(false);
    }),
    { numRuns: 150 },
  );
});

test.each<[string, (lines: string[]) => string[], string]>([
  [
    'a newer form',
    ([head = '', ...rest]) => [head.replace('"formatVersion":1', '"formatVersion":2'), ...rest],
    'is newer than this build: its form is of version 2, and 1 is known',
  ],
  [
    'a newer state',
    ([head = '', ...rest]) => [head.replace(`"stateVersion":${stateVersion}`, '"stateVersion":99'), ...rest],
    `is newer than this build: its state is of version 99, and ${stateVersion} is known`,
  ],
  ['a line less', (lines) => lines.toSpliced(1, 1), 'is damaged'],
  ['a line more', (lines) => [...lines, lines[1] ?? ''], 'is damaged'],
  ['no end', (lines) => lines.slice(0, -1), 'is cut short'],
  ['something else in it', () => ['hello'], 'is no backup of Berth'],
  ['nothing in it', () => [], 'is cut short'],
])('one with %s is refused in words', async (_, change, message) => {
  await put('/registry/a', '1');
  await put('/registry/b', '2');
  await backup();
  const lines = gunzipSync(await readFile(file))
    .toString()
    .trimEnd()
    .split('\n');
  await writeFile(
    file,
    gzipSync(
      change(lines)
        .map((line) => `${line}\n`)
        .join(''),
    ),
  );
  await expect(verifyBackup(file, known)).rejects.toThrow(message);
  await expect(restore()).rejects.toThrow(file);
});

test('what is no backup, or not there, is said to be so', async () => {
  await writeFile(file, 'apiVersion: v1\n');
  await expect(restore()).rejects.toThrow(`${file} is no backup of Berth`);
  await rm(file);
  await expect(restore()).rejects.toThrow(`${file} cannot be read: ENOENT`);
});

test('a place that is taken, or meant for another cluster, is left as it is', async () => {
  await put('/registry/a', '1');
  await backup();
  await expect(restore('old')).rejects.toThrow('is not empty (encryption.yaml is there)');
  await expect(restore('new', { podCidr: '10.1.0.0/16' })).rejects.toThrow(
    'is of a cluster with --cluster-cidr 10.244.0.0/16, and this server has 10.1.0.0/16',
  );
  await expect(restore('new', { store: { driver: 'memory' } })).rejects.toThrow('--store memory keeps nothing');
  await expect(restore('new', { encryptionConfig: join(directory, 'old', 'encryption.yaml') })).rejects.toThrow('is there already');
  expect(existsSync(join(directory, 'new'))).toBe(false);
});

test('nobody starts with half a restore', async () => {
  await writeFile(join(directory, 'old', 'restore-under-way'), '');
  expect(() => refuseHalfRestored(join(directory, 'old'))).toThrow('was not finished: remove that directory, and restore again');
  expect(() => refuseHalfRestored(join(directory, 'new'))).not.toThrow();
});

test('a backup that cannot be made leaves nothing', async () => {
  await rm(join(directory, 'old', 'encryption.yaml'));
  await expect(backup()).rejects.toThrow('the backup could not be made: ENOENT');
  expect(await readdir(directory)).toEqual(['old']);
});
