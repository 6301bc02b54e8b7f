import { ConfigMap, CustomResourceDefinition, Namespace, Node, Pod, Role } from '@berth/api';
import { isReason, type KubeObject } from '@berth/machinery';
import { type Clock, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { Admission } from './admission/admission.ts';
import { Deletion, type DeletionOptions } from './deletion.ts';
import { callFor, pod, startTestServer } from './test-server.ts';

const noon = Date.parse('2030-01-01T12:00:00Z');
const clock: Clock = { ...systemClock, now: () => noon };
const key = { namespace: 'default', name: 'web' };

async function withBoundPod(parts: Parameters<typeof pod>[1] = {}) {
  const started = await startTestServer({ clock });
  await started.client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} });
  await started.client.create(Pod, pod('web', parts));
  await started.client.createSubresource(Pod, key, 'binding', { metadata: { name: key.name }, target: { kind: 'Node', name: 'n1' } });
  const gone = async () => isReason(await started.client.get(Pod, key).catch((error: unknown) => error), 'NotFound');
  return { ...started, gone };
}

test('a pod on a node stays until its agent is done, can only be hurried, and goes at once by force', async () => {
  const { server, client, gone } = await withBoundPod();
  const first = await client.delete(Pod, key);
  expect(first.metadata.deletionTimestamp).toBe('2030-01-01T12:00:30Z');
  expect(first.metadata.deletionGracePeriodSeconds).toBe(30);
  expect((await client.delete(Pod, key, { gracePeriodSeconds: 60 })).metadata.deletionTimestamp).toBe('2030-01-01T12:00:30Z');
  const hurried = await client.delete(Pod, key, { gracePeriodSeconds: 5 });
  expect([hurried.metadata.deletionTimestamp, hurried.metadata.deletionGracePeriodSeconds]).toEqual(['2030-01-01T12:00:05Z', 5]);
  expect(await gone()).toBe(false);
  await client.delete(Pod, key, { gracePeriodSeconds: 0 });
  expect(await gone()).toBe(true);
  await server.stop();
});

test('a negative grace period is the shortest one without force', async () => {
  const { server, client, gone } = await withBoundPod();
  const leaving = await client.delete(Pod, key, { gracePeriodSeconds: -1 });
  expect([leaving.metadata.deletionTimestamp, leaving.metadata.deletionGracePeriodSeconds]).toEqual(['2030-01-01T12:00:01Z', 1]);
  expect(await gone()).toBe(false);
  await server.stop();
});

test('a collection spares an object that took the place of one that it found', async () => {
  const { server, client } = await startTestServer({ clock });
  const found = await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key });
  await client.delete(ConfigMap, key);
  const other = await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key });
  const removed: unknown[] = [];
  const committer = {
    mutate: async (_call: unknown, _dryRun: boolean, decide: (entry: { object: ConfigMap }) => unknown) => {
      removed.push(decide({ object: other }));
      return { entry: { bytes: new Uint8Array(), object: other }, type: 'remove' };
    },
  };
  const admission = new Admission([]);
  const deletion = new Deletion({ committer, admission, clock } as unknown as DeletionOptions);
  await deletion.deleteAll(callFor(ConfigMap, 'default'), [found], {});
  expect(removed).toEqual([]);
  await deletion.deleteAll(callFor(ConfigMap, 'default'), [other], {});
  expect(removed).toHaveLength(1);
  await server.stop();
});

