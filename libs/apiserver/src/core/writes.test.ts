import { ConfigMap, Deployment, FlowSchema, Namespace, PersistentVolumeClaim, Pod } from '@berth/api';
import { managedFieldsOf, StatusError } from '@berth/machinery';
import { expect, test } from 'vitest';
import { callFor, pod, startTestServer } from './test-server.ts';

const config = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});

async function failure(operation: Promise<unknown>): Promise<StatusError> {
  const error = await operation.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StatusError)) throw new Error(`expected a StatusError, got ${String(error)}`);
  return error;
}

test('create gives identity and defaults, and the same object is read back and frozen', async () => {
  const { server, client } = await startTestServer();
  const created = await client.create(Pod, { ...pod('web'), status: { phase: 'Running' } });
  expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(created.metadata.resourceVersion).toMatch(/^[1-9]\d*$/);
  expect(created.metadata.generation).toBe(1);
  expect(created.status?.phase).toBe('Pending');
  expect(created.spec.serviceAccountName).toBe('default');
  expect(created.spec.tolerations?.map((toleration) => toleration.tolerationSeconds)).toEqual([300, 300]);
  const read = await client.get(Pod, { namespace: 'default', name: 'web' });
  expect(read).toEqual(created);
  expect(Object.isFrozen(read.spec.containers)).toBe(true);
  const { bytes } = await server.get(callFor(Pod, 'default', 'web'));
  expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(read);
  await server.stop();
});

test('what says nothing is not kept, and changes nothing', async () => {
  const { server, client } = await startTestServer();
  const container = { name: 'main', image: 'web', args: [], env: [{ name: 'A', value: '' }], stdin: false, workingDir: '' };
  const given = { ...pod('quiet'), spec: { containers: [container], hostNetwork: false, nodeName: '', tolerations: [] } };
  const created = await client.create(Pod, { ...given, metadata: { ...given.metadata, labels: {}, finalizers: [] } });
  expect(created.spec.containers[0]).toMatchObject({ name: 'main', env: [{ name: 'A' }], resources: {} });
  expect(Object.keys({ ...created.metadata, ...created.spec, ...created.spec.containers[0] })).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(labels|finalizers|hostNetwork|nodeName|args|stdin|workingDir)$/)]),
  );
  const patched = await client.patch(Pod, created.metadata, 'merge', { metadata: { labels: {} }, spec: { hostNetwork: false } });
  expect(patched.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  await server.stop();
});

test('creating what exists, or in a namespace that does not, fails as in Kubernetes', async () => {
  const { server, client } = await startTestServer();
  await client.create(Pod, pod('web'));
  expect((await failure(client.create(Pod, pod('web')))).message).toBe('pods "web" already exists');
  const elsewhere = { ...pod('web'), metadata: { name: 'web', namespace: 'nowhere' } };
  const missing = await failure(client.create(Pod, elsewhere));
  expect([missing.code, missing.message]).toEqual([404, 'namespaces "nowhere" not found']);
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nowhere' }, spec: {} });
  await client.create(Pod, elsewhere);
  await client.delete(Namespace, { name: 'nowhere' });
  const late = await failure(client.create(Pod, { ...elsewhere, metadata: { name: 'late', namespace: 'nowhere' } }));
  expect([late.code, late.status.details?.causes?.[0]?.reason]).toEqual([403, 'NamespaceTerminating']);
  expect(late.message).toBe('pods "late" is forbidden: unable to create new content in namespace nowhere because it is being terminated');
  await server.stop();
});

test('generateName retries with another suffix until the name is free', async () => {
  const { server, client } = await startTestServer();
  const generated = { ...config(''), metadata: { generateName: 'job-', namespace: 'default', name: '' } };
  const names = await Promise.all(Array.from({ length: 20 }, async () => (await client.create(ConfigMap, generated)).metadata.name));
  expect(new Set(names).size).toBe(20);
  expect(names.every((name) => /^job-[a-z0-9]{5}$/.test(name))).toBe(true);
  await server.stop();
});

test('a stale update conflicts, an unversioned one wins, an equal one writes nothing', async () => {
  const { server, client } = await startTestServer();
  const first = await client.create(ConfigMap, config('settings', { a: '1' }));
  const second = await client.update(ConfigMap, { ...first, data: { a: '2' } });
  const stale = await failure(client.update(ConfigMap, { ...first, data: { a: '3' } }));
  expect(stale.message).toBe(
    'Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again',
  );
  const third = await client.update(ConfigMap, config('settings', { a: '4' }));
  expect(Number(third.metadata.resourceVersion)).toBeGreaterThan(Number(second.metadata.resourceVersion));
  expect(third.metadata.uid).toBe(first.metadata.uid);
  const same = await client.update(ConfigMap, { ...third, data: { a: '4' } });
  expect(same.metadata.resourceVersion).toBe(third.metadata.resourceVersion);
  await server.stop();
});

