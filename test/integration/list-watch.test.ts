// Lists and watches over HTTPS as Kubernetes specifies them (kubernetes.io/docs/reference/using-api/api-concepts): versions, pages,
// bookmarks, and what is refused in which words.
import 'reflect-metadata';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '@berth/store';
import { type Clock, seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultConfig } from '../../apps/control-plane/src/config.ts';
import { type ControlPlane, startControlPlane } from '../../apps/control-plane/src/control-plane.ts';

/** Bookmarks come once a minute, and a version from the future is waited for for three seconds: here both are a hundredth of that. */
const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after([60_000, 3_000].includes(ms) ? ms / 100 : ms, run) };
const store = new MemoryStore({ clock: systemClock });
const maps = '/api/v1/namespaces/default/configmaps';
let directory: string;
let controlPlane: ControlPlane;
let tls: { ca: string; cert: string; key: string };

interface Got {
  code: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at in many shapes
  lines: any[];
}

/** @param until ends a watch once it has so many lines */
function send(method: string, path: string, options: { body?: object; accept?: string; until?: number } = {}): Promise<Got> {
  const { host, port } = controlPlane.address ?? { host: '', port: 0 };
  const headers = { 'content-type': 'application/json', accept: options.accept ?? 'application/json' };
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ host, port, path, method, headers, agent: false, ...tls }, (response) => {
      let text = '';
      const lines = () => text.split('\n').slice(0, -1);
      const done = () => resolve({ code: response.statusCode ?? 0, lines: lines().map((line) => JSON.parse(line)) });
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (options.until === undefined || lines().length < options.until) return;
        done();
        request.destroy();
      });
      response.once('end', done);
    });
    request.on('error', reject);
    request.end(options.body && JSON.stringify(options.body));
  });
}

async function get(path: string, accept?: string) {
  const { code, lines } = await send('GET', path, { accept });
  return { code, ...lines[0] };
}

const watch = (path: string, until: number, accept?: string) => send('GET', path, { until, accept });
const create = (name: string, labels = {}) => send('POST', maps, { body: { metadata: { name, labels }, data: { a: 'b' } } });
const newest = async (): Promise<string> => (await get(`${maps}?limit=1`)).metadata.resourceVersion;
// biome-ignore lint/suspicious/noExplicitAny: as above
const names = (list: any): string[] => list.items.map((item: any) => item.metadata.name);

beforeAll(async () => {
  // What was written before the server started is no watch's to see.
  for (const value of ['1', '2', '3']) {
    await store.transact({ compare: [], writes: [{ type: 'put', key: '/elsewhere', value: Buffer.from(value) }] });
  }
  directory = await mkdtemp(join(tmpdir(), 'berth-list-watch-'));
  const address = { host: '127.0.0.1', port: 0 };
  const config = {
    ...defaultConfig,
    roles: ['api' as const],
    dataDirectory: directory,
    store: { driver: 'memory' as const },
    apiAddress: address,
  };
  const ports = { clock: hasty, random: seededRandom(1), logger: silentLogger };
  controlPlane = await startControlPlane(config, ports, { dashboardDirectory: join(directory, 'none'), store });
  const kubeconfig = parse(await readFile(controlPlane.kubeconfigPath, 'utf8'));
  const decode = (text: string) => Buffer.from(text, 'base64').toString('utf8');
  const { user } = kubeconfig.users[0];
  const ca = decode(kubeconfig.clusters[0].cluster['certificate-authority-data']);
  tls = { ca, cert: decode(user['client-certificate-data']), key: decode(user['client-key-data']) };
  for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name, { half: name < 'c' ? 'first' : 'second' });
});

