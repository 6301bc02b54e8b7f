// pods/proxy and services/proxy over real HTTPS to a real HTTP server, which stands in for a pod: of the node between, all but the network.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ProxiedCluster, podIp, startProxiedCluster } from './proxied-cluster.ts';

let proxied: ProxiedCluster;
let pod: Server;
const seen: IncomingMessage[] = [];
const closedPort = 81;
const page = '<html><a href="/there">there</a><a href="here">here</a></html>';

function answer(request: IncomingMessage, response: ServerResponse): void {
  seen.push(request);
  if (request.url === '/elsewhere') return void response.writeHead(302, { location: '/there' }).end();
  if (request.url === '/loopback') return void response.writeHead(302, { location: 'http://127.0.0.1:10/there' }).end();
  if (request.url === '/large') return void response.end('x'.repeat(5_000_000));
  if (request.url === '/page')
    return void response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length }).end(page);
  if (request.url === '/packed') {
    return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip' }).end(gzipSync(page));
  }
  if (request.url === '/form') return void read(request).then((body) => response.writeHead(200, { 'x-from': 'the pod' }).end(body));
  response.writeHead(request.url === '/teapot' ? 418 : 200, { 'x-from': 'the pod', 'access-control-allow-origin': '*' });
  request.pipe(response);
  if (request.method === 'GET') response.end(`${request.method} ${request.url}`);
}

/** kubectl proxy lets go of a body once its answer has begun (Go's server of HTTP/1.1), and so calls off a request over HTTP/2. */
async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

beforeAll(async () => {
  pod = createServer(answer);
  const sockets = new WebSocketServer({ server: pod, path: '/socket' });
  sockets.on('connection', (socket: WebSocket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
  await new Promise<void>((resolve) => pod.listen(0, '127.0.0.1', resolve));
  proxied = await startProxiedCluster((port) => (port === closedPort ? 1 : (pod.address() as AddressInfo).port));
});

afterAll(async () => {
  await proxied?.stop();
  pod?.closeAllConnections();
  pod?.close();
});

interface Got {
  code: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** As the administrator, with nothing followed or unpacked. */
function ask(
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Got> {
  const { host, port } = proxied.kubectl.controlPlane.address ?? { host: '', port: 0 };
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ host, port, path: `/api/v1/namespaces/default/${path}`, method, headers, agent: false, ...proxied.tls });
    request.on('error', reject);
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('it was upgraded'));
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.end(body);
  });
}

const proxy = '/api/v1/namespaces/default/pods/web/proxy';

const raw = (path: string) => proxied.kubectl.run(['get', '--raw', `/api/v1/namespaces/default/${path}`]);

test.each([
  ['pods/web/proxy/', 'GET /', 8080],
  ['pods/web:9090/proxy/a/b?c=d', 'GET /a/b?c=d', 9090],
  ['pods/http:web:9090/proxy', 'GET /', 9090],
  ['services/web/proxy/x', 'GET /x', 8080],
  ['services/web:http/proxy/x', 'GET /x', 8080],
  ['services/http:web:80/proxy/x', 'GET /x', 8080],
])('%s reaches the pod', async (path, printed, port) => {
  expect((await raw(path)).stdout).toBe(printed);
  expect(proxied.dialled.at(-1)).toBe(`${podIp}:${port}`);
  const { headers } = seen.at(-1) ?? {};
  expect(headers?.['x-forwarded-for']).toBe('127.0.0.1');
  expect(headers?.authorization).toBeUndefined();
});

