// Ingresses by the real HAProxy: who answers what, over which certificate, and that changes of any kind cost no request.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { seededRandom } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { haproxyCommand } from '../../../apps/node-agent/src/ingress/haproxy-socket.ts';
import { naiveService, randomAsked, randomIngresses } from '../../../apps/node-agent/src/ingress/testing.ts';
import { backendOf, certificate, IngressLab, ingress } from './lab.ts';

let lab: IngressLab;

beforeEach(async () => {
  lab = await IngressLab.create();
  for (const [address, name] of [
    ['127.0.0.2', 'a'],
    ['127.0.0.3', 'b'],
    ['127.0.0.4', 'c'],
  ] as const)
    await lab.serve(address, name);
});

afterEach(() => lab[Symbol.asyncDispose]());

const state = (ingresses: ReturnType<typeof ingress>[], certificates: Awaited<ReturnType<typeof certificate>>[] = []) => ({
  ingresses,
  certificates,
  services: ['a', 'b', 'c', 'empty'].map((name) => lab.service(name)),
  endpointSlices: [lab.slice('a', ['127.0.0.2']), lab.slice('b', ['127.0.0.3']), lab.slice('c', ['127.0.0.4'])],
});

async function answer(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return response.statusCode === 200 ? text : String(response.statusCode);
}

/** What is answered, or the status of a failure. */
async function ask(host: string, path = '/', more: { agent?: Agent; headers?: Record<string, string> } = {}): Promise<string> {
  const asked = get({ host: '127.0.0.1', port: lab.ports.http, path, agent: more.agent, headers: { host, ...more.headers } });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return answer(response);
}

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 25 });
const comesTo = (expected: string, host: string, path = '/') => eventually(async () => expect(await ask(host, path)).toBe(expected));

test('hosts and paths lead to their services, the most specific first, and everything else to the default backend or to 404', async () => {
  const routes = ingress('routes', {
    'shop.test': ['/ a', '/cart b', '=/cart/now c', '/gone missing', '/none empty'],
    '*.shop.test': ['/ b'],
    '': ['/any c'],
  });
  lab.proxy.sync(state([routes]));
  await comesTo('a', 'shop.test');
  const asked = ['shop.test/', 'SHOP.test:80/cart', 'shop.test/cart/', 'shop.test/cartoon', 'shop.test/cart/now', 'shop.test/cart/now/x'];
  const others = [
    'www.shop.test/x?y',
    'a.b.shop.test/',
    'other.test/any/thing',
    'other.test/',
    'shop.test/gone',
    'shop.test/none',
    'evil/shop.test/',
  ];
  const answers = Object.fromEntries(
    await Promise.all(
      [...asked, ...others].map(async (url): Promise<[string, string]> => {
        const slash = url.startsWith('evil') ? 'evil/shop.test'.length : url.indexOf('/');
        return [url, await ask(url.slice(0, slash), url.slice(slash))];
      }),
    ),
  );
  expect(answers).toEqual({
    'shop.test/': 'a',
    'SHOP.test:80/cart': 'b',
    'shop.test/cart/': 'b',
    'shop.test/cartoon': 'a',
    'shop.test/cart/now': 'c',
    'shop.test/cart/now/x': 'b',
    'www.shop.test/x?y': 'b',
    'a.b.shop.test/': '404',
    'other.test/any/thing': 'c',
    'other.test/': '404',
    'shop.test/gone': '503',
    'shop.test/none': '503',
    'evil/shop.test/': '400',
  });
  lab.proxy.sync(state([routes, ingress('rest', { defaultBackend: backendOf('b') })]));
  await comesTo('b', 'other.test');
});

test("of rules that get in each other's way the same one answers as by looking at each", async () => {
  const random = seededRandom(1);
  const ingresses = randomIngresses(random, 16);
  lab.proxy.sync(state([...ingresses, ingress('probe', { 'probe.test': ['/ a'] })]));
  await comesTo('a', 'probe.test');
  const asked = Array.from({ length: 150 }, () => randomAsked(random));
  const expected = asked.map((each) => `${each.host}${each.path} ${naiveService(ingresses, each) ?? 404}`);
  expect(await Promise.all(asked.map(async ({ host, path }) => `${host}${path} ${await ask(host, path)}`))).toEqual(expected);
});

