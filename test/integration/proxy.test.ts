// pods/proxy and services/proxy over real HTTPS to a real HTTP server, which stands in for a pod: the node between is a fake.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { EndpointSlice, Pod, Service } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { componentUsers } from '../../apps/control-plane/src/api/core/component-users.ts';
import { KubectlCluster } from './kubectl-cluster.ts';
import { linkedTunnels } from './linked-tunnels.ts';

let cluster: KubectlCluster;
let pod: Server;
const seen: IncomingMessage[] = [];
const ports: number[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  seen.push(request);
  if (request.url === '/elsewhere') return void response.writeHead(302, { location: '/there' }).end();
  if (request.url === '/large') return void response.end('x'.repeat(5_000_000));
  response.writeHead(request.url === '/teapot' ? 418 : 200, { 'x-from': 'the pod' });
  request.pipe(response);
  if (request.method === 'GET') response.end(`${request.method} ${request.url}`);
}

beforeAll(async () => {
  cluster = await KubectlCluster.start();
  pod = createServer(answer);
  const sockets = new WebSocketServer({ server: pod });
  sockets.on('connection', (socket: WebSocket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
  await new Promise<void>((resolve) => pod.listen(0, '127.0.0.1', resolve));
  const { port } = pod.address() as AddressInfo;
  const { api } = cluster.controlPlane;
  api.reachNodesBy({
    openTunnel: async (nodeName, request) => {
      if (nodeName !== 'node-1') throw StatusError.unavailable(`node ${nodeName} is not connected`);
      ports.push(request.port);
      const [near, far] = linkedTunnels();
      const socket = connect({ port: request.port === 81 ? 1 : port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', (error) => far.finish(1, error.message));
      far.onData((_channel, data) => new Promise<void>((resolve) => void socket.write(data, () => resolve())));
      far.onEnd(() => socket.end());
      void far.finished.then(() => socket.destroy());
      socket.on('data', (data) => {
        socket.pause();
        far.send('stdout', data).then(
          () => socket.resume(),
          () => socket.destroy(),
        );
      });
      socket.on('end', () => far.finish(0));
      return near;
    },
  });
  await objects(cluster);
});

async function objects({ controlPlane }: KubectlCluster): Promise<void> {
  const client = controlPlane.api.localClient(componentUsers.apiServer);
  const metadata = { namespace: 'default' };
  const web = await client.create(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: 'web' },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry.local/web:1', ports: [{ containerPort: 8080 }] }] },
  });
  await client.updateStatus(Pod, { ...web, status: { phase: 'Running' } });
  const v1Service = { apiVersion: 'v1', kind: 'Service' };
  const spec = { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
  await client.create(Service, { ...v1Service, metadata: { ...metadata, name: 'web' }, spec });
  await client.create(Service, { ...v1Service, metadata: { ...metadata, name: 'idle' }, spec });
  await client.create(EndpointSlice, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'web' } },
      { addresses: ['10.0.0.2'], conditions: { ready: false }, targetRef: { kind: 'Pod', name: 'gone' } },
    ],
  });
}

afterAll(async () => {
  await cluster?.stop();
  pod?.closeAllConnections();
  pod?.close();
});

const raw = (path: string) => cluster.run(['get', '--raw', `/api/v1/namespaces/default/${path}`]);

test.each([
  ['pods/web/proxy/', 'GET /', 8080],
  ['pods/web:9090/proxy/a/b?c=d', 'GET /a/b?c=d', 9090],
  ['pods/http:web:9090/proxy', 'GET /', 9090],
  ['services/web/proxy/x', 'GET /x', 8080],
  ['services/web:http/proxy/x', 'GET /x', 8080],
  ['services/http:web:80/proxy/x', 'GET /x', 8080],
])('%s reaches the pod', async (path, printed, port) => {
  expect((await raw(path)).stdout).toBe(printed);
  expect(ports.at(-1)).toBe(port);
  const { headers } = seen.at(-1) ?? {};
  expect(headers?.['x-forwarded-for']).toBe('127.0.0.1');
  expect(headers?.authorization).toBeUndefined();
});

test.each([
  ['services/idle/proxy/', /no endpoints available for service "idle"/],
  ['services/web:nothing/proxy/', /no service port "nothing" found for service "web"/],
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
  const proxy = cluster.spawn(['proxy', '--port=0']);
  try {
    const line = await new Promise<string>((resolve) => proxy.stdout.once('data', (data) => resolve(String(data))));
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
    proxy.kill();
  }
});

test('who may only read reaches nothing behind it', async () => {
  const { stderr } = await cluster.run([
    'get',
    '--raw',
    '/api/v1/namespaces/default/pods/web/proxy/',
    '--as=v',
    '--as-group=berth:viewers',
  ]);
  expect(stderr).toMatch(/User "v" cannot get resource "pods\/proxy" in API group ""/);
});