test.each([
  ['services/idle/proxy/', /no endpoints available for service "idle"/],
  ['services/foreign/proxy/', /no endpoints available for service "foreign"/],
  ['services/web:nothing/proxy/', /no endpoints available for service "web:nothing"/],
  ['services/web:81/proxy/', /no service port 81 found for service "web"/],
  ['pods/local/proxy/', /address not allowed/],
  ['pods/link:80/proxy/', /address not allowed/],
  ['pods/nowhere/proxy/', /address not allowed/],
  ['pods/ended/proxy/', /pod ended is not running/],
  ['services/none/proxy/', /services "none" not found/],
  ['pods/none/proxy/', /pods "none" not found/],
  ['pods/web:http/proxy/', /a pod's port is a number/],
  ['pods/web:81/proxy/', /error trying to reach service: .*ECONNREFUSED/],
  ['pods/ftp:web:81/proxy/', /invalid pod request "ftp:web:81"/],
])('%s says why it does not', async (path, printed) => {
  const { stderr, code } = await raw(path);
  expect(stderr).toMatch(printed);
  expect(code).toBe(1);
});

test('kubectl proxy carries bodies, redirects, statuses and large answers', async () => {
  const kubectlProxy = proxied.kubectl.spawn(['proxy', '--port=0']);
  try {
    const line = await new Promise<string>((resolve) => kubectlProxy.stdout.once('data', (data) => resolve(String(data))));
    const base = `http://${/127\.0\.0\.1:\d+/.exec(line)?.[0]}/api/v1/namespaces/default/pods/web/proxy`;
    const posted = await fetch(`${base}/form`, { method: 'POST', body: 'y'.repeat(300_000) });
    expect([posted.status, posted.headers.get('x-from'), (await posted.text()).length]).toEqual([200, 'the pod', 300_000]);
    const moved = await fetch(`${base}/elsewhere`, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([302, '/api/v1/namespaces/default/pods/web/proxy/there']);
    expect((await fetch(`${base}/teapot`)).status).toBe(418);
    expect(await (await fetch(`${base}/a%2Fb?c=d%20e`)).text()).toBe('GET /a%2Fb?c=d%20e');
    expect((await (await fetch(`${base}/large`)).text()).length).toBe(5_000_000);
    const socket = new globalThis.WebSocket(`${base.replace('http', 'ws')}/socket`);
    const echoed = new Promise((resolve, reject) => {
      socket.addEventListener('message', (event) => resolve(event.data));
      socket.addEventListener('error', () => reject(new Error('the WebSocket failed')));
    });
    socket.addEventListener('open', () => socket.send('hello'));
    expect(await echoed).toBe('echo hello');
    socket.close();
  } finally {
    kubectlProxy.kill();
  }
});

test('who may only read reaches nothing behind it', async () => {
  const { stderr } = await proxied.kubectl.run([
    'get',
    '--raw',
    '/api/v1/namespaces/default/pods/web/proxy/',
    '--as=v',
    '--as-group=berth:viewers',
  ]);
  expect(stderr).toMatch(/User "v" cannot get resource "pods\/proxy" in API group ""/);
});

test.each(['pods/web/proxy', 'services/web:80/proxy'])('%s without a slash is elsewhere', async (path) => {
  for (const method of ['GET', 'HEAD']) {
    const { code, headers } = await ask(`${path}?a=b%20c&d`, { method });
    expect([code, headers.location]).toEqual([301, `/api/v1/namespaces/default/${path}/?a=b%20c&d`]);
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) expect((await ask(`${path}?a`, { method })).code).toBe(200);
});

test('links in pages and redirects lead back through the proxy', async () => {
  const rewritten = page.replace('"/there"', `"${proxy}/there"`);
  expect((await ask('pods/web/proxy/page')).body.toString()).toBe(rewritten);
  const packed = await ask('pods/web/proxy/packed');
  expect([packed.headers['content-encoding'], gunzipSync(packed.body).toString()]).toEqual(['gzip', rewritten]);
  expect((await ask('pods/web/proxy/packed', { method: 'HEAD' })).code).toBe(200);
  const { host, port } = proxied.kubectl.controlPlane.address ?? {};
  expect((await ask('pods/web/proxy/elsewhere')).headers.location).toBe(`${proxy}/there`);
  // Never followed: where it leads, the client may go itself.
  expect((await ask('pods/web/proxy/loopback')).headers.location).toBe('http://127.0.0.1:10/there');
  expect(seen.at(-1)?.headers).toMatchObject({ host: `${host}:${port}`, 'x-forwarded-uri': `${proxy}/loopback` });
  expect((await ask('pods/web/proxy/a/')).headers['access-control-allow-origin']).toBeUndefined();
  expect(seen.at(-1)?.headers['x-forwarded-uri']).toBe(`${proxy}/a/`);
});

test.each([
  ['GET', 400, 'Missing or invalid Sec-WebSocket-Key header'],
  ['POST', 405, 'Invalid HTTP method'],
  ['HEAD', 405, ''],
])('a %s that asks for an upgrade gets the answer that there is', async (method, code, text) => {
  const headers = { connection: 'Upgrade', upgrade: 'websocket' };
  const got = await ask('pods/web/proxy/socket', { method, headers });
  expect([got.code, got.body.toString()]).toEqual([code, text]);
  expect((await ask('pods/local/proxy/', { method, headers })).code).toBe(400);
});

test('a body of unknown length stays one request', async () => {
  const smuggled = 'GET /second HTTP/1.1\r\n\r\n';
  const asked = seen.length;
  const { body } = await ask('pods/web/proxy/x', { method: 'DELETE', headers: { 'transfer-encoding': 'chunked' }, body: smuggled });
  expect([body.toString(), seen.length]).toEqual([smuggled, asked + 1]);
});
