// The API over HTTPS as bytes: who is let in, what malformed requests get, and each representation.
import { readFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { schemas } from '@berth/api';
import { decodeProtobuf, decodeUnknownEnvelope } from '@berth/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
let tls: { ca: string; cert: string; key: string };

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  anonymous?: boolean;
  /** Ends the answer after so many bytes, for watches. */
  bytesMax?: number;
}

interface Got {
  code: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

function send(path: string, { method = 'GET', headers = {}, body, anonymous = false, bytesMax }: Sent = {}): Promise<Got> {
  const { host, port } = cluster.controlPlane.address ?? { host: '', port: 0 };
  const identity = anonymous ? { ca: tls.ca } : tls;
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ host, port, path, method, headers, agent: false, ...identity }, (response) => {
      const chunks: Buffer[] = [];
      const done = () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (bytesMax === undefined || Buffer.concat(chunks).length < bytesMax) return;
        done();
        request.destroy();
      });
      response.once('end', done);
    });
    // Refused before its end, a body can no longer be sent; the answer is there all the same.
    request.on('error', reject);
    request.end(body);
  });
}

const json = (body: Buffer) => JSON.parse(body.toString('utf8'));
const collection = '/api/v1/namespaces/default/configmaps';

async function post(body: string | Buffer, query = '', type = 'application/json') {
  const got = await send(collection + query, { method: 'POST', headers: { 'content-type': type }, body });
  return { code: got.code, headers: got.headers, ...json(got.body) };
}

beforeAll(async () => {
  cluster = await KubectlCluster.start();
  const config = parse(await readFile(cluster.controlPlane.kubeconfigPath, 'utf8'));
  const decode = (text: string) => Buffer.from(text, 'base64').toString('utf8');
  const { user } = config.users[0];
  const ca = decode(config.clusters[0].cluster['certificate-authority-data']);
  tls = { ca, cert: decode(user['client-certificate-data']), key: decode(user['client-key-data']) };
});

afterAll(() => cluster?.stop());