test('fifty concurrent patches of one object all take effect', async () => {
  const { server, client } = await startTestServer();
  await client.create(ConfigMap, config('counter'));
  const key = { namespace: 'default', name: 'counter' };
  await Promise.all(Array.from({ length: 50 }, (_, i) => client.patch(ConfigMap, key, 'merge', { data: { [`k${i}`]: 'x' } })));
  const { data = {} } = await client.get(ConfigMap, key);
  expect(Object.keys(data)).toHaveLength(50);
  await server.stop();
});

test('status and spec are written apart, and only spec counts generations', async () => {
  const { server, client } = await startTestServer();
  const labels = { app: 'web' };
  const template = { metadata: { name: '', labels }, spec: pod('x').spec };
  const created = await client.create<Deployment>(Deployment, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  });
  expect(created.metadata.generation).toBe(1);
  const both = { ...created, spec: { ...created.spec, replicas: 3 }, status: { replicas: 7, observedGeneration: 1 } };
  const viaStatus = await client.updateStatus(Deployment, both);
  expect([viaStatus.spec.replicas, viaStatus.status?.replicas, viaStatus.metadata.generation]).toEqual([1, 7, 1]);
  const changed = { ...viaStatus, spec: { ...viaStatus.spec, replicas: 3 }, status: { replicas: 0 } };
  const viaSpec = await client.update(Deployment, changed);
  expect([viaSpec.spec.replicas, viaSpec.status?.replicas, viaSpec.metadata.generation]).toEqual([3, 7, 2]);
  await server.stop();
});

test('immutable metadata is refused, and a missing part of it is filled in', async () => {
  const { server, client } = await startTestServer();
  const created = await client.create(ConfigMap, config('settings'));
  const other = await failure(client.update(ConfigMap, { ...created, metadata: { ...created.metadata, uid: 'other' } }));
  expect([other.code, other.reason]).toEqual([409, 'Conflict']);
  const older = { ...created, metadata: { ...created.metadata, creationTimestamp: '2001-01-01T00:00:00Z' } };
  expect((await client.update(ConfigMap, older)).metadata.creationTimestamp).toBe(created.metadata.creationTimestamp);
  const deleted = { ...created, metadata: { ...created.metadata, deletionTimestamp: '2001-01-01T00:00:00Z' } };
  const error = await failure(client.update(ConfigMap, deleted));
  expect(error.message).toContain('metadata.deletionTimestamp: Invalid value: "2001-01-01T00:00:00Z": field is immutable');
  await server.stop();
});

test('fieldValidation decides whether an unknown field is an error, a warning or nothing', async () => {
  const { server } = await startTestServer();
  const body = (name: string) => ({ ...config(name), dta: {} });
  const call = callFor(ConfigMap, 'default');
  const strict = await failure(server.create(call, body('a'), { fieldValidation: 'Strict' }));
  expect(strict.code).toBe(400);
  expect(strict.message).toContain('strict decoding error: unknown field "dta"');
  expect((await server.create(call, body('b'), { fieldValidation: 'Warn' })).warnings).toEqual(['unknown field "dta"']);
  expect((await server.create(call, body('c'), { fieldValidation: 'Ignore' })).warnings).toEqual([]);
  const wrong = await failure(server.create(call, { ...config('d'), data: { a: 1 } }));
  expect([wrong.code, wrong.message.includes('data')]).toEqual([400, true]);
  await server.stop();
});

test('dryRun answers as if, and leaves nothing behind', async () => {
  const { server, client, store } = await startTestServer();
  const before = await store.revision();
  const created = await client.create(ConfigMap, config('ghost'), { dryRun: true });
  expect(created.metadata.uid).toBeTruthy();
  expect(await store.revision()).toBe(before);
  expect((await failure(client.get(ConfigMap, { namespace: 'default', name: 'ghost' }))).code).toBe(404);
  await client.create(ConfigMap, config('real', { a: '1' }));
  const changed = await client.patch(ConfigMap, { namespace: 'default', name: 'real' }, 'merge', { data: { a: '2' } }, { dryRun: true });
  expect(changed.data?.a).toBe('2');
  await client.delete(ConfigMap, { namespace: 'default', name: 'real' }, { dryRun: true });
  expect((await client.get(ConfigMap, { namespace: 'default', name: 'real' })).data?.a).toBe('1');
  await server.stop();
});

