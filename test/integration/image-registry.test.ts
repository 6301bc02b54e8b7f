// The image registry behind the API server, as its clients see it: asked for a password that is a token, allowed by RBAC and path, and bytes
// that pass as they are. The registry itself is a small one in this process.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Namespace, ServiceAccount } from '@berth/api';
import { HttpClient, readKubeconfig } from '@berth/client';
import { builderAccount } from '@berth/controllers/image-build';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { provideBuildAccess } from '../../apps/cli/src/build/build-access.ts';
import { ClusterRegistry } from '../../apps/cli/src/build/registry.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
let client: HttpClient;
let registry: Server;
let authority: string;
/** What the registry was sent, by path. */
const stored = new Map<string, Buffer>();
let asked: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];

beforeAll(async () => {
  registry = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers });
    const body = await buffer(request);
    const path = url.split('?')[0] ?? '';
    const location = `${headers['x-forwarded-proto']}://${headers.host}/v2/x/blobs/uploads/id?state=s`;
    if (method === 'POST' || method === 'PATCH') {
      stored.set(path, body);
      response.writeHead(202, { location }).end();
    } else if (method === 'PUT') {
      stored.set(url, body);
      response.writeHead(201).end();
    } else if (path === '/v2/') response.writeHead(200).end('{}');
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[]}');
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const { port } = registry.address() as AddressInfo;
  cluster = await KubectlCluster.start(['api'], { imageRegistry: new URL(`http://127.0.0.1:${port}`) });
  const connection = await readKubeconfig(cluster.controlPlane.kubeconfigPath);
  authority = connection.certificateAuthority ?? '';
  client = new HttpClient(connection);
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, spec: {} });
}, 60_000);

afterAll(async () => {
  client?.close();
  await cluster?.stop();
  registry?.close();
});

interface Answer {
  code: number;
  headers: IncomingMessage['headers'];
  text: string;
}

function send(method: string, path: string, token?: string, body?: string): Promise<Answer> {
  const { host = '', port = 0 } = cluster.controlPlane.address ?? {};
  const headers = token === undefined ? {} : { authorization: `Basic ${Buffer.from(`whoever:${token}`).toString('base64')}` };
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ host, port, path, method, headers, ca: authority, agent: false }, async (response) =>
      resolve({ code: response.statusCode ?? 0, headers: response.headers, text: (await buffer(response)).toString() }),
    );
    request.on('error', reject).end(body);
  });
}

async function accountToken(): Promise<string> {
  const key = { namespace: 'shop', name: builderAccount };
  const answer = await client.createSubresource(ServiceAccount, key, 'token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  });
  return (answer as { status: { token: string } }).status.token;
}

test('a client that shows nothing is asked for a password, and a wrong one is refused', async () => {
  for (const token of [undefined, 'nonsense']) {
    const answer = await send('GET', '/v2/', token);
    expect([answer.code, answer.headers['www-authenticate']]).toEqual([401, 'Basic realm="berth"']);
  }
  expect((await send('GET', '/version', 'nonsense')).headers['www-authenticate']).toBe('Bearer realm="berth"');
});

test('who builds in a namespace pulls everything and pushes the images of that namespace alone', async () => {
  await provideBuildAccess(client, 'shop');
  await provideBuildAccess(client, 'shop');
  const token = await accountToken();
  const code = async (method: string, path: string) => (await send(method, path, token)).code;
  asked = [];
  expect(await code('GET', '/v2/')).toBe(200);
  expect(await code('GET', '/v2/other/app/manifests/1')).toBe(404);
  expect(await code('POST', '/v2/shop/app/blobs/uploads/')).toBe(202);
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    ...['GET /v2/', 'GET /v2/other/app/manifests/1', 'POST /v2/shop/app/blobs/uploads/'],
  ]);
  asked = [];
  for (const path of ['/v2/other/app/blobs/uploads/', '/v2/shop', '/v2/shopping/app/blobs/uploads/'])
    expect(await code('POST', path)).toBe(403);
  for (const path of ['/v2/shop/../other/app/blobs/uploads/', '/v2/shop/%2e%2e/other/x', '/v2/shop/a%2F..%2F..%2Fother/x'])
    expect(await code('POST', path)).toBe(400);
  expect((await send('GET', '/api/v1/namespaces/shop/secrets', token)).code).toBe(401);
  expect(asked).toEqual([]);
});

test('an image arrives as it was sent, whatever its size, and credentials stay here', async () => {
  asked = [];
  stored.clear();
  const piece = Buffer.alloc(700_000, 7);
  const layer = async function* () {
    for (let count = 0; count < 12; count++) yield piece;
  };
  const to = await ClusterRegistry.of(client);
  expect(to.host).toBe(`127.0.0.1:${(registry.address() as AddressInfo).port}`);
  const digest = await to.push('shop/app', layer(), { Labels: { a: 'b' } }, '1');
  const manifest = stored.get('/v2/shop/app/manifests/1') ?? Buffer.alloc(0);
  expect(digest).toBe(`sha256:${createHash('sha256').update(manifest).digest('hex')}`);
  const whole = Buffer.concat(Array.from({ length: 12 }, () => piece));
  const layerDigest = `sha256:${createHash('sha256').update(whole).digest('hex')}`;
  expect(JSON.parse(manifest.toString()).layers).toEqual([
    { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layerDigest, size: whole.length },
  ]);
  expect([...stored.keys()]).toContain(`/v2/x/blobs/uploads/id?state=s&digest=${encodeURIComponent(layerDigest)}`);
  expect(asked.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  expect(await to.digestOf('shop/app', 'gone')).toBeUndefined();
});