describe('who is let in', () => {
  it.each(['/livez', '/readyz', '/healthz', '/version'])('anybody to %s', async (path) => {
    expect((await send(path, { anonymous: true })).code).toBe(200);
  });

  it.each(['/api/v1/pods', '/metrics', '/apis', '/api/v1/nosuch'])('nobody in particular not to %s', async (path) => {
    const got = await send(path, { anonymous: true });
    expect(json(got.body)).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Unauthorized', code: 401 });
  });

  it('no wrong token, not even to what is public', async () => {
    const got = await send('/version', { anonymous: true, headers: { authorization: 'Bearer nonsense' } });
    expect({ code: got.code, asks: got.headers['www-authenticate'] }).toEqual({ code: 401, asks: expect.stringMatching(/^Bearer/) });
  });

  it('the administrator to metrics of what the cluster holds', async () => {
    const { body } = await send('/metrics/state');
    expect(json((await send('/metrics/targets')).body)).toEqual([]);
    expect(body.toString()).toMatch(/^kube_namespace_status_phase\{namespace="kube-system",phase="Active"\} 1$/m);
  });

  it('the administrator to metrics', async () => {
    expect((await send('/metrics')).body.toString()).toMatch(/^# TYPE apiserver_request_total counter$/m);
  });
});

describe('health', () => {
  const asked = async (path: string) => (await send(path)).body.toString();

  it('check by check', async () => {
    expect(await asked('/livez?verbose')).toBe('[+]ping ok\n[+]etcd ok\nlivez check passed\n');
    expect(await asked('/readyz/etcd')).toBe('ok');
    expect((await send('/livez/watch-cache')).code).toBe(404);
  });

  it('without checks that are of no interest', async () => {
    expect(await asked('/readyz?verbose&exclude=etcd&exclude=none')).toBe(
      '[+]ping ok\n[+]etcd excluded: ok\n[+]watch-cache ok\n[+]store-space ok\n' +
        'warn: some health checks cannot be excluded: no matches for "none"\nreadyz check passed\n',
    );
  });
});

describe('indented answers', () => {
  const text = async (path: string, agent?: string) =>
    (await send(path, { headers: agent ? { 'user-agent': agent } : {} })).body.toString();
  const paths = [
    '/api/v1/namespaces/default',
    '/api/v1/namespaces',
    '/api/v1/configmaps?labelSelector=none',
    '/api/v1/namespaces/nope',
    '/apis',
  ];

  it.each(paths)('%s, for people and whoever asks for them', async (path) => {
    const plain = await text(path);
    expect(plain).toMatch(/^\{"\w/);
    const indented = JSON.stringify(JSON.parse(plain), undefined, 2);
    expect(await text(path, 'curl/8.5.0')).toBe(indented);
    expect(await text(`${path}${path.includes('?') ? '&' : '?'}pretty=1`)).toBe(indented);
    expect(await text(`${path}${path.includes('?') ? '&' : '?'}pretty=false`, 'Mozilla/5.0 (X11)')).toBe(plain);
  });
});

it('answers carry what the audit log knows their request by', async () => {
  const [made, given] = [await send('/version'), await send('/version', { headers: { 'audit-id': 'mine' } })];
  expect([made.headers['audit-id'], given.headers['audit-id']]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), 'mine']);
});

describe('what is malformed', () => {
  it.each([
    ['/apis/apps/v9', 404],
    ['/apis/apps/v1/nope', 404],
    [`${collection}/nope`, 404],
    [`${collection}/a/b/c`, 404],
    [`${collection}?limit=x`, 400],
    [`${collection}?resourceVersion=x`, 400],
    [`${collection}?continue=x&limit=1`, 400],
    [`${collection}?labelSelector=a%20b`, 400],
  ])('GET %s', async (path, code) => {
    const got = await send(path);
    expect(json(got.body)).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
    expect(got.code).toBe(code);
  });

  it.each([
    ['POST', `${collection}/x`],
    ['PUT', collection],
    ['PATCH', collection],
    ['DELETE', '/version'],
    ['POST', '/api/v1/configmaps'],
    ['OPTIONS', collection],
  ])('%s %s', async (method, path) => {
    expect((await send(path, { method })).code).toBe(405);
  });

  it.each([
    ['half an object', '{"a":', 400],
    ['no object', '[]', 400],
    ['nothing', '', 400],
    ['__proto__', '{"metadata":{"name":"x"},"__proto__":{"a":1}}', 400],
    ['great depth', `${'{"data":'.repeat(20_000)}1${'}'.repeat(20_000)}`, 400],
    ['another kind', '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}', 400],
    ['another namespace', '{"metadata":{"name":"x","namespace":"kube-system"}}', 400],
    ['no name', '{"metadata":{}}', 422],
    ['more than 3 MiB', `{"metadata":{"name":"x"},"data":{"a":"${'x'.repeat(3_300_000)}"}}`, 413],
    ['more than an object may hold', `{"metadata":{"name":"x"},"data":{"a":"${'x'.repeat(1_200_000)}"}}`, 422],
  ])('a body with %s', async (_name, body, code) => {
    expect(await post(body)).toMatchObject({ kind: 'Status', status: 'Failure', code });
  });

  it('types of content that are not understood', async () => {
    expect(await post('{}', '', 'text/plain')).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
    const patch = { method: 'PATCH', headers: { 'content-type': 'application/apply-patch+cbor' }, body: '{}' };
    expect((await send(`${collection}/x`, patch)).code).toBe(415);
    expect((await send(collection, { headers: { accept: 'text/html' } })).code).toBe(406);
  });

  it.each([
    ['perhaps', 'watches'],
    ['', 'watches'],
    ['F', 'watches'],
    ['FALSE', 'lists'],
    ['0', 'lists'],
  ])('watch=%s %s', async (value, does) => {
    const { body, code } = await send(`${collection}?watch=${value}&timeoutSeconds=1&resourceVersion=0`);
    expect([code, body.includes('"kind":"ConfigMapList"')]).toEqual([200, does === 'lists']);
  });

  it('unknown fields: an error, a warning, or nothing', async () => {
    const body = '{"metadata":{"name":"x"},"dat":{},"data":{"a":"1","a":"2"}}';
    expect(await post(body, '?fieldValidation=Strict&dryRun=All')).toMatchObject({
      code: 400,
      message: expect.stringContaining('strict decoding error: unknown field "dat", duplicate field "data.a"'),
    });
    expect((await post(body, '?fieldValidation=Warn&dryRun=All')).headers.warning).toBe(
      '299 - "unknown field \\"dat\\"", 299 - "duplicate field \\"data.a\\""',
    );
    expect((await post(body, '?fieldValidation=Ignore&dryRun=All')).headers.warning).toBeUndefined();
    await post('{"metadata":{"name":"twice"}}');
    const merge = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' }, body: '{"data":{"a":"1","a":"2"}}' };
    expect((await send(`${collection}/twice`, merge)).headers.warning).toBe('299 - "duplicate field \\"data.a\\""');
    expect((await send(`${collection}/twice?fieldValidation=Strict`, merge)).code).toBe(422);
    const refused = await post('{"metadata":{"name":"x!"},"dat":{}}', '?fieldValidation=Warn');
    expect([refused.code, refused.headers.warning]).toEqual([422, '299 - "unknown field \\"dat\\""']);
    const unnamed = await send(`${collection}/x`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"metadata":{}}',
    });
    expect([unnamed.code, unnamed.body.includes('name must be provided')]).toEqual([400, true]);
    const headers = { 'content-type': 'application/merge-patch+json' };
    const patched = await send('/api/v1/namespaces/default', {
      method: 'PATCH',
      headers,
      body: '{"dat":1,"metadata":{"labels":{"!":""}}}',
    });
    expect([patched.code, patched.headers.warning]).toEqual([422, '299 - "unknown field \\"dat\\""']);
    expect((await send(`${collection}/x`)).code).toBe(404);
  });
});

