// HTTP/2 beside HTTP/1.1 on the API's one port: the same answers, the same bounds, and an end in good order. What HTTP/2 adds, many
// requests over one connection, gives a client no more than many connections would.
import { readFile } from 'node:fs/promises';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { readKubeconfig } from '@berth/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
let ca: string;
let token: string;
const sessions = new Set<ClientHttp2Session>();
const maps = '/api/v1/namespaces/default/configmaps';

beforeAll(async () => {
  cluster = await KubectlCluster.start(['api']);
  ca = await readFile(join(cluster.directory, 'data', 'pki', 'ca.crt'), 'utf8');
  token = await cluster.token();
});
afterAll(async () => {
  for (const session of sessions) session.destroy();
  await cluster?.stop();
});

const authority = () => `https://127.0.0.1:${cluster.controlPlane.address?.port}`;

function dial(options: object = {}): Promise<ClientHttp2Session> {
  const session = connect(authority(), { ca, ...options });
  sessions.add(session);
  session.on('error', () => undefined).once('close', () => sessions.delete(session));
  return new Promise((resolve, reject) => session.once('remoteSettings', () => resolve(session)).once('error', reject));
}

interface Answer {
  headers: IncomingHttpHeaders;
  code: number;
  body: string;
}

function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Buffer): Promise<Answer> {
  return answerOf(session.request({ authorization: `Bearer ${token}`, ...headers }, { endStream: body === undefined }), body);
}

function answerOf(stream: ClientHttp2Stream, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let head: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (headers) => {
      head = headers;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve({ headers: head, code: Number(head[':status']), body: Buffer.concat(chunks).toString() }));
    stream.on('error', reject);
    if (body !== undefined) stream.end(body);
  });
}

const configMap = (name: string, data = {}) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const json = { 'content-type': 'application/json' };

test('reads and writes are answered as over HTTP/1.1, without headers about a connection', async () => {
  const session = await dial();
  const made = await ask(session, { ':method': 'POST', ':path': maps, ...json }, configMap('one', { key: 'ä' }));
  expect([made.code, JSON.parse(made.body).data]).toEqual([201, { key: 'ä' }]);
  const got = await ask(session, { ':path': `${maps}/one` });
  expect(got.code).toBe(200);
  expect(Object.keys(got.headers).filter((name) => /connection|keep-alive|transfer-encoding|upgrade/.test(name))).toEqual([]);
  const overHttp1 = await new Promise<Answer>((resolve, reject) => {
    const url = `${authority()}${maps}/one`;
    const asked = httpsRequest(url, { ca, headers: { authorization: `Bearer ${token}` } }, (message) => {
      let body = '';
      message.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      message.on('end', () => resolve({ headers: message.headers, code: message.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
  });
  expect(got.body).toBe(overHttp1.body);
  const names = ({ headers }: Answer) => Object.keys(headers).filter((name) => !['connection', 'keep-alive', ':status'].includes(name));
  expect(names(got).sort()).toEqual(names(overHttp1).sort());
  const [head, whole] = [await ask(session, { ':method': 'HEAD', ':path': '/healthz' }), await ask(session, { ':path': '/healthz' })];
  expect([head.code, head.body, head.headers['content-length']]).toEqual([200, '', whole.headers['content-length']]);
  expect((await ask(session, { ':path': `${maps}/none` })).code).toBe(404);
  expect((await ask(session, { ':method': 'DELETE', ':path': `${maps}/one` })).code).toBe(200);
});

test('a client certificate, impersonation and a token show who asks', async () => {
  const { clientCertificate: cert, clientKey: key } = await readKubeconfig(cluster.controlPlane.kubeconfigPath);
  const session = await dial({ cert, key });
  const review = async (more: OutgoingHttpHeaders) => {
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const asked = session.request({ ':method': 'POST', ':path': path, ...json, ...more });
    return JSON.parse((await answerOf(asked, body)).body).status.userInfo;
  };
  const own = await review({});
  expect(own.groups).toContain('system:masters');
  const as = { 'impersonate-user': 'ann', 'impersonate-group': Array.from({ length: 200 }, (_, index) => `group-${index}`) };
  const other = await review(as);
  expect([other.username, other.groups.length]).toEqual(['ann', 201]);
  const anonymous = await dial();
  expect((await answerOf(anonymous.request({ ':path': maps }))).code).toBe(401);
  expect((await answerOf(anonymous.request({ ':path': '/version' }))).code).toBe(200);
  expect((await answerOf(anonymous.request({ ':path': '/version', authorization: 'Bearer nonsense' }))).code).toBe(401);
});

const longRunning = async (session: ClientHttp2Session) => {
  const { body } = await ask(session, { ':path': '/metrics' });
  return Number(/^apiserver_longrunning_requests\{[^}]*resource="configmaps"[^}]*\} (\d+)/m.exec(body)?.[1] ?? 0);
};

test('a watch brings what happens, and is over when its stream is called off', async () => {
  const session = await dial();
  const watch = session.request({ ':path': `${maps}?watch=1`, authorization: `Bearer ${token}` });
  const lines: string[] = [];
  watch.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')));
  await expect.poll(() => longRunning(session), { timeout: 30_000 }).toBe(1);
  await ask(session, { ':method': 'POST', ':path': maps, ...json }, configMap('watched'));
  await expect.poll(() => lines.some((line) => JSON.parse(line).object.metadata.name === 'watched'), { timeout: 30_000 }).toBe(true);
  watch.close(constants.NGHTTP2_CANCEL);
  await expect.poll(() => longRunning(session), { timeout: 30_000 }).toBe(0);
  await ask(session, { ':method': 'DELETE', ':path': `${maps}/watched` });
});

test('bodies of unknown length and those that ask first are read, those that are too large are refused', async () => {
  const session = await dial();
  const asked = session.request({ ':method': 'POST', ':path': maps, ...json, authorization: `Bearer ${token}`, expect: '100-continue' });
  await new Promise((resolve) => asked.once('continue', resolve));
  expect((await answerOf(asked, configMap('first'))).code).toBe(201);
  // Nobody who may not ask is told to go on.
  const stranger = session.request({ ':method': 'POST', ':path': maps, ...json, expect: '100-continue' });
  let wasWelcome = false;
  stranger.once('continue', () => {
    wasWelcome = true;
  });
  expect([(await answerOf(stranger)).code, wasWelcome]).toEqual([401, false]);
  const large = configMap('large', { text: 'x'.repeat(4 * 1024 * 1024) });
  expect((await ask(session, { ':method': 'POST', ':path': maps, ...json }, large)).code).toBe(413);
  expect((await ask(session, { ':method': 'DELETE', ':path': `${maps}/first` })).code).toBe(200);
});

test('heads are bounded as over HTTP/1.1, and answered in words', async () => {
  const session = await dial();
  const { code, body } = await ask(session, { ':path': maps, 'x-long': 'x'.repeat(20_000) });
  expect([code, JSON.parse(body).reason]).toEqual([431, 'RequestHeaderFieldsTooLarge']);
  expect((await ask(session, { ':path': maps })).code).toBe(200);
  const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`x-${index}`, 'y']));
  await expect(ask(session, { ':path': maps, ...many })).rejects.toThrow(/ENHANCE_YOUR_CALM/);
});

