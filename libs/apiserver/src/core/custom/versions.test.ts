// Objects of a kind whose versions a webhook converts: whichever version is stored, each is read, written, watched and owned as its own,
// and a webhook that is down fails what needs it and nothing else.
import { ConfigMap } from '@berth/api';
import { managedFieldsOf } from '@berth/machinery';
import { MemoryStore } from '@berth/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiServer } from '../api-server.ts';
import { callFor, startTestServer, summary, take } from '../test-server.ts';
import { at, define, type Endpoint, endpoint, TestWebhook } from './conversion-for-tests.ts';

let store: MemoryStore;
let server: ApiServer;
let webhook: TestWebhook;
beforeEach(async () => {
  store = new MemoryStore();
  webhook = new TestWebhook();
  ({ server } = await startTestServer({ store, webhooks: webhook }));
  await define(server, 'v1');
});
afterEach(() => server.stop());

const local = { hostPort: 'localhost:80' };
const create = (name: string, spec: Endpoint['spec'] = local, metadata: object = {}) =>
  server.create(at(server, 'v1'), endpoint('v1', name, spec, metadata));
const specs = (objects: { object: unknown }[]) => objects.map(({ object }) => (object as Endpoint).spec);

test('what is written in one version is read in the other, and what needs no conversion asks for none', async () => {
  const { object } = await create('a');
  await server.get(at(server, 'v1', 'a'));
  await server.list(at(server, 'v1'));
  expect(webhook.calls).toEqual([]);
  const shown = await server.get(at(server, 'v2', 'a'));
  expect(shown.object).toEqual({ ...object, apiVersion: 'example.com/v2', spec: { host: 'localhost', port: '80' } });
  expect(JSON.parse(new TextDecoder().decode(shown.bytes))).toEqual(shown.object);
  const made = await server.create(at(server, 'v2'), endpoint('v2', 'b', { host: 'other', port: '81' }));
  expect(made).toMatchObject({ code: 201, object: { apiVersion: 'example.com/v2', spec: { host: 'other', port: '81' } } });
  expect((await server.get(at(server, 'v1', 'b'))).object).toMatchObject({ spec: { hostPort: 'other:81' } });
});

test('it is changed in the other version by replacing, patching, scaling and applying', async () => {
  await create('a');
  const { object } = await server.get(at(server, 'v2', 'a'));
  await server.update(at(server, 'v2', 'a'), { ...object, spec: { host: 'h', port: '1' } });
  await server.patch(at(server, 'v2', 'a'), 'merge', { spec: { port: '2' } });
  await server.patch(at(server, 'v2', 'a', 'scale'), 'merge', { spec: { replicas: 3 } });
  const { object: stored } = await server.get(at(server, 'v1', 'a'));
  expect(stored).toMatchObject({ metadata: { generation: 4 }, spec: { hostPort: 'h:2', replicas: 3 } });
  const deleted = await server.delete(at(server, 'v2', 'a'));
  expect(deleted).toMatchObject({ removed: true, object: { apiVersion: 'example.com/v2', spec: { host: 'h', port: '2', replicas: 3 } } });
});