afterAll(async () => {
  await controlPlane?.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('options that do not go together are Invalid', () => {
  const invalid = (detail: string) => ({ code: 422, reason: 'Invalid', message: `ListOptions.meta.k8s.io "" is invalid: ${detail}` });
  it.each([
    ['resourceVersionMatch=Exact', 'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'],
    [
      'resourceVersionMatch=Exact&resourceVersion=0',
      'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      'resourceVersionMatch=Newer&resourceVersion=1',
      'resourceVersionMatch: Unsupported value: "Newer": supported values: "Exact", "NotOlderThan", ""',
    ],
    [
      'resourceVersionMatch=NotOlderThan&resourceVersion=1&continue=x',
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ],
    ['sendInitialEvents=true', 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'],
    [
      'watch=1&sendInitialEvents=true',
      'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    [
      'watch=1&sendInitialEvents=true&resourceVersionMatch=Exact',
      '[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ],
  ])('%s', async (query, detail) => expect(await get(`${maps}?${query}`)).toMatchObject(invalid(detail)));

  it.each([
    [
      'resourceVersion=abc',
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    ['watch=1&resourceVersion=abc', 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'],
    ['continue=e30', 'invalid continue token: continue key is not valid: server does not recognize this encoded version '],
    [
      'resourceVersion=5&continue=e30',
      'invalid continue token: continue key is not valid: server does not recognize this encoded version ',
    ],
    ['limit=many', 'strconv.ParseInt: parsing "many": invalid syntax'],
    ['limit=9223372036854775808', 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
    ['watch=1&timeoutSeconds=soon', 'strconv.ParseInt: parsing "soon": invalid syntax'],
    ['fieldSelector=spec.x=1', '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ])('%s is a bad request', async (query, message) =>
    expect(await get(`${maps}?${query}`)).toMatchObject({ code: 400, reason: 'BadRequest', message }),
  );
});

it.each([
  ['/api/v1/pods?fieldSelector=spec.color%3Dred', 'field label not supported: spec.color'],
  ['/api/v1/nodes?fieldSelector=metadata.namespace%3Da', 'field label not supported: metadata.namespace'],
  ['/apis/batch/v1/jobs?fieldSelector=status.failed%3D1', 'field label "status.failed" not supported for batchv1.Job'],
])('fields that a kind does not select by are refused in its own words: %s', async (path, message) => {
  expect(await get(path)).toMatchObject({ code: 400, reason: 'BadRequest', message });
  expect(await get(`${path}&watch=1`)).toMatchObject({ code: 400, reason: 'BadRequest', message });
});

describe('versions', () => {
  it('Exact shows the past, NotOlderThan and none the present', async () => {
    const before = await newest();
    await create('exact');
    expect(names(await get(`${maps}?resourceVersion=${before}&resourceVersionMatch=Exact`))).not.toContain('exact');
    expect((await get(`${maps}?resourceVersion=${before}&resourceVersionMatch=Exact`)).metadata.resourceVersion).toBe(before);
    for (const query of [
      `resourceVersion=${before}&resourceVersionMatch=NotOlderThan`,
      `resourceVersion=${before}`,
      'resourceVersion=0',
      '',
    ]) {
      expect(names(await get(`${maps}?${query}`))).toContain('exact');
    }
    await send('DELETE', `${maps}/exact`);
  });

  it('with a limit are exact, but for a single object', async () => {
    const before = await newest();
    await create('bounded');
    expect(names(await get(`${maps}?limit=100&resourceVersion=${before}`))).not.toContain('bounded');
    expect(names(await get(`${maps}?limit=-1&resourceVersion=${before}`))).toContain('bounded');
    expect(names(await get(`${maps}?limit=100&resourceVersion=0`))).toContain('bounded');
    expect(names(await get(`${maps}?limit=100&resourceVersion=${before}&resourceVersionMatch=NotOlderThan`))).toContain('bounded');
    expect(names(await get(`${maps}?limit=1&resourceVersion=${before}&fieldSelector=metadata.name%3Dbounded`))).toEqual(['bounded']);
    await send('DELETE', `${maps}/bounded`);
  });

  it.each([maps, `${maps}/a`, `${maps}?resourceVersionMatch=Exact`, `${maps}?limit=1`])(
    'of the future are refused with the cause that clients look for: %s',
    async (path) => {
      const got = await get(`${path}${path.includes('?') ? '&' : '?'}resourceVersion=99999999`);
      expect(got).toMatchObject({
        code: 504,
        reason: 'Timeout',
        message: expect.stringMatching(/^Timeout: Too large resource version: 99999999, current: \d+$/),
      });
      expect(got.details).toMatchObject({
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      });
    },
  );

  it('too old ones are a watch’s only event, and a list’s 410', async () => {
    const { code, lines } = await watch(`${maps}?watch=1&resourceVersion=1`, 1);
    const message = expect.stringMatching(/^too old resource version: 1 \(\d+\)$/);
    expect({ code, lines }).toMatchObject({
      code: 200,
      lines: [{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message } }],
    });
    const old = await newest();
    await create('newer');
    await store.compact(Number(await newest()));
    const list = await get(`${maps}?resourceVersion=${old}&resourceVersionMatch=Exact`);
    expect(list).toMatchObject({ code: 410, reason: 'Expired', message: 'The resourceVersion for the provided list is too old.' });
    await send('DELETE', `${maps}/newer`);
  });

  it('of the future are where a watch begins: nothing up to them is sent, no bookmark either', async () => {
    const future = Number(await newest()) + 3;
    const path = `${maps}?watch=1&allowWatchBookmarks=true&resourceVersion=${future}`;
    const begun = watch(path, 2);
    // Bookmarks are a hundredth of a minute apart: three of them go by.
    expect(await send('GET', `${path}&timeoutSeconds=2`)).toEqual({ code: 200, lines: [] });
    for (let i = 1; i <= 4; i++) await create(`future-${i}`);
    const { code, lines } = await begun;
    expect(code).toBe(200);
    expect(lines.map((line) => [line.type, line.object.metadata.name])).toEqual([
      ['ADDED', 'future-4'],
      ['BOOKMARK', undefined],
    ]);
    for (const { object } of lines) expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(future);
    for (let i = 1; i <= 4; i++) await send('DELETE', `${maps}/future-${i}`);
  });

  it('of the future cannot be what a watch shows first, which is its only event', async () => {
    const { code, lines } = await watch(
      `${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999`,
      1,
    );
    expect(code).toBe(200);
    expect(lines).toMatchObject([
      {
        type: 'ERROR',
        object: {
          kind: 'Status',
          code: 504,
          reason: 'Timeout',
          message: expect.stringMatching(/^Timeout: Too large resource version: 99999999, current: \d+$/),
          details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
        },
      },
    ]);
  });
});

describe('pages', () => {
  it('all show the first one’s version and say how much is left', async () => {
    const first = await get(`${maps}?limit=2`);
    expect(first.metadata.remainingItemCount).toBe(names(await get(maps)).length - 2);
    expect((await get(`${maps}?limit=1&labelSelector=half=second`)).metadata.remainingItemCount).toBeUndefined();
    await create('bb');
    const second = await get(`${maps}?limit=100&continue=${first.metadata.continue}`);
    expect(names(second)).not.toContain('bb');
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(second.metadata.continue).toBeUndefined();
    const past = await get(`${maps}?limit=1&continue=${first.metadata.continue}`);
    expect(past.metadata.remainingItemCount).toBe(names(second).length - 1);
    const selected = await get(`${maps}?limit=1&labelSelector=half&continue=${first.metadata.continue}`);
    expect(selected.metadata.continue).toBeDefined();
    expect(selected.metadata.remainingItemCount).toBeUndefined();
    const both = await get(`${maps}?resourceVersion=5&continue=${first.metadata.continue}`);
    expect(both).toMatchObject({ code: 400, message: 'specifying resource version is not allowed when using continue' });
  });

  it('of a forgotten version are 410, with a token that goes on at the present', async () => {
    const first = await get(`${maps}?limit=2`);
    await create('z');
    await store.compact(Number(await newest()));
    const gone = await get(`${maps}?limit=2&continue=${first.metadata.continue}`);
    expect(gone).toMatchObject({
      code: 410,
      reason: 'Expired',
      message: expect.stringMatching(
        /^The provided continue parameter is too old to display a consistent list result\. .* now may show up in the list\.$/,
      ),
    });
    expect(names(await get(`${maps}?continue=${gone.metadata.continue}`))).toContain('z');
  });
});

describe('watches', () => {
  it.each([
    ['asked for', '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'],
    ['from no version', ''],
    ['from any version', '&resourceVersion=0'],
  ])('send what exists, the mark of its end, then bookmarks about once a minute: %s', async (_, start) => {
    let isOver = false;
    const seen = watch(`${maps}?watch=1&allowWatchBookmarks=true&labelSelector=half=first${start}`, 4).finally(() => {
      isOver = true;
    });
    // What a bookmark tells is that something happened since, if not to what is selected.
    while (!isOver) {
      await create('elsewhere');
      await send('DELETE', `${maps}/elsewhere`);
    }
    const { lines } = await seen;
    expect(lines.map((line) => line.type)).toEqual(['ADDED', 'ADDED', 'BOOKMARK', 'BOOKMARK']);
    expect(lines[2].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    expect(lines[3].object).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { resourceVersion: expect.stringMatching(/^\d+$/) } });
  });

  it('send no mark to who asked for no bookmarks', async () => {
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=half=first&timeoutSeconds=1';
    expect((await send('GET', `${maps}?${query}`)).lines.map((line) => line.type)).toEqual(['ADDED', 'ADDED']);
  });

  it('from a version on send none of what exists, unless it is asked for', async () => {
    const begin = `${maps}?watch=1&timeoutSeconds=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`;
    for (const version of ['', '0', await newest()]) {
      expect(await send('GET', `${begin}&resourceVersion=${version}`)).toEqual({ code: 200, lines: [] });
    }
    const limited = `${maps}?watch=1&limit=1&continue=x&labelSelector=half=first`;
    expect((await watch(limited, 2)).lines.map((line) => line.type)).toEqual(['ADDED', 'ADDED']);
  });

  it('end after timeoutSeconds', async () => {
    const startMs = performance.now();
    const { code, lines } = await send('GET', `${maps}?watch=1&timeoutSeconds=1&resourceVersion=${await newest()}`);
    expect({ code, lines }).toEqual({ code: 200, lines: [] });
    expect(performance.now() - startMs).toBeGreaterThan(900);
  });

  it.each([
    ['by field', `${maps}?watch=1&fieldSelector=metadata.name%3Da`],
    ['by the old path', '/api/v1/watch/namespaces/default/configmaps/a?'],
  ])('of one object %s see that one alone', async (_, path) => {
    const version = await newest();
    const seen = watch(`${path}&resourceVersion=${version}`, 1);
    for (const name of ['b', 'a']) {
      await send('PUT', `${maps}/${name}`, { body: { metadata: { name, labels: { half: 'first', at: version } } } });
    }
    expect((await seen).lines).toMatchObject([{ type: 'MODIFIED', object: { metadata: { name: 'a', labels: { at: version } } } }]);
  });

  it('by the old path cover collections, and refuse a second name', async () => {
    expect((await watch('/api/v1/watch/configmaps?labelSelector=half=first', 2)).lines.map((line) => line.type)).toEqual([
      'ADDED',
      'ADDED',
    ]);
    const other = await get('/api/v1/watch/namespaces/default/configmaps/a?fieldSelector=metadata.name%3Db');
    expect(other).toMatchObject({ code: 400, message: "fieldSelector metadata.name doesn't match requested name" });
    expect((await send('POST', '/api/v1/watch/namespaces/default/configmaps', { body: {} })).code).toBe(405);
  });

  it('turn what enters and leaves the selection into ADDED and DELETED', async () => {
    const seen = watch(`${maps}?watch=1&labelSelector=turn=on&resourceVersion=${await newest()}`, 2);
    for (const turn of ['on', 'off']) await send('PUT', `${maps}/c`, { body: { metadata: { name: 'c', labels: { turn } } } });
    const [entered, left] = (await seen).lines;
    expect([entered.type, left.type, left.object.metadata.labels]).toEqual(['ADDED', 'DELETED', { turn: 'on' }]);
  });
});

describe('other forms', () => {
  const as = (kind: string) => `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json`;

  it('Tables: of a list, and of a watch, where only the first says what the columns are', async () => {
    expect(await get(`${maps}?limit=1`, as('Table'))).toMatchObject({
      kind: 'Table',
      metadata: { continue: expect.any(String) },
      rows: [{ object: { kind: 'PartialObjectMetadata' } }],
    });
    const { lines } = await watch(`${maps}?watch=1&labelSelector=half=first`, 2, as('Table'));
    expect(lines.map((line) => [line.object.kind, line.object.columnDefinitions?.length > 0])).toEqual([
      ['Table', true],
      ['Table', false],
    ]);
  });

  it('metadata alone', async () => {
    expect(await get(`${maps}?limit=1`, as('PartialObjectMetadataList'))).toMatchObject({ kind: 'PartialObjectMetadataList' });
    const { lines } = await watch(`${maps}?watch=1&fieldSelector=metadata.name%3Dd`, 1, as('PartialObjectMetadata'));
    expect(lines[0].object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'd' } });
    expect(lines[0].object.data).toBeUndefined();
  });
});

it('deletes of a collection what is selected, and answers with it', async () => {
  const { lines } = await send('DELETE', `${maps}?labelSelector=half=second`);
  expect(lines[0].kind).toBe('ConfigMapList');
  expect(names(lines[0])).toEqual(['d', 'e']);
  expect(names(await get(maps))).not.toContain('d');
  expect((await send('DELETE', '/api/v1/configmaps')).code).toBe(405);
});
