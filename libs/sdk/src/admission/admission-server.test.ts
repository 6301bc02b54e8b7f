// Reviews over HTTPS: what is answered, what is refused, and certificates that change under the server.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { ConfigMap } from '@berth/api';
import { applyJsonPatch } from '@berth/machinery';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { selfSigned } from '@berth/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdmissionServer, serveAdmission } from './admission-server.ts';
import { allow, deny, mutating, validating } from './handlers.ts';
import { patchBetween } from './patch-between.ts';

const clock = new SimulatedClock();
let folder: string;
let server: AdmissionServer;

async function writeCertificate(name: string): Promise<void> {
  const { certificate, key } = await selfSigned([name]);
  await Promise.all([writeFile(join(folder, 'tls.crt'), certificate), writeFile(join(folder, 'tls.key'), key)]);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-admission-'));
  await writeCertificate('first');
  server = await serveAdmission({
    ...{
      port: 0,
      host: '127.0.0.1',
      certificateFile: join(folder, 'tls.crt'),
      keyFile: join(folder, 'tls.key'),
      clock,
      logger: silentLogger,
    },
    handlers: {
      '/validate': validating(ConfigMap, ({ object, user }) =>
        object?.data?.a === 'b' ? allow({ warnings: ['w'] }) : deny(`${user.username} may not`, { code: 422 }),
      ),
      '/mutate': mutating(ConfigMap, ({ object }) => object && { ...object, data: { ...object.data, 'x/y~z': '1' } }),
      '/fails': validating(ConfigMap, () => Promise.reject(new Error('no idea'))),
    },
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function send(path: string, body: string, method = 'POST'): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, path, method, rejectUnauthorized: false, agent: false as const };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text })).on('error', reject);
    });
    sent.on('error', reject).end(body);
  });
}

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'b' } };
const review = (more: object = { object }) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: '7', operation: 'CREATE', userInfo: { username: 'ann' }, ...more },
  });

test('a review is allowed with warnings, or refused with a reason', async () => {
  const answer = async (body: string) => JSON.parse((await send('/validate?timeout=10s', body)).text);
  expect(await answer(review())).toEqual({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: '7', allowed: true, warnings: ['w'] },
  });
  expect((await answer(review({ object: { ...object, data: {} } }))).response).toEqual({
    uid: '7',
    allowed: false,
    status: { code: 422, message: 'ann may not' },
  });
});

test('a changed object is answered as a patch', async () => {
  const { response } = JSON.parse((await send('/mutate', review())).text);
  expect(response).toMatchObject({ allowed: true, patchType: 'JSONPatch' });
  expect(JSON.parse(Buffer.from(response.patch, 'base64').toString())).toEqual([{ op: 'add', path: '/data/x~1y~0z', value: '1' }]);
});

test.each<[string, string, number, string, string?]>([
  ['/none', review(), 404, 'no handler is at /none'],
  ['/validate', '', 405, 'reviews are posted', 'GET'],
  ['/validate', '{}', 400, 'no AdmissionReview'],
  ['/validate', '{', 400, ''],
  ['/validate', review({ object: { kind: 'Secret' } }), 500, 'for ConfigMap, and was sent a Secret'],
  ['/fails', review(), 500, 'no idea'],
  ['/toString', review(), 404, 'no handler'],
  ['/readyz', '', 200, 'ok', 'GET'],
])('%s answers %j with %i', async (path, body, code, words, method) => {
  const answer = await send(path, body, method);
  expect(answer.code).toBe(code);
  expect(answer.text).toContain(words);
});

test('a body without end is cut', async () => {
  const answer = await send('/validate', 'x'.repeat(17 * 2 ** 20)).catch((error: NodeJS.ErrnoException) => error);
  // Whether the answer is read before the connection is reset is the kernel's to say.
  expect('code' in answer && [413, 'ECONNRESET', 'EPIPE']).toContain(answer.code);
});

function servedName(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false }, () => {
      resolve(String((socket.getPeerCertificate() as PeerCertificate).subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('a new certificate is served, and one that is none is not', async () => {
  expect(await servedName()).toBe('first');
  await writeCertificate('second');
  await expect.poll(() => clock.advance(10_000).then(servedName)).toBe('second');
  for (const content of ['none', '', (await selfSigned(['other'])).certificate]) {
    await writeFile(join(folder, 'tls.crt'), content);
    await clock.advance(60_000);
    expect(await servedName()).toBe('second');
  }
});

test('what a patch makes of the former is the latter', () => {
  // The one name that no server takes.
  const key = fc.string().filter((name) => name !== '__proto__');
  const value = fc.object({ key, maxDepth: 3, maxKeys: 4, values: [fc.integer(), fc.string(), fc.constant(null), fc.boolean()] });
  fc.assert(
    fc.property(value, value, (from, to) => {
      const wire = (given: object) => JSON.parse(JSON.stringify(given));
      expect(applyJsonPatch(wire(from), patchBetween(wire(from), wire(to)))).toEqual(wire(to));
    }),
  );
});