test('a pod without a node, or one that has ended, is removed at once', async () => {
  const { server, client, gone } = await withBoundPod();
  await client.create(Pod, pod('waiting'));
  const answer = await server.delete(callFor(Pod, 'default', 'waiting'));
  expect(answer.removed).toBe(true);
  await client.patch(Pod, key, 'merge', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await client.delete(Pod, key);
  expect(await gone()).toBe(true);
  await server.stop();
});

test('finalizers keep an object, none can be added meanwhile, and taking the last one removes it', async () => {
  const { server, client, gone } = await withBoundPod({ finalizers: ['example.com/hold'] });
  await client.delete(Pod, key, { gracePeriodSeconds: 0 });
  const held = await client.get(Pod, key);
  expect(held.metadata.deletionTimestamp).toBe('2030-01-01T12:00:00Z');
  const more = { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } };
  await expect(client.patch(Pod, key, 'merge', more)).rejects.toThrow('no new finalizers can be added if the object is being deleted');
  await client.patch(Pod, key, 'merge', { metadata: { finalizers: null } });
  expect(await gone()).toBe(true);
  await server.stop();
});

test('propagation policies become the finalizers that the garbage collector looks for', async () => {
  const { server, client } = await startTestServer({ clock });
  const expected = { Foreground: ['foregroundDeletion'], Orphan: ['orphan'] };
  for (const propagationPolicy of ['Foreground', 'Orphan'] as const) {
    const name = propagationPolicy.toLowerCase();
    await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
    const answer = await server.delete(callFor(ConfigMap, 'default', name), { propagationPolicy });
    expect([answer.removed, answer.object.metadata.finalizers]).toEqual([false, expected[propagationPolicy]]);
    expect((await server.delete(callFor(ConfigMap, 'default', name), { propagationPolicy: 'Background' })).removed).toBe(true);
  }
  await server.stop();
});

test('preconditions protect an object of the same name', async () => {
  const { server, client } = await withBoundPod();
  const error = await client.delete(Pod, key, { preconditions: { uid: 'other' } }).catch((thrown: unknown) => thrown);
  expect(isReason(error, 'Conflict')).toBe(true);
  expect(String(error)).toContain('the UID in the precondition (other) does not match the UID in record');
  await server.stop();
});

test('a namespace is only marked: with finalizers of its own it begins no grace period before it is asked to go again', async () => {
  const { server, client } = await startTestServer({ clock });
  const finalizers = ['example.com/hold'];
  const team = await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team', finalizers }, spec: {} });
  const wrong = client.delete(Namespace, { name: 'team' }, { preconditions: { uid: 'other' } });
  const said = `namespaces "team": Precondition failed: UID in precondition: other, UID in object meta: ${team.metadata.uid}`;
  await expect(wrong).rejects.toThrow(said);
  const marked = await client.delete(Namespace, { name: 'team' }, { propagationPolicy: 'Foreground' });
  expect(marked.metadata).toMatchObject({ finalizers: [...finalizers, 'foregroundDeletion'], deletionTimestamp: '2030-01-01T12:00:00Z' });
  expect(marked.metadata.deletionGracePeriodSeconds).toBeUndefined();
  // Its content goes first.
  expect(await client.delete(Namespace, { name: 'team' }, { propagationPolicy: 'Background' })).toEqual(marked);
  await server.update(callFor(Namespace, undefined, 'team', 'finalize'), { ...marked, spec: { finalizers: [] } });
  const again = await client.delete(Namespace, { name: 'team' }, { propagationPolicy: 'Background' });
  expect(again.metadata).toMatchObject({ finalizers, deletionGracePeriodSeconds: 0 });
  await server.stop();
});

test('a namespace terminates until it is finalized, and the first ones never do', async () => {
  const { server, client, system } = await startTestServer({ clock });
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' }, spec: {} });
  const terminating = await client.delete(Namespace, { name: 'team' });
  expect(terminating.status?.phase).toBe('Terminating');
  const call = callFor(Namespace, undefined, 'team', 'finalize');
  await server.update(call, { ...terminating, spec: { finalizers: [] } });
  await expect(client.get(Namespace, { name: 'team' })).rejects.toThrow('namespaces "team" not found');
  await expect(system.delete(Namespace, { name: 'default' })).rejects.toThrow(
    'namespaces "default" is forbidden: this namespace may not be deleted',
  );
  await server.stop();
});

