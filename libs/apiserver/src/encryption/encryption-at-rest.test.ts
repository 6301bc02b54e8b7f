import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '@berth/store';
import { silentLogger, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { openEncryptionConfiguration, parseEncryptionConfiguration } from './configuration.ts';
import { encryptionAtRest } from './encryption-at-rest.ts';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-encryption-'));
  file = join(directory, 'encryption.yaml');
});
afterEach(() => rm(directory, { recursive: true }));

const place = '/registry/core/secrets/default/token';
const put = { compare: [], writes: [{ type: 'put' as const, key: place, value: Buffer.from('hidden') }] };
const rawText = async (store: MemoryStore) => Buffer.from((await store.get(place)).kv?.value ?? []).toString('latin1');

test('the first start makes a key that only root reads, and later ones keep it', async () => {
  const inner = new MemoryStore({ clock: systemClock });
  const first = await encryptionAtRest(inner, file, silentLogger);
  await first.store.transact(put);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await rawText(inner)).toMatch(/^berth:enc:v1:key1:/);
  const second = await encryptionAtRest(inner, file, silentLogger);
  expect(Buffer.from((await second.store.get(place)).kv?.value ?? []).toString()).toBe('hidden');
});

test('a new first key encrypts everything again, so that the old one can go', async () => {
  const inner = new MemoryStore({ clock: systemClock });
  await (await encryptionAtRest(inner, file, silentLogger)).store.transact(put);
  const configuration = parse(await readFile(file, 'utf8'));
  const { keys } = configuration.resources[0].providers[0].aesgcm;
  keys.unshift({ name: 'key2', secret: Buffer.alloc(32, 7).toString('base64') });
  await writeFile(file, stringify(configuration));
  await (await encryptionAtRest(inner, file, silentLogger)).rewrap();
  expect(await rawText(inner)).toMatch(/^berth:enc:v1:key2:/);
  keys.pop();
  await writeFile(file, stringify(configuration));
  const last = await encryptionAtRest(inner, file, silentLogger);
  expect(Buffer.from((await last.store.get(place)).kv?.value ?? []).toString()).toBe('hidden');
});

test('kinds that users define are encrypted by their names, and those of other names are not', async () => {
  const providers = [{ aesgcm: { keys: [{ name: 'key1', secret: Buffer.alloc(32, 7).toString('base64') }] } }];
  await writeFile(file, entry(providers, ['key-rings2.vault.example.com']));
  const inner = new MemoryStore({ clock: systemClock });
  const { store } = await encryptionAtRest(inner, file, silentLogger);
  const written = async (key: string) => {
    await store.transact({ compare: [], writes: [{ type: 'put', key, value: Buffer.from('{}') }] });
    return Buffer.from((await inner.get(key)).kv?.value ?? []).toString('latin1');
  };
  expect(await written('/registry/vault.example.com/key-rings2/default/a')).toMatch(/^berth:enc:v1:key1:/);
  expect(await written('/registry/other.example.com/key-rings2/default/a')).toBe('{}');
  expect(Buffer.from((await store.get('/registry/vault.example.com/key-rings2/default/a')).kv?.value ?? []).toString()).toBe('{}');
});

const secret = Buffer.alloc(32).toString('base64');
const entry = (providers: unknown, resources: unknown = ['secrets']) =>
  stringify({ kind: 'EncryptionConfiguration', resources: [{ resources, providers }] });

test.each([
  ['a: b: c', 'f.yaml: not YAML'],
  ['kind: Pod', 'f.yaml: kind must be EncryptionConfiguration'],
  ['kind: EncryptionConfiguration', 'f.yaml: resources must list'],
  [entry([{ aescbc: {} }]), 'f.yaml: resources[0].providers[0] is "aescbc": use aesgcm or identity'],
  [entry([{ aesgcm: { keys: [] } }]), 'resources[0].providers[0].aesgcm.keys must list'],
  [entry([{ aesgcm: { keys: [{ name: 'a', secret: 'c2hvcnQ=' }] } }]), 'aesgcm.keys[0] needs a name and a secret: 32 random bytes'],
  [entry([{ aesgcm: { keys: [{ name: 'a:b', secret }] } }]), 'cannot name an encryption key'],
  [entry([{ identity: {} }], ['*.*']), 'wildcards are not supported'],
])('a file that cannot be used says where and why: %#', (text, problem) => {
  expect(() => parseEncryptionConfiguration('f.yaml', text)).toThrow(problem);
});

test('a broken file stops the start instead of making a new key', async () => {
  await writeFile(file, '{');
  await expect(openEncryptionConfiguration(file)).rejects.toThrow('not YAML');
  expect(await readFile(file, 'utf8')).toBe('{');
});