/** The certificate that is shown to who asks for a name, and the protocol that is agreed on. */
async function shown(servername: string, protocols = ['h2', 'http/1.1']): Promise<{ subject: string; protocol: string | false | null }> {
  const socket = connectTls({ host: '127.0.0.1', port: lab.ports.https, servername, ALPNProtocols: protocols, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return { subject: String(socket.getPeerCertificate().subject.CN), protocol: socket.alpnProtocol };
  } finally {
    socket.destroy();
  }
}

test("over TLS each host shows the certificate that is named for it, others a self-signed one; HTTP/2 is spoken, and keys are root's alone", async () => {
  const tls = [{ hosts: ['x.test'], secretName: 'one' }, { secretName: 'wild' }];
  const certificates = [await certificate('one', ['for-x.test']), await certificate('wild', ['*.w.test', 'x.test'])];
  const { spec } = ingress('i', { 'x.test': ['/ a'], 'y.w.test': ['/ b'] });
  lab.proxy.sync(state([ingress('i', { ...spec, tls })], certificates));
  await comesTo('a', 'x.test');
  expect(await shown('x.test')).toEqual({ subject: 'for-x.test', protocol: 'h2' });
  expect(await shown('y.w.test', ['http/1.1'])).toEqual({ subject: '*.w.test', protocol: 'http/1.1' });
  const fallback = 'Berth ingress: no certificate for this host';
  expect([(await shown('z.y.w.test')).subject, (await shown('other.test')).subject]).toEqual([fallback, fallback]);
  const session = connectHttp2(`https://127.0.0.1:${lab.ports.https}`, { rejectUnauthorized: false, servername: 'y.w.test' });
  const stream = session.request({ ':path': '/', ':authority': 'y.w.test' });
  expect(await stream.setEncoding('utf8').toArray()).toEqual(['b']);
  session.close();
  const files = await readdir(join(lab.directory, 'proxy'), { recursive: true, withFileTypes: true });
  const open: string[] = [];
  for (const file of files.filter((each) => each.isFile() && each.name.endsWith('.pem')))
    if (((await stat(join(file.parentPath, file.name))).mode & 0o077) !== 0) open.push(file.name);
  expect([files.some(({ name }) => name === 'default_one.pem'), open]).toEqual([true, []]);
});

test('no request is lost while routes, certificates and endpoints change under them, and none of them restarts the proxy', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const spare = new Agent({ keepAlive: false });
  let isOver = false;
  const counts = { answered: 0, wrong: [] as string[] };
  const client = async (through: Agent) => {
    while (!isOver) {
      const text = await ask('x.test', '/', { agent: through }).catch((error: Error) => error.message);
      if (text === 'a' || text === 'b') counts.answered++;
      else counts.wrong.push(text);
    }
  };
  const routes = (more: string[]) => [ingress('i', { 'x.test': ['/ a', ...more] })];
  const base = state(routes([]));
  lab.proxy.sync(base);
  await comesTo('a', 'x.test');
  const pid = await lab.pid();
  const clients = [agent, agent, spare, spare].map(client);
  try {
    for (let round = 0; round < 2; round++) {
      lab.proxy.sync({
        ...state(routes([`=/r${round} c`])),
        endpointSlices: [lab.slice('a', ['127.0.0.2']), lab.slice('c', ['127.0.0.4'])],
      });
      await comesTo('c', 'x.test', `/r${round}`);
      const slices = (addresses: string[]) => [lab.slice('a', addresses), lab.slice('c', ['127.0.0.4'])];
      lab.proxy.sync({ ...state(routes([`=/r${round} c`])), endpointSlices: slices(['127.0.0.3']) });
      await comesTo('b', 'x.test');
      lab.proxy.sync({ ...state(routes([`=/r${round} c`])), endpointSlices: slices(['127.0.0.2', '127.0.0.3']) });
    }
  } finally {
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    spare.destroy();
  }
  expect(counts.wrong).toEqual([]);
  expect(counts.answered).toBeGreaterThan(100);
  expect([await lab.pid(), lab.events]).toEqual([pid, []]);
});

