// A server that extends the API, behind a service of the cluster and a node's tunnel: of the network, all but the wire is real.

import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { APIService, Namespace, Pod } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import { apiService, type ExtensionServer, group, makeService, startExtensionServer } from '@berth/apiserver/testing';
import { FrontProxy } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type ProxiedCluster, podIp as podIP, startProxiedCluster } from './proxied-cluster.ts';

let extension: ExtensionServer;
let proxied: ProxiedCluster;
const base = `/apis/${group}/v1`;
const itemsPath = `${base}/namespaces/default/items`;

beforeAll(async () => {
  proxied = await startProxiedCluster(() => extension.port);
  extension = await startExtensionServer(await FrontProxy.open(join(proxied.kubectl.directory, 'data', 'pki'), systemClock));
  const client = proxied.kubectl.controlPlane.api.localClient(componentUsers.apiServer);
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, spec: {} });
  const spec = { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry.local/api:1' }] };
  const pod = await client.create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name: 'api' }, spec });
  await client.updateStatus(Pod, { ...pod, status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] } });
  await makeService(client, 'api');
  await client.create(APIService, apiService({ caBundle: extension.caBundle }));
  await vi.waitFor(
    async () => expect((await client.get(APIService, { name: `v1.${group}` })).status?.conditions?.[0]?.reason).toBe('Passed'),
    { timeout: 10_000 },
  );
});
afterAll(async () => {
  await proxied?.stop();
  await extension?.stop();
});
beforeEach(() => {
  extension.asked.length = 0;
  extension.handler = (request, response) => {
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json', 'x-from': 'extension' });
    request.pipe(response);
    if (request.method === 'GET') response.end('{"kind":"ItemList","apiVersion":"shop.example.com/v1","metadata":{},"items":[]}');
  };
});

/** But for what this server asks of its own accord. */
const askedHere = () => extension.asked.filter(({ headers }) => headers['x-remote-user'] !== 'system:kube-aggregator');

interface Got {
  code: number;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Asking {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
}

function ask(path: string, { method = 'GET', headers = {}, body }: Asking = {}): Promise<Got> {
  const { host, port } = proxied.kubectl.controlPlane.address ?? { host: '', port: 0 };
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ host, port, path, method, headers, agent: false, ...proxied.tls });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk)).on('error', reject);
      response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.end(body);
  });
}

test('requests are passed on with who asks, and with nothing that a client says of that itself', async () => {
  const forged = { 'x-remote-user': 'root', 'X-Remote-Group': 'system:masters', 'x-remote-extra-a': 'b', 'x-remote-uid': '1' };
  const impersonated = {
    'impersonate-user': 'änn',
    'impersonate-group': ['builders', 'system:masters'],
    'impersonate-uid': 'u-1',
    'impersonate-extra-scopes%2fread': 'all',
  };
  const got = await ask(`${itemsPath}?limit=5`, { headers: { ...forged, ...impersonated } });
  expect([got.code, got.headers['x-from'], JSON.parse(got.body).kind]).toEqual([200, 'extension', 'ItemList']);
  const [seen] = askedHere();
  expect([seen?.url, seen?.proxy]).toEqual([`${itemsPath}?limit=5`, 'front-proxy-client']);
  expect(Object.fromEntries(Object.entries(seen?.headers ?? {}).filter(([name]) => /remote|impersonate|authorization/.test(name)))).toEqual(
    {
      'x-remote-user': Buffer.from('änn').toString('latin1'),
      'x-remote-uid': 'u-1',
      'x-remote-group': 'builders, system:masters, system:authenticated',
      'x-remote-extra-scopes%2fread': 'all',
    },
  );
});

test('reads go over a connection that is kept, one that has ended is replaced, and writes have one each', async () => {
  const sockets: Socket[] = [];
  extension.handler = (request, response) => {
    sockets.push(request.socket);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  const read = async () => expect((await ask(itemsPath)).code).toBe(200);
  await read();
  await read();
  expect(new Set(sockets).size).toBe(1);
  // It ends on its way to this server, which finds out by using it.
  extension.handler = (request, response) => {
    if (sockets.includes(request.socket)) return request.socket.destroy();
    sockets.push(request.socket);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  await read();
  expect(new Set(sockets).size).toBe(2);
  for (const body of ['{"a":1}', '{"a":2}']) expect((await ask(itemsPath, { method: 'POST', body })).code).toBe(200);
  expect(new Set(sockets).size).toBe(4);
  // One that breaks off before it answers a request of its own is not asked again.
  extension.handler = (request) => request.socket.destroy();
  expect((await ask(itemsPath, { method: 'POST', body: '{}' })).code).toBe(503);
});

test('bodies pass, with their length known, and a refused one does not', async () => {
  const body = JSON.stringify({ kind: 'Item', text: 'x'.repeat(200_000) });
  const made = await ask(itemsPath, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  expect([made.code, made.body === body]).toEqual([201, true]);
  expect(askedHere()[0]?.headers['content-length']).toBe(String(body.length));
  const large = await ask(itemsPath, { method: 'POST', body: 'x'.repeat(4 * 1024 * 1024) });
  expect([large.code, askedHere().length]).toEqual([413, 1]);
  const options = '{"kind":"DeleteOptions"}';
  const headers = { 'content-length': String(options.length) };
  const removed = await ask(`${itemsPath}/one`, { method: 'DELETE', body: options, headers });
  expect([removed.code, removed.body]).toEqual([200, options]);
});

test('who may not is told so here, by resource, however long the path', async () => {
  const headers = { 'impersonate-user': 'ann' };
  for (const path of [itemsPath, `${itemsPath}/one/connect/22/tcp`]) {
    const { code, body } = await ask(path, { headers });
    expect(code).toBe(403);
    expect(JSON.parse(body).message).toMatch(/cannot (list|get) resource "items(\/connect)?" in API group "shop.example.com"/);
  }
  expect(askedHere()).toEqual([]);
  expect((await ask(`${itemsPath}/one/connect/22/tcp`)).code).toBe(200);
  expect((await ask('/api/v1/namespaces/default/pods/web/log/more/and/more')).code).toBe(404);
});

test('a watch streams as it comes, and both ends close together', async () => {
  let ended: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    ended = resolve;
  });
  extension.handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    response.write('{"type":"ADDED"}\n');
    response.on('close', ended);
  };
  const { host, port } = proxied.kubectl.controlPlane.address ?? { host: '', port: 0 };
  const request = httpsRequest({ host, port, path: `${itemsPath}?watch=true`, agent: false, ...proxied.tls });
  const event = await new Promise<string>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => response.once('data', (data) => resolve(String(data))).on('error', () => {}));
    request.end();
  });
  expect(event).toBe('{"type":"ADDED"}\n');
  request.destroy();
  await over;
});