test('1,000 watches that nobody reads keep nobody waiting, and end with their connection', async () => {
  const reader = await dial();
  const streams: ClientHttp2Stream[] = [];
  for (let count = 0; count < 4; count++) {
    const session = await dial();
    expect(session.remoteSettings.maxConcurrentStreams).toBe(250);
    for (let index = 0; index < 250; index++) {
      const stream = session.request({ ':path': `${maps}?watch=1`, authorization: `Bearer ${token}` });
      stream.on('error', () => undefined);
      streams.push(stream);
    }
  }
  await expect.poll(() => longRunning(reader), { timeout: 60_000 }).toBe(1_000);
  for (let index = 0; index < 10; index++) {
    const data = { text: 'x'.repeat(100_000) };
    const method = index === 0 ? { ':method': 'POST', ':path': maps } : { ':method': 'PUT', ':path': `${maps}/unread` };
    expect((await ask(reader, { ...method, ...json }, configMap('unread', { ...data, index: String(index) }))).code).toBe(
      index === 0 ? 201 : 200,
    );
  }
  for (const session of new Set(streams.map((stream) => stream.session))) session?.destroy();
  await expect.poll(() => longRunning(reader), { timeout: 60_000 }).toBe(0);
  await ask(reader, { ':method': 'DELETE', ':path': `${maps}/unread` });
}, 120_000);

test('kubectl speaks HTTP/2, streams of pods stay with HTTP/1.1', async () => {
  const env = { GODEBUG: 'http2debug=1' };
  const got = await cluster.run(['get', 'namespaces'], { env });
  expect([got.code, /http2: Transport received HEADERS/.test(got.stderr)]).toEqual([0, true]);
  const noStream = await cluster.run(['exec', 'none', '--', 'true'], { env });
  expect(noStream.stderr).toContain('pods "none" not found');
});

test('a server that stops says so, answers what is under way, and waits for nobody', async () => {
  const leaving = await KubectlCluster.start(['api']);
  const bearer = await leaving.token();
  const session = connect(`https://127.0.0.1:${leaving.controlPlane.address?.port}`, {
    ca: await readFile(join(leaving.directory, 'data', 'pki', 'ca.crt'), 'utf8'),
  });
  session.on('error', () => undefined);
  const goaway = new Promise((resolve) => session.once('goaway', resolve));
  const closed = new Promise((resolve) => session.once('close', resolve));
  const watch = session.request({ ':path': `${maps}?watch=1`, authorization: `Bearer ${bearer}` });
  await new Promise((resolve) => watch.once('response', resolve));
  const ended = answerOf(watch);
  await leaving.stop();
  expect(await goaway).toBe(constants.NGHTTP2_NO_ERROR);
  expect((await ended).body).toBe('');
  await closed;
});
