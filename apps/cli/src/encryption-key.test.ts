import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { addEncryptionKey } from './encryption-key.ts';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-encryption-key-'));
  file = join(directory, 'encryption.yaml');
});
afterEach(() => rm(directory, { recursive: true }));

const head = 'kind: EncryptionConfiguration\nresources:\n- resources: [secrets] # only these\n  providers:\n';

test('a new key comes first, and the rest stays as it was', async () => {
  await writeFile(file, `${head}  - aesgcm: {keys: [{name: key1, secret: b2xk}]}\n  - identity: {}\n`);
  expect(await addEncryptionKey(file)).toBe('key2');
  const text = await readFile(file, 'utf8');
  const [aesgcm, identity] = parse(text).resources[0].providers;
  expect(aesgcm.aesgcm.keys.map((key: { name: string }) => key.name)).toEqual(['key2', 'key1']);
  expect(Buffer.from(aesgcm.aesgcm.keys[0].secret, 'base64')).toHaveLength(32);
  expect(identity).toEqual({ identity: {} });
  expect(text).toContain('# only these');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('plain text becomes encrypted', async () => {
  await writeFile(file, `${head}  - identity: {}\n`);
  expect(await addEncryptionKey(file)).toBe('key1');
  expect(parse(await readFile(file, 'utf8')).resources[0].providers).toEqual([
    { aesgcm: { keys: [{ name: 'key1', secret: expect.any(String) }] } },
    { identity: {} },
  ]);
});

test('what is no such file is left alone', async () => {
  await writeFile(file, 'resources: 7\n');
  await expect(addEncryptionKey(file)).rejects.toThrow('encryption.yaml: resources[0].providers must be a list');
  expect(await readFile(file, 'utf8')).toBe('resources: 7\n');
});
