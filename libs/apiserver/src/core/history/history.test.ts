// Who changed what, as it is served: to whom, what of it, and which moment was which revision.
import { Change, ClusterRole, ClusterRoleBinding, ConfigMap, Deployment, Moment, Node, Secret } from '@berth/api';
import type { StatusError } from '@berth/machinery';
import { MemoryStore } from '@berth/store';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test, vi } from 'vitest';
import { callFor, startTestServer } from '../test-server.ts';
import type { User } from '../types.ts';

const ann: User = { name: 'ann', groups: [] };
const minuteMs = 60_000;

async function begin() {
  const clock = new SimulatedClock(Date.parse('2026-01-01T12:00:00Z'));
  const store = new MemoryStore({ clock });
  const watch = vi.spyOn(store, 'watch');
  const started = await startTestServer({ store, clock });
  const map = (name: string, data: Record<string, string>) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data },
  });
  const of = (fieldSelector: string, namespace?: string) => ({ fieldSelector, ...(namespace && { namespace }) });
  const lines = async (fieldSelector: string, namespace?: string, client = started.client) =>
    (await client.list(Change, of(fieldSelector, namespace))).items.map(({ object, user, verb, message }) =>
      [object.name, user, verb, message].join(' '),
    );
  return { clock, map, lines, watch, ...started };
}

test('a change says who made it, how, from what to what, the newest first', async () => {
  const { server, client, map, lines, clock } = await begin();
  await client.create(ConfigMap, map('web', { a: '1' }));
  await clock.advance(1_500);
  const call = { ...callFor(ConfigMap, 'default', 'web'), user: { name: 'bob\nby the river', groups: ['system:masters'] } };
  await server.patch(call, 'merge', { data: { a: '2', b: 'x' } }, { userAgent: 'kubectl/v1.35.0 (linux/amd64)' });
  await server.delete(call, { userAgent: 'kubectl/v1.35.0 (linux/amd64)' });
  expect(await lines('object.name=web')).toEqual([
    'web bob\nby the river delete deleted',
    'web bob\nby the river patch changed data.a, data.b',
    'web admin create created',
  ]);
  const [deleted, changed] = (await client.list(Change, { namespace: 'default', fieldSelector: 'object.kind=ConfigMap,object.name=web' }))
    .items;
  expect(deleted).toMatchObject({
    type: 'Deleted',
    client: 'kubectl',
    object: { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps' },
  });
  expect(changed).toMatchObject({
    action: 'Updated',
    time: '2026-01-01T12:00:01.500Z',
    metadata: { creationTimestamp: '2026-01-01T12:00:01Z' },
  });
  expect(changed?.fields).toEqual([
    { path: 'data.a', before: '"1"', after: '"2"' },
    { path: 'data.b', after: '"x"' },
  ]);
  expect(await client.get(Change, { namespace: 'default', name: changed?.metadata.name ?? '' })).toEqual(changed);
  const before = { resourceVersion: String(Number(deleted?.metadata.resourceVersion) - 1), resourceVersionMatch: 'Exact' as const };
  const { items } = await client.list(ConfigMap, { namespace: 'default', fieldSelector: 'metadata.name=web', ...before });
  expect(items).toMatchObject([{ data: { a: '2', b: 'x' } }]);
});

test('a moment is the newest revision by then; the future and what is gone are refused with what can be asked for', async () => {
  const { client, map, clock, store } = await begin();
  const names = async (time: string) => {
    const { revision } = await client.get(Moment, { name: time });
    const exact = { resourceVersion: revision, resourceVersionMatch: 'Exact' as const };
    return (await client.list(ConfigMap, { namespace: 'default', ...exact })).items.map(({ metadata }) => metadata.name);
  };
  await clock.advance(minuteMs);
  await client.create(ConfigMap, map('one', {}));
  await clock.advance(minuteMs);
  await client.create(ConfigMap, map('two', {}));
  await client.delete(ConfigMap, { namespace: 'default', name: 'one' });
  await clock.advance(minuteMs);
  const ca = 'kube-root-ca.crt';
  const own = async (time: string) => (await names(time)).filter((name) => name !== ca);
  expect(await own('2026-01-01T12:00:30Z')).toEqual([]);
  expect(await own('2026-01-01T12:01:00Z')).toEqual(['one']);
  expect(await own('2026-01-01T13:01:59.999+01:00')).toEqual(['one']);
  expect(await own('2026-01-01T12:02:00Z')).toEqual(['two']);
  expect(await own('newest')).toEqual(['two']);
  const refused = (time: string) => expect(client.get(Moment, { name: time })).rejects;
  await refused('2026-01-01T12:03:01Z').toMatchObject({
    code: 400,
    message: expect.stringContaining('it is 2026-01-01T12:03:00.000Z now'),
  });
  await refused('2025-12-31T00:00:00Z').toMatchObject({ code: 410, message: expect.stringContaining('from 2026-01-01T12:00:00.000Z on') });
  await refused('noon').toMatchObject({ code: 400, message: expect.stringContaining('oldest, newest or a time such as') });
  await store.compact((await store.revision()) - 1);
  await refused('2026-01-01T12:01:30Z').toMatchObject({ code: 410, message: expect.stringContaining('from 2026-01-01T12:02:00.000Z on') });
  expect((await client.list(Moment)).items.map(({ metadata, time }) => [metadata.name, time])).toEqual([
    ['oldest', '2026-01-01T12:02:00.000Z'],
    ['newest', '2026-01-01T12:03:00.000Z'],
  ]);
});

test('a change is seen by whoever may see its object today, and no secret is ever shown in one', async () => {
  const { server, client, map, lines } = await begin();
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace: 'default' }, data: { token: 'c2VjcmV0' } };
  const note = { 'example.org/was': 'c2VjcmV0' };
  await client.create(Secret, secret);
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"token":"bmV3ZXI="}}' };
  await server.patch(callFor(Secret, 'default', 'key'), 'merge', {
    data: { token: 'bmV3ZXI=' },
    metadata: { annotations: { ...applied, ...note } },
  });
  await server.patch(callFor(Secret, 'default', 'key'), 'merge', { data: null });
  await client.create(ConfigMap, map('web', {}));
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} });
  const text = JSON.stringify((await client.list(Change, { fieldSelector: 'object.name=key' })).items);
  expect(text).toContain('data.token');
  expect(text).not.toMatch(/c2VjcmV0|bmV3ZXI/);
  const role = 'reader';
  const rules = [
    { apiGroups: ['history.berth.io'], resources: ['changes'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] },
    { apiGroups: [''], resources: ['nodes'], resourceNames: ['n1'], verbs: ['get'] },
  ];
  await client.create(ClusterRole, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: role }, rules });
  await expect(lines('', 'default', server.localClient(ann))).rejects.toMatchObject({ code: 403 });
  await client.create(ClusterRoleBinding, {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: role } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ann' }],
  });
  const seen = await server.localClient(ann).list(Change, { fieldSelector: 'type=Created' });
  const kinds = new Set(seen.items.map(({ object }) => object.kind));
  expect([...kinds].sort()).toEqual(['ConfigMap', 'Node']);
  expect(seen.items.find(({ object }) => object.name === 'n1')?.metadata.namespace).toBe('default');
  const [hidden] = (await client.list(Change, { namespace: 'default', fieldSelector: 'object.kind=Secret,object.name=key' })).items;
  const one = { namespace: 'default', name: hidden?.metadata.name ?? '' };
  await expect(server.localClient(ann).get(Change, one)).rejects.toMatchObject({ code: 404 } satisfies Partial<StatusError>);
});