test('what is owned is named as in the version that it was written in, and lost in whichever it is changed', async () => {
  const apply = (version: 'v1' | 'v2', fieldManager: string, spec: Endpoint['spec'], force = false) =>
    server.patch(at(server, version, 'a'), 'apply', endpoint(version, 'a', spec), { fieldManager, force });
  await apply('v1', 'one', { hostPort: 'h:1', replicas: 1 });
  await expect(apply('v2', 'two', { host: 'h', port: '2' })).rejects.toThrow('conflict with "one": .spec.hostPort');
  const { object } = await apply('v2', 'two', { host: 'h', port: '2' }, true);
  expect(object).toMatchObject({ apiVersion: 'example.com/v2', spec: { host: 'h', port: '2', replicas: 1 } });
  expect(managedFieldsOf(object)).toMatchObject([
    { manager: 'one', apiVersion: 'example.com/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    { manager: 'two', apiVersion: 'example.com/v2', fieldsV1: { 'f:spec': { 'f:host': {}, 'f:port': {} } } },
  ]);
  const less = await apply('v2', 'one', {});
  expect(specs([less])).toEqual([{ host: 'h', port: '2' }]);
});

test('a list is converted together, each object once as long as it stays as it is', async () => {
  for (const name of ['a', 'b', 'c']) await create(name);
  const first = await server.list(at(server, 'v2'));
  expect(specs(first.entries)).toEqual(Array(3).fill({ host: 'localhost', port: '80' }));
  await server.patch(at(server, 'v1', 'b'), 'merge', { spec: { hostPort: 'h:1' } });
  await server.list(at(server, 'v2'));
  expect(webhook.calls).toEqual(['3 to v2', '1 to v2']);
});

describe('selectors look at what is shown', () => {
  beforeEach(async () => {
    await create('a');
    await create('b', { hostPort: 'h:1' });
    await create('c', { hostPort: 'h:2' });
  });

  test('page by page', async () => {
    const page = await server.list(at(server, 'v2'), { fieldSelector: 'spec.host=h', limit: 1 });
    expect(page.entries.map(({ object }) => object.metadata.name)).toEqual(['b']);
    const next = await server.list(at(server, 'v2'), { fieldSelector: 'spec.host=h', limit: 1, continue: page.continue ?? '' });
    expect([next.entries.map(({ object }) => object.metadata.name), next.continue]).toEqual([['c'], undefined]);
    expect((await server.list(at(server, 'v1'), { fieldSelector: 'spec.hostPort=h:1' })).entries).toHaveLength(1);
    await expect(server.list(at(server, 'v1'), { fieldSelector: 'spec.host=h' })).rejects.toThrow('field label not supported: spec.host');
  });

  test('and watches see objects come and go by them', async () => {
    const handle = await server.watch(at(server, 'v2'), { fieldSelector: 'spec.host=h' });
    const host = (name: string, hostPort: string) => server.patch(at(server, 'v1', name), 'merge', { spec: { hostPort } });
    await host('a', 'h:3');
    await host('b', 'x:1');
    await host('c', 'h:4');
    const items = await take(handle, 5);
    expect(summary(items)).toEqual(['ADDED b', 'ADDED c', 'ADDED a', 'DELETED b', 'MODIFIED c']);
    expect(items[3]?.object).toMatchObject({ apiVersion: 'example.com/v2', spec: { host: 'h', port: '1' } });
  });
});

describe('while the webhook is down', () => {
  beforeEach(async () => {
    await create('a');
    webhook.down = 'Post "https://localhost:9443/convert?timeout=30s": connection refused';
  });

  test('requests that need it fail in its words, and no others do', async () => {
    const message = `conversion webhook for example.com/v1, Kind=Endpoint failed: ${webhook.down}`;
    await expect(server.get(at(server, 'v2', 'a'))).rejects.toMatchObject({ code: 500, message });
    await expect(server.list(at(server, 'v2'))).rejects.toThrow(message);
    await expect(server.patch(at(server, 'v2', 'a'), 'merge', { spec: {} })).rejects.toThrow(message);
    await expect(server.delete(at(server, 'v2', 'a'))).rejects.toThrow(message);
    const made = server.create(at(server, 'v2'), endpoint('v2', 'b', { host: 'h', port: '1' }));
    await expect(made).rejects.toThrow('conversion webhook for example.com/v2, Kind=Endpoint failed');
    expect((await server.get(at(server, 'v1', 'a'))).object).toMatchObject({ spec: local });
    expect((await server.list(at(server, 'v1'))).entries).toHaveLength(1);
    expect((await server.delete(at(server, 'v1', 'a'))).removed).toBe(true);
    await server.create(callFor(ConfigMap, 'default'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } });
  });

  test('a watch of its version ends with that, one of the stored version and one of metadata alone go on', async () => {
    const shown = await server.watch(at(server, 'v2'), { resourceVersion: String(server.revision) });
    const stored = await server.watch(at(server, 'v1'), { resourceVersion: String(server.revision) });
    const metadata = await server.watch(at(server, 'v2'), { resourceVersion: String(server.revision), metadataOnly: true });
    await create('b');
    await expect(take(shown, 1)).rejects.toThrow('conversion webhook for example.com/v1, Kind=Endpoint failed');
    expect([summary(await take(stored, 1)), summary(await take(metadata, 1))]).toEqual([['ADDED b'], ['ADDED b']]);
    webhook.down = undefined;
    expect(specs((await server.list(at(server, 'v2'))).entries)).toHaveLength(2);
  });
});

describe('when another version is stored', () => {
  test('watches go on, and what was stored before is converted for either', async () => {
    await create('old');
    const revision = String(server.revision);
    const v1 = await server.watch(at(server, 'v1'), { resourceVersion: revision });
    const v2 = await server.watch(at(server, 'v2'), { resourceVersion: revision });
    await define(server, 'v2');
    await create('new', { hostPort: 'n:1' });
    expect(specs(await take(v1, 1))).toEqual([{ hostPort: 'n:1' }]);
    expect(specs(await take(v2, 1))).toEqual([{ host: 'n', port: '1' }]);
    expect(specs((await server.list(at(server, 'v1'))).entries)).toEqual([{ hostPort: 'n:1' }, local]);
    expect(specs((await server.list(at(server, 'v2'))).entries)).toEqual([
      { host: 'n', port: '1' },
      { host: 'localhost', port: '80' },
    ]);
  });

  test('an object that is written as it is gets stored in it, and needs no webhook then', async () => {
    await create('a');
    await define(server, 'v2');
    const { object } = await server.get(at(server, 'v2', 'a'));
    const written = await server.update(at(server, 'v2', 'a'), object);
    expect(written.object.metadata.resourceVersion).not.toBe(object.metadata.resourceVersion);
    const again = await server.update(at(server, 'v2', 'a'), written.object);
    expect(again.object.metadata.resourceVersion).toBe(written.object.metadata.resourceVersion);
    webhook.down = 'gone';
    expect((await server.get(at(server, 'v2', 'a'))).object).toMatchObject({ spec: { host: 'localhost', port: '80' } });
  });

  test('objects of both are there after a restart, and may be deleted in either', async () => {
    await create('old');
    await define(server, 'v2');
    await create('new');
    await server.stop();
    ({ server } = await startTestServer({ store, webhooks: webhook }));
    const { entries } = await server.deleteCollection(at(server, 'v1'), {});
    expect(specs(entries)).toEqual([local, local]);
    expect((await server.list(at(server, 'v2'))).entries).toEqual([]);
  });
});