describe('representations', () => {
  const protobuf = { accept: 'application/vnd.kubernetes.protobuf' };

  function decoded(bytes: Uint8Array) {
    const { apiVersion, kind, raw } = decodeUnknownEnvelope(bytes);
    return { apiVersion, kind, ...decodeProtobuf(schemas.message(`core.${apiVersion}.${kind}`), raw) };
  }

  it('answers in protobuf what is asked for in protobuf', async () => {
    const one = await send('/api/v1/namespaces/default', { headers: protobuf });
    expect(one.headers['content-type']).toBe('application/vnd.kubernetes.protobuf');
    expect(decoded(one.body)).toMatchObject({ kind: 'Namespace', metadata: { name: 'default' }, status: { phase: 'Active' } });
    const list = await send('/api/v1/namespaces', { headers: protobuf });
    expect(decoded(list.body)).toMatchObject({
      kind: 'NamespaceList',
      items: expect.arrayContaining([expect.objectContaining({ spec: { finalizers: ['kubernetes'] } })]),
    });
  });

  it('refuses a table of what has no metadata to show, unless something else will do', async () => {
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const review = (accept: string) =>
      send('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: '{"spec":{"nonResourceAttributes":{"verb":"get","path":"/"}}}',
      });
    const refused = await review(table);
    expect([refused.code, json(refused.body).reason]).toEqual([406, 'NotAcceptable']);
    expect((await review(`${table}, application/json`)).code).toBe(201);
  });

  it('frames a protobuf watch', async () => {
    const query = '?watch=1&fieldSelector=metadata.name%3Ddefault';
    const { headers, body } = await send(`/api/v1/namespaces${query}`, { headers: protobuf, bytesMax: 100 });
    expect(headers['content-type']).toBe('application/vnd.kubernetes.protobuf;stream=watch');
    const event = body.subarray(4, 4 + body.readUInt32BE(0));
    expect(event.subarray(0, 7).toString('latin1')).toBe('\n\x05ADDED');
    expect(decoded(event.subarray(event.indexOf('k8s\0')))).toMatchObject({ kind: 'Namespace', metadata: { name: 'default' } });
  });

  it('compresses what is large, when that is accepted', async () => {
    const path = '/openapi/v3/api/v1';
    const plain = await send(path);
    const packed = await send(path, { headers: { 'accept-encoding': 'gzip' } });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
  });

  it('ends the initial events of a watch with a marked bookmark', async () => {
    const query =
      '?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name%3Ddefault&timeoutSeconds=1';
    const events = (await send(`/api/v1/namespaces${query}`)).body
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(events[1].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  it('tells all of discovery at once', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const { headers, body } = await send('/apis', { headers: { accept } });
    expect(headers['content-type']).toBe(accept);
    expect(json(body).items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toContain('apps');
  });
});
