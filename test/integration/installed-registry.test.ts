// The registry in the cluster as the API server has to do with it: tokens for its clients by what RBAC allows, and what comes by `/v2/` of the
// API passed on with one. The registry itself is the real docker-registry, with the configuration that `berth registry install` gives it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ConfigMap, EndpointSlice, installedRegistry, Namespace, Secret, Service, ServiceAccount } from '@berth/api';
import { HttpClient, readKubeconfig } from '@berth/client';
import { builderAccount } from '@berth/controllers/image-build';
import { CertificateAuthority, selfSignedPair } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { provideBuildAccess } from '../../apps/cli/src/build/build-access.ts';
import { ClusterRegistry } from '../../apps/cli/src/build/registry.ts';
import { kindOf } from '../../apps/cli/src/registry/cluster/install.ts';
import { baseObjects, workloadObjects } from '../../apps/cli/src/registry/cluster/objects.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

const { namespace, service, host } = installedRegistry;
const port = 5443;
let cluster: KubectlCluster;
let client: HttpClient;
let authority: string;
let registry: ChildProcess;
let folder: string;
/** Of this machine; an endpoint may not be a loopback address. */
const address =
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address ?? '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-installed-registry-'));
  cluster = await KubectlCluster.start(['api']);
  const connection = await readKubeconfig(cluster.controlPlane.kubeconfigPath);
  authority = connection.certificateAuthority ?? '';
  client = new HttpClient(connection);
  for (const name of ['shop', namespace])
    await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
}, 60_000);

afterAll(async () => {
  if (registry?.exitCode === null) {
    registry.kill();
    await once(registry, 'exit');
  }
  client?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  code: number;
  headers: IncomingMessage['headers'];
  text: string;
}

interface Asked {
  to?: { host: string; port: number };
  authorization?: string;
  method?: string;
}

function ask(path: string, { to = apiAddress(), authorization, method = 'GET' }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = authorization === undefined ? {} : { authorization };
    const request = httpsRequest({ ...to, path, method, headers, ca: authority, agent: false }, async (response) =>
      resolve({ code: response.statusCode ?? 0, headers: response.headers, text: (await buffer(response)).toString() }),
    );
    request.on('error', reject).end();
  });
}

function apiAddress() {
  const { host: at = '', port: on = 0 } = cluster.controlPlane.address ?? {};
  return { host: at, port: on };
}

async function accountToken(): Promise<string> {
  const key = { namespace: 'shop', name: builderAccount };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer = await client.createSubresource(ServiceAccount, key, 'token', body);
  return (answer as { status: { token: string } }).status.token;
}

const basic = (token: string) => `Basic ${Buffer.from(`whoever:${token}`).toString('base64')}`;

test('before one is installed, there is nothing at its paths', async () => {
  await expect(ClusterRegistry.of(client)).rejects.toThrow('this cluster has no image registry');
});

test('the real registry believes the tokens of the API, which hold what RBAC allows and nothing else', async () => {
  await install();
  await provideBuildAccess(client, 'shop');
  const token = await accountToken();
  const atRegistry = { host: address, port };
  const scope = (...scopes: string[]) => scopes.map((each) => `&scope=${encodeURIComponent(each)}`).join('');
  const path = `${installedRegistry.tokenPath}?service=${host}${scope('repository:shop/app:pull,push', 'repository:other/app:pull,push')}`;

  const challenge = await ask('/v2/', { to: atRegistry });
  expect(challenge.code).toBe(401);
  expect(challenge.headers['www-authenticate']).toContain(`Bearer realm="https://${apiAddress().host}`);
  expect((await ask(path)).code).toBe(401);
  expect((await ask(path, { authorization: basic('nonsense') })).code).toBe(401);
  expect((await ask(path.replace(host, 'other'), { authorization: basic(token) })).code).toBe(400);

  const given = await ask(path, { authorization: basic(token) });
  const bearer = JSON.parse(given.text).token as string;
  expect(JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString()).access).toEqual([
    { type: 'repository', name: 'shop/app', actions: ['pull', 'push'] },
    { type: 'repository', name: 'other/app', actions: ['pull'] },
  ]);
  const push = async (repository: string, authorization: string) =>
    (await ask(`/v2/${repository}/blobs/uploads/`, { to: atRegistry, method: 'POST', authorization })).code;
  expect(await push('shop/app', `Bearer ${bearer}`)).toBe(202);
  expect(await push('other/app', `Bearer ${bearer}`)).toBe(401);
  // A token of the API is none of the registry's, nor the other way round.
  expect(await push('shop/app', `Bearer ${token}`)).toBe(401);
  expect((await ask('/api/v1/namespaces', { authorization: `Bearer ${bearer}` })).code).toBe(401);
});

test('what comes to the API’s own /v2/ is passed on to it', async () => {
  const to = await ClusterRegistry.of(client);
  expect(to.host).toBe(host);
  const layer = async function* () {
    for (let count = 0; count < 20; count++) yield Buffer.alloc(100_000, count);
  };
  const digest = await to.push('shop/app', layer(), {}, '1');
  expect(await to.digestOf('shop/app', '1')).toBe(digest);
  expect(await to.digestOf('shop/app', '2')).toBeUndefined();
  const authorization = basic(await accountToken());
  expect((await ask('/v2/shop/app/tags/list', { authorization })).text).toContain('"1"');
  expect((await ask('/v2/other/app/blobs/uploads/', { method: 'POST', authorization })).code).toBe(403);
});

/** Its objects, but the pod: that is a process here, which an endpoint names. */
async function install(): Promise<void> {
  const ca = await CertificateAuthority.open(join(cluster.directory, 'data', 'pki'), systemClock);
  const serving = await ca.issueServing(host, [host, address]);
  const token = await selfSignedPair(host, systemClock.now(), 86_400_000);
  const at = apiAddress();
  const tokenUrl = `https://${at.host}:${at.port}${installedRegistry.tokenPath}`;
  const objects = [
    ...baseObjects({ storage: '1Gi', storageClass: undefined }),
    ...workloadObjects({ image: 'registry', pullPolicy: 'Never', node: undefined, tokenUrl, secrets: { serving, token, uploads: 'x' } }),
  ];
  for (const object of objects) await client.patch(kindOf(object), object.metadata, 'apply', object, { fieldManager: 'test', force: true });
  const { data = {} } = await client.get(ConfigMap, { namespace, name: 'registry-config' });
  const secret = await client.get(Secret, { namespace, name: 'registry-serving' });
  const file = (name: string) => join(folder, name);
  await mkdir(file('data'));
  await writeFile(file('tokens.crt'), data['tokens.crt'] ?? '');
  for (const name of ['tls.crt', 'tls.key']) await writeFile(file(name), Buffer.from(secret.data?.[name] ?? '', 'base64'));
  const config = (data['config.yml'] ?? '')
    .replaceAll('/etc/registry/serving/', `${folder}/`)
    .replaceAll('/etc/registry/', `${folder}/`)
    .replaceAll('"/data"', JSON.stringify(file('data')))
    .replace('":5000"', `"${address}:${port}"`);
  await writeFile(file('config.yml'), config);
  registry = spawn('docker-registry', ['serve', file('config.yml')], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    registry.stderr?.on('data', (text: Buffer) => {
      said += text;
      if (said.includes('listening on')) resolve();
    });
    registry.once('exit', () => reject(new Error(said)));
  });
  await endpoint();
}

async function endpoint(): Promise<void> {
  await client.patch(Service, { namespace, name: service }, 'merge', { spec: { selector: null } });
  await client.create(EndpointSlice, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: service, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
}