test('an upgrade passes whatever it is called, and its answer when there is none', async () => {
  let far: Duplex | undefined;
  extension.upgrade = (request, socket) => {
    socket.on('error', () => {});
    if (request.url?.endsWith('/refused')) return void socket.end('HTTP/1.1 409 Conflict\r\nContent-Length: 4\r\n\r\nbusy');
    far = socket;
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
    socket.on('data', (data) => socket.write(`echo ${data}`));
  };
  const headers = { connection: 'Upgrade', upgrade: 'chat' };
  const { host, port } = proxied.kubectl.controlPlane.address ?? { host: '', port: 0 };
  const request = httpsRequest({ host, port, path: `${itemsPath}/one/console`, headers, agent: false, ...proxied.tls });
  const socket = await new Promise<Duplex>((resolve, reject) => {
    request.on('error', reject).on('upgrade', (_response, upgraded) => resolve(upgraded));
    request.end();
  });
  socket.on('error', () => {});
  socket.write('hello');
  expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('echo hello');
  expect(askedHere()[0]?.headers['x-remote-user']).toBe('kubernetes-admin');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  far?.destroy();
  await closed;
  const refused = await ask(`${itemsPath}/one/refused`, { headers });
  expect([refused.code, refused.body]).toEqual([409, 'busy']);
});

test.each([
  ['no HTTP', (socket: Duplex) => socket.end('gibberish\r\n\r\n')],
  ['an odd status', (socket: Duplex) => socket.end('HTTP/1.1 42 Odd\r\nContent-Length: 0\r\n\r\n')],
  ['nothing', (socket: Duplex) => socket.destroy()],
])('%s for an answer ends as one that says so', async (_, odd) => {
  extension.handler = ({ socket }) => void odd(socket);
  const got = await ask(itemsPath);
  expect([got.code, got.headers['content-type']]).toEqual([503, 'text/plain; charset=utf-8']);
  expect(got.body).toMatch(/^error trying to reach service: /);
});

test('kubectl finds the group, and what is not available is said to be so', async () => {
  const { kubectl } = proxied;
  expect((await kubectl.run(['api-resources', `--api-group=${group}`, '-o', 'name'])).stdout).toBe(`items.${group}\n`);
  expect((await kubectl.run(['get', 'items'])).stderr).toContain('No resources found');
  expect((await kubectl.run(['get', 'apiservice', `v1.${group}`, '--no-headers'])).stdout).toMatch(
    /^v1\.shop\.example\.com +shop\/api +True +/,
  );
  const roots = JSON.parse((await ask('/apis')).body).groups.map(({ name }: { name: string }) => name);
  expect(roots.slice(0, 3)).toEqual(['apiregistration.k8s.io', 'apps', 'events.k8s.io']);
  expect(roots.slice(-4)).toEqual([group, 'decisions.scheduling.berth.io', 'history.berth.io', 'metrics.k8s.io']);
  const beta = await ask('/apis', { headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList' } });
  expect(JSON.parse(beta.body).apiVersion).toBe('apidiscovery.k8s.io/v2beta1');
  expect(JSON.parse((await ask('/openapi/v3')).body).paths[`apis/${group}/v1`].serverRelativeURL).toBe(
    `/openapi/v3/apis/${group}/v1?hash=ABC`,
  );
  expect(JSON.parse((await ask(`/openapi/v3/apis/${group}/v1?hash=ABC`)).body).info.title).toBe('Shop');
  expect(JSON.parse((await ask('/openapi/v2')).body).definitions.Size).toEqual({ type: 'integer' });

  const client = kubectl.controlPlane.api.localClient(componentUsers.apiServer);
  await client.create(APIService, apiService({ service: { namespace: 'shop', name: 'none' } }, 'v2'));
  await expect.poll(async () => (await ask(`/apis/${group}/v2/items`)).code, { timeout: 10_000 }).toBe(503);
  const down = await ask(`/apis/${group}/v2/items`);
  expect([down.body, down.headers['content-type']]).toEqual(['service unavailable\n', 'text/plain; charset=utf-8']);
  const shown = await kubectl.run(['get', `items.v2.${group}`]);
  expect(shown.code).toBe(1);
  expect((await kubectl.run(['get', 'pods', '--no-headers'])).stdout).toMatch(/^web /m);
  await client.delete(APIService, { name: `v2.${group}` });
  expect(await client.list(Pod, { namespace: 'default' })).toBeDefined();
});