test('a new object has no version, which is found out last, and not at all by a dry run', async () => {
  const versioned = (resourceVersion: string, data = {}) => {
    const object = config('versioned', data);
    return { ...object, metadata: { ...object.metadata, resourceVersion } };
  };
  const { server } = await startTestServer();
  const create = (object: ConfigMap, dryRun = false) => server.create(callFor(ConfigMap, 'default'), object, { dryRun });
  expect(await failure(create(versioned('1')))).toMatchObject({
    code: 400,
    message: 'resourceVersion should not be set on objects to be created',
  });
  expect(await failure(create(versioned('1', { '/': '' })))).toMatchObject({ code: 422 });
  const shown = await create(versioned('1'), true);
  expect(shown).toMatchObject({ code: 201 });
  expect(JSON.parse(new TextDecoder().decode(shown.bytes))).toMatchObject({ metadata: { resourceVersion: '1' } });
  expect(await create(versioned('0'))).toMatchObject({ code: 201 });
});

test('a uid that is put is the one that must be there, one that is patched or applied cannot be', async () => {
  const { server, client } = await startTestServer();
  const key = { namespace: 'default', name: 'identified' };
  const { metadata } = await client.create(ConfigMap, config('identified'));
  const put = client.update(ConfigMap, { ...config('identified'), metadata: { ...metadata, uid: 'other' } });
  expect(await failure(put)).toMatchObject({
    code: 409,
    message: expect.stringContaining(`Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`),
  });
  const message = 'ConfigMap "identified" is invalid: metadata.uid: Invalid value: "other": field is immutable';
  expect(await failure(client.patch(ConfigMap, key, 'merge', { metadata: { uid: 'other' } }))).toMatchObject({ code: 422, message });
  expect((await client.patch(ConfigMap, key, 'merge', { metadata: { uid: '' } })).metadata.uid).toBe(metadata.uid);
  const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key, uid: 'other' } };
  const apply = server.patch(callFor(ConfigMap, 'default', 'identified'), 'apply', applied, { fieldManager: 'a' });
  expect(await failure(apply)).toMatchObject({ code: 422, message });
  await server.stop();
});

test('a patch that takes the name away is refused', async () => {
  const { client } = await startTestServer();
  await client.create(ConfigMap, config('named'));
  const patching = client.patch(ConfigMap, { namespace: 'default', name: 'named' }, 'merge', { metadata: { name: null } });
  expect(await failure(patching)).toMatchObject({
    code: 400,
    message: 'the name of the object (named based on URL) was undeterminable: name must be provided',
  });
});

test('a claim without a class gets the default one, and one that asks for none keeps none', async () => {
  const { server, client } = await startTestServer();
  const claim = (name: string, storageClassName?: string): PersistentVolumeClaim => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName },
  });
  expect((await client.create(PersistentVolumeClaim, claim('a'))).spec.storageClassName).toBe('local');
  expect((await client.create(PersistentVolumeClaim, claim('b', ''))).spec.storageClassName).toBe('');
  await server.stop();
});

test('a namespace means nothing to what is in none, and an object without a name is told all that is wrong', async () => {
  const { server } = await startTestServer();
  const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', namespace: 'elsewhere' } };
  expect((await server.create(callFor(Namespace), shop)).object.metadata.namespace).toBeUndefined();
  const unnamed = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { labels: { 'a b': '1' } } };
  const error = await failure(server.create(callFor(ConfigMap, 'default'), unnamed));
  expect(error.message).toMatch(
    /^ConfigMap "" is invalid: \[metadata\.name: Required value: name or generateName is required, metadata\.labels: /,
  );
  await server.stop();
});

test('an update is told everything that is wrong with it at once, what it may not say of a deletion included', async () => {
  const { server, client } = await startTestServer();
  const made = await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'default' } });
  const wrong = { ...made, metadata: { ...made.metadata, deletionGracePeriodSeconds: 600 }, data: { 'a b': 'x' } };
  const error = await client.update(ConfigMap, wrong).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 422,
    status: { details: { causes: [{ field: 'metadata.deletionGracePeriodSeconds' }, { field: 'data[a b]' }] } },
  });
  await server.stop();
});

test('of an object whose parts have no keys nobody is said to own anything, also when it is a status that is not kept', async () => {
  const { server, client } = await startTestServer();
  const schema = (name: string, status?: object) => ({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name },
    spec: { priorityLevelConfiguration: { name: 'global-default' }, matchingPrecedence: 500 },
    status,
  });
  const [plain, keyless] = [
    await client.create(FlowSchema, schema('a')),
    await client.create(FlowSchema, schema('b', { conditions: [{}] })),
  ];
  expect([managedFieldsOf(plain)?.length, managedFieldsOf(keyless)]).toEqual([1, undefined]);
  const update = { ...plain, status: { conditions: [{}] } };
  expect(managedFieldsOf(await client.update(FlowSchema, update))).toBeUndefined();
  await server.stop();
});