test('deletecollection removes what its selector finds and nothing else', async () => {
  const { server, client } = await startTestServer({ clock });
  for (let i = 0; i < 30; i++) await client.create(Pod, pod(`p${i}`, { labels: { half: String(i % 2) } }));
  const found = await server.deleteCollection(callFor(Pod, 'default'), { labelSelector: 'half=1' });
  expect(found.entries).toHaveLength(15);
  const left = await client.list(Pod, { namespace: 'default' });
  expect(left.items.map((item) => item.metadata.labels?.half)).toEqual(Array(15).fill('0'));
  await server.stop();
});

test('what is gone at once is shown as it was, unless its kind has a grace period', async () => {
  const { client } = await startTestServer();
  await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'unmarked' } });
  const gone = await client.delete(ConfigMap, { namespace: 'default', name: 'unmarked' });
  expect(gone.metadata).not.toHaveProperty('deletionTimestamp');
  expect(gone.metadata).not.toHaveProperty('deletionGracePeriodSeconds');
});

test('deletecollection keeps to the preconditions it is given', async () => {
  const { server, client } = await startTestServer();
  await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'guarded' } });
  const deleting = server.deleteCollection(callFor(ConfigMap, 'default'), {}, { preconditions: { uid: 'x' } });
  await expect(deleting).rejects.toThrow('the UID in the precondition (x) does not match the UID in record');
});

test('what an apply or a PUT makes says itself when it was deleted, and goes with the next change or deletion', async () => {
  const { server, client } = await startTestServer({ clock });
  const role = (name: string, parts: object) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name, namespace: 'default', deletionTimestamp: '2020-01-02T03:04:05Z', ...parts },
  });
  const isGone = async (name: string) =>
    isReason(await client.get(Role, { namespace: 'default', name }).catch((error) => error), 'NotFound');
  const call = (name: string) => callFor(Role, 'default', name);
  const applied = await server.patch(call('applied'), 'apply', role('applied', {}), { fieldManager: 'a' });
  expect(applied.object.metadata.deletionTimestamp).toBe('2020-01-02T03:04:05Z');
  await server.patch(call('applied'), 'merge', { metadata: { labels: { a: 'b' } } });
  expect(await isGone('applied')).toBe(true);
  const put = await server.update(call('put'), role('put', { deletionGracePeriodSeconds: 5 }));
  expect(put.object.metadata).toMatchObject({ deletionTimestamp: '2020-01-02T03:04:05Z', deletionGracePeriodSeconds: 5 });
  await server.delete(call('put'));
  expect(await isGone('put')).toBe(true);
  const posted = await server.create(callFor(Role, 'default'), role('posted', {}));
  expect(posted.object.metadata.deletionTimestamp).toBeUndefined();
  await server.stop();
});

test('definitions of a collection heed what becomes of their dependents at once', async () => {
  const { server } = await startTestServer({ clock });
  const names = { plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList' };
  const schema = { openAPIV3Schema: { type: 'object' } };
  const { object } = await server.create(callFor(CustomResourceDefinition), {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions: [{ name: 'v1', served: true, storage: true, schema }] },
  });
  const written: KubeObject[] = [];
  const committer = {
    mutate: async (_call: unknown, _dryRun: boolean, decide: (entry: { object: KubeObject }) => { object: KubeObject }) => {
      written.push(decide({ object }).object);
      return { entry: { bytes: new Uint8Array(), object }, type: 'put' };
    },
  };
  const deletion = new Deletion({ committer, admission: new Admission([]), clock } as unknown as DeletionOptions);
  await deletion.deleteAll(callFor(CustomResourceDefinition), [object], { propagationPolicy: 'Foreground' });
  expect(written[0]?.metadata.finalizers).toContain('foregroundDeletion');
  await deletion.delete(callFor(CustomResourceDefinition, '', 'widgets.example.com'), { propagationPolicy: 'Foreground' });
  expect(written[1]?.metadata.finalizers).not.toContain('foregroundDeletion');
  await server.stop();
});
