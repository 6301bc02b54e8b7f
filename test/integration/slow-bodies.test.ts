// Who sends slowly keeps nobody waiting: bodies of those who may not ask are not read, those of others are read without a seat.
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

/** Fewer than any of these tests opens connections. */
const seats = 20;
const collection = '/api/v1/namespaces/default/configmaps';
let cluster: KubectlCluster;
const open = new Set<TLSSocket>();

beforeAll(async () => {
  cluster = await KubectlCluster.start(['api'], { requestsInFlightMax: seats });
});

afterAll(async () => {
  for (const socket of open) socket.destroy();
  await cluster?.stop();
});

interface Slow {
  /** What came back by now. */
  got: string;
  socket: TLSSocket;
}

/** Sends a head that promises a body, and one byte of it. */
function slow(headers: string): Promise<Slow> {
  const { host, port } = cluster.controlPlane.address ?? { host: '', port: 0 };
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host, port, rejectUnauthorized: false });
    open.add(socket);
    const client: Slow = { got: '', socket };
    socket.on('error', reject).on('close', () => open.delete(socket));
    socket.setEncoding('latin1').on('data', (text: string) => {
      client.got += text;
    });
    socket.once('secureConnect', () =>
      socket.write(
        `POST ${collection} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n${headers}\r\n{`,
        () => resolve(client),
      ),
    );
  });
}

async function many(count: number, headers: string): Promise<Slow[]> {
  const clients: Slow[] = [];
  while (clients.length < count) clients.push(...(await Promise.all(Array.from({ length: 50 }, () => slow(headers)))));
  return clients;
}

const fetched = (bearer: string) => cluster.runWithToken(bearer, ['get', '--raw', collection]);

test('1,000 slow bodies without credentials are refused, and nobody waits', async () => {
  const { controlPlane } = cluster;
  const viewer = await controlPlane.tokens.createAccessToken({ name: 'v', groups: ['berth:viewers'] });
  const quiet = await timed(() => fetched(viewer));
  const clients = await many(1_000, '');
  const busy = await timed(() => fetched(viewer));
  expect([quiet.code, busy.code]).toEqual([0, 0]);
  // Waiting for a seat took 15 s and more.
  expect(busy.ms).toBeLessThan(quiet.ms * 10 + 10_000);
  await expect.poll(() => clients.filter(({ got }) => /^HTTP\/1\.1 401 /.test(got)).length, { timeout: 300_000 }).toBe(1_000);
}, 600_000);

test('slow bodies of who may send them hold no seat', async () => {
  const { controlPlane } = cluster;
  const editor = await controlPlane.tokens.createAccessToken({ name: 'e', groups: [] });
  const viewer = await controlPlane.tokens.createAccessToken({ name: 'v', groups: ['berth:viewers'] });
  // By a role: administrators by group need no seats.
  await cluster.run(['create', 'clusterrolebinding', 'e', '--clusterrole=cluster-admin', '--user=e']);
  const clients = await many(200, `Authorization: Bearer ${editor}\r\n`);
  for (const { code, stdout } of await Promise.all(Array.from({ length: 5 }, () => fetched(viewer)))) {
    expect([code, JSON.parse(stdout).kind]).toEqual([0, 'ConfigMapList']);
  }
  expect(clients.map(({ got }) => got).filter((got) => got !== '')).toEqual([]);
  const body = JSON.stringify({ metadata: { name: 'slow' } })
    .padEnd(1000)
    .slice(1);
  clients[0]?.socket.write(body);
  await expect.poll(() => clients[0]?.got, { timeout: 30_000 }).toMatch(/^HTTP\/1\.1 201 /);
}, 600_000);

async function timed<T extends object>(work: () => Promise<T>): Promise<T & { ms: number }> {
  const startMs = performance.now();
  return { ...(await work()), ms: performance.now() - startMs };
}

/** Sends this and nothing else, keeps its side open, and reads until the server has said all and hung up. */
async function answerTo(head: string): Promise<string> {
  const { host, port } = cluster.controlPlane.address ?? { host: '', port: 0 };
  const socket = tlsConnect({ host, port, rejectUnauthorized: false });
  socket.write(head);
  let got = '';
  for await (const chunk of socket) got += chunk;
  return got;
}

test.each([
  ['two Host headers', 'GET /version HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
  ['HTTP/0.9', 'GET /version\r\n\r\n'],
  ['no Host header', 'GET /version HTTP/1.1\r\nConnection: close\r\n\r\n'],
])('%s: 400', async (_, head) => {
  expect(await answerTo(head)).toMatch(/^HTTP\/1\.1 400 /);
});

test('a wish for another protocol is no reason to refuse a request', async () => {
  const wish = 'GET /version HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n';
  expect(await answerTo(wish)).toMatch(/^HTTP\/1\.1 200 [\s\S]*gitVersion/);
});
