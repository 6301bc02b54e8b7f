// Kubeconfigs as kubectl and `berth` write them, and what is said of those that cannot be used.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KubeconfigError, readKubeconfig } from './kubeconfig.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-kubeconfig-'));
  path = join(folder, 'config');
});

afterEach(() => rm(folder, { recursive: true }));

const config = (change: object = {}) => ({
  'current-context': 'home',
  contexts: [{ name: 'home', context: { cluster: 'c', user: 'u' } }],
  clusters: [
    { name: 'c', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': Buffer.from('CA').toString('base64') } },
  ],
  users: [{ name: 'u', user: { token: 't', 'client-certificate': 'client.pem' } }],
  ...change,
});

it('takes certificates inline and from files beside it', async () => {
  await writeFile(path, JSON.stringify(config()));
  await writeFile(join(folder, 'client.pem'), 'CERTIFICATE');
  expect(await readKubeconfig(path)).toEqual({
    server: 'https://127.0.0.1:6443',
    certificateAuthority: 'CA',
    clientCertificate: 'CERTIFICATE',
    clientKey: undefined,
    token: 't',
  });
});

it.each<[string, object | string, string]>([
  ['no context', config({ 'current-context': 'work' }), 'has no context named "work"'],
  ['no user', config({ users: null }), 'has no user named "u"'],
  ['no server', config({ clusters: [{ name: 'c', cluster: {} }] }), 'its cluster has no server'],
  ['no mapping', '[]', 'is not a kubeconfig'],
  ['no YAML', '{', 'cannot be read'],
])('says what is wrong with one that has %s', async (_, content, message) => {
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await expect(readKubeconfig(path)).rejects.toThrow(KubeconfigError);
  await expect(readKubeconfig(path)).rejects.toThrow(message);
  await expect(readKubeconfig(path)).rejects.toThrow(path);
});

it('says that there is none', async () => {
  await expect(readKubeconfig(path)).rejects.toThrow('cannot be read');
});