test('pages go on with older changes, each change is in one of them', async () => {
  const { client, map } = await begin();
  for (let i = 0; i < 25; i++) await client.create(ConfigMap, map(`m${i}`, {}));
  const found: string[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(Change, {
      fieldSelector: 'object.kind=ConfigMap',
      namespace: 'default',
      limit: 7,
      ...(next && { continue: next }),
    });
    expect(page.items.length).toBeLessThanOrEqual(7);
    found.push(...page.items.map(({ object }) => object.name));
    next = page.continue;
  } while (next);
  expect(found.filter((name) => name.startsWith('m'))).toEqual(Array.from({ length: 25 }, (_, i) => `m${24 - i}`));
});

test('a page reads what it shows, not all that was written since', async () => {
  const { client, map, watch, server } = await begin();
  for (let i = 0; i < 3_000; i++) await client.create(ConfigMap, map(`m${i}`, {}));
  const oldestRead = async (options: object) => {
    watch.mockClear();
    const { items } = await client.list(Change, { namespace: 'default', ...options });
    const read = watch.mock.calls.map(([{ start, fromRevision = 0 }]) => (start === '/' ? server.revision : fromRevision));
    return { shown: items.map(({ object }) => object.name), revisionsBack: server.revision - Math.min(...read) };
  };
  const first = await oldestRead({ limit: 10 });
  expect(first.shown).toEqual(Array.from({ length: 10 }, (_, i) => `m${2_999 - i}`));
  expect(first.revisionsBack).toBeLessThan(1_000);
  // What is rare is looked for as far back as there is something.
  const rare = await oldestRead({ limit: 10, fieldSelector: 'object.name=m7' });
  expect(rare.shown).toEqual(['m7']);
  expect(rare.revisionsBack).toBeGreaterThan(2_900);
}, 60_000);

test('bad selectors say what can be asked for', async () => {
  const { client } = await begin();
  for (const [fieldSelector, said] of [
    ['since=yesterday', 'neither a time such as'],
    ['since!=10m', 'it takes ='],
    ['routine=maybe', 'true or false'],
    ['until=2999-01-01T00:00:00Z', 'in the future'],
    ['colour=red', 'not supported'],
  ])
    await expect(client.list(Change, { fieldSelector })).rejects.toMatchObject({ code: 400, message: expect.stringContaining(said ?? '') });
  await expect(client.list(Change, { labelSelector: 'a=b' })).rejects.toThrow('changes have no labels');
  await expect(client.get(Change, { namespace: 'default', name: '7' })).rejects.toMatchObject({ code: 404 });
});

test('scaling, images, and what a Deployment becomes are said in words', async () => {
  const { client, server, lines } = await begin();
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template };
  await client.create(Deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec });
  await server.patch(callFor(Deployment, 'default', 'web'), 'merge', { spec: { replicas: 5 } });
  const containers = [{ name: 'web', image: 'web:2' }];
  await server.patch(callFor(Deployment, 'default', 'web'), 'strategic', { spec: { template: { spec: { containers } } } });
  const done = [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: '' }];
  await server.patch(callFor(Deployment, 'default', 'web', 'status'), 'merge', { status: { conditions: done } });
  expect(await lines('object.name=web,object.kind=Deployment')).toEqual([
    'web admin patch/status rollout complete',
    'web admin patch image of web: web:1 → web:2',
    'web admin patch scaled 2 → 5',
    'web admin create created: 2 replicas of web:1',
  ]);
  expect(await lines('object.name=web,action=Scaled')).toHaveLength(1);
});