test('endpoints come and go in the proxy that runs; more than it has room for are a new configuration', async () => {
  const worker = async () => /^Pid: (\d+)$/m.exec(await haproxyCommand(join(lab.directory, 'proxy', 'admin.sock'), ['show info']))?.[1];
  const withA = (addresses: string[]) => ({ ...state([ingress('i', { 'x.test': ['/ a'] })]), endpointSlices: [lab.slice('a', addresses)] });
  lab.proxy.sync(withA(['127.0.0.2']));
  await comesTo('a', 'x.test');
  const before = await worker();
  lab.proxy.sync(withA(['127.0.0.3']));
  await comesTo('b', 'x.test');
  lab.proxy.sync(withA([]));
  await comesTo('503', 'x.test');
  lab.proxy.sync(withA(['127.0.0.4']));
  await comesTo('c', 'x.test');
  expect(await worker()).toBe(before);
  lab.proxy.sync(withA(Array.from({ length: 9 }, (_, index) => `127.0.0.${index + 3}`)));
  await eventually(async () => expect(await worker()).not.toBe(before));
});

test('the proxy goes on without the agent, is adopted by the next one, started again when it dies, and gone with the last Ingress', async () => {
  const base = state([ingress('i', { 'x.test': ['/ a'] })]);
  lab.proxy.sync(base);
  await comesTo('a', 'x.test');
  const pid = await lab.pid();
  await lab.restartAgent();
  expect(await ask('x.test')).toBe('a');
  lab.proxy.sync(state([ingress('i', { 'x.test': ['/ b'] })]));
  await comesTo('b', 'x.test');
  expect(await lab.pid()).toBe(pid);
  const answered = /haproxy_backend_http_responses_total\{proxy="default:b:80",code="2xx"\} [1-9]/;
  await eventually(async () => expect(await lab.proxy.metrics()).toMatch(answered));
  process.kill(pid, 'SIGKILL');
  await eventually(async () => expect(await lab.pid()).not.toBe(pid));
  await comesTo('b', 'x.test');
  lab.proxy.sync(state([]));
  await eventually(async () => expect([await lab.proxy.metrics(), existsSync(join(lab.directory, 'proxy'))]).toEqual(['', false]));
  await expect(ask('x.test')).rejects.toThrow('ECONNREFUSED');
});

test('a port that another program has is said of the node, keeps nothing else from being served, and is taken once it is free', async () => {
  const other = createServer().listen(lab.ports.https, '0.0.0.0');
  await once(other, 'listening');
  lab.proxy.sync(state([ingress('i', { 'x.test': ['/ a'] })]));
  await comesTo('a', 'x.test');
  await eventually(async () =>
    expect(lab.events).toEqual([expect.stringMatching(`^IngressPortTaken: port ${lab.ports.https} is taken by another program: end it`)]),
  );
  other.close();
  await eventually(async () => expect((await shown('x.test')).protocol).toBe('h2'));
  expect(lab.events.length).toBe(1);
});

test('endpoints see where a request comes from, whatever clients say; WebSockets pass, and bodies of any size', async () => {
  const server = await lab.serve('127.0.0.5', 'd', {
    request: async (asked) => {
      let bytes = 0;
      for await (const chunk of asked) bytes += (chunk as Buffer).length;
      const { 'x-forwarded-for': from, 'x-forwarded-proto': proto, 'x-forwarded-host': host, 'x-forwarded-port': port } = asked.headers;
      return JSON.stringify({ bytes, from, proto, host, port });
    },
  });
  new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (text) => socket.send(`heard ${text}`)));
  lab.proxy.sync({
    ...state([ingress('i', { 'x.test': ['/ d'] })]),
    services: [lab.service('d')],
    endpointSlices: [lab.slice('d', ['127.0.0.5'])],
  });
  await eventually(async () => expect(await ask('x.test')).toContain('bytes'));
  const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' };
  const seen = { bytes: 0, from: '127.0.0.1', proto: 'http', host: 'x.test', port: String(lab.ports.http) };
  expect(JSON.parse(await ask('x.test', '/', { headers }))).toEqual(seen);
  const bytes = 20 * 2 ** 20;
  const upload = request({ host: '127.0.0.1', port: lab.ports.http, method: 'POST', headers: { host: 'x.test' } });
  upload.end(Buffer.alloc(bytes));
  const [response] = (await once(upload, 'response')) as [IncomingMessage];
  expect(JSON.parse(await answer(response)).bytes).toBe(bytes);
  const socket = new WebSocket(`ws://127.0.0.1:${lab.ports.http}/`, { headers: { host: 'x.test' } });
  await once(socket, 'open');
  socket.send('hello');
  expect(String((await once(socket, 'message'))[0])).toBe('heard hello');
  socket.terminate();
});
