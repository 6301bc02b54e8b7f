// Evictions against disruption budgets, and bindings, in the cases in which they must not happen.
import { Node, Pod, PodDisruptionBudget } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { spendBudget } from './subresources/disruption-budget.ts';
import type { SubresourcePorts } from './subresources/subresource.ts';
import { callFor, pod, startTestServer } from './test-server.ts';

const key = { namespace: 'default', name: 'web' };
const labels = { app: 'web' };
let started: Awaited<ReturnType<typeof startTestServer>>;

beforeEach(async () => {
  started = await startTestServer();
  const { client } = started;
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} });
  await client.create(Pod, pod('web', { labels }));
});
afterEach(() => started.server.stop());

async function budget(name: string, status: PodDisruptionBudget['status'], spec: Partial<PodDisruptionBudget['spec']> = {}): Promise<void> {
  const metadata = { name, namespace: 'default' };
  const object: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { minAvailable: 1, selector: { matchLabels: labels }, ...spec },
  };
  await started.client.create(PodDisruptionBudget, object);
  await started.client.patch(PodDisruptionBudget, metadata, 'merge', { status }, { subresource: 'status' });
}

const counts = { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 };

async function run(isReady: boolean): Promise<void> {
  const { client } = started;
  await client.createSubresource(Pod, key, 'binding', { metadata: { name: key.name }, target: { name: 'n1' } });
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
  await client.patch(Pod, key, 'merge', { status: { phase: 'Running', conditions } }, { subresource: 'status' });
}

function evict(): Promise<unknown> {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: key, deleteOptions: { gracePeriodSeconds: 0 } };
  return started.client.createSubresource(Pod, key, 'eviction', body);
}

const allowed = async (name: string) => (await started.client.get(PodDisruptionBudget, { ...key, name })).status;

test('a budget that was changed and not looked at since lets nothing go', async () => {
  await run(true);
  await budget('a', { ...counts, observedGeneration: 0 });
  await expect(evict()).rejects.toMatchObject({
    code: 429,
    status: {
      details: { retryAfterSeconds: 10, causes: [{ message: 'The disruption budget a is still being processed by the server.' }] },
    },
  });
});

test('two budgets over one pod are an error, and neither is spent', async () => {
  await run(true);
  await budget('a', counts);
  await budget('b', counts);
  await expect(evict()).rejects.toMatchObject({ code: 500 });
  expect([(await allowed('a'))?.disruptionsAllowed, (await allowed('b'))?.disruptionsAllowed]).toEqual([1, 1]);
});

test('a pod that does not run spends nothing, a running one does, and is noted', async () => {
  await budget('a', counts);
  await evict();
  expect(await allowed('a')).toMatchObject({ disruptionsAllowed: 1 });
  await started.client.create(Pod, pod('web', { labels }));
  await run(true);
  await evict();
  expect((await allowed('a'))?.disruptionsAllowed ?? 0).toBe(0);
  expect(Object.keys((await allowed('a'))?.disruptedPods ?? {})).toEqual(['web']);
});

test('an unready pod goes for nothing, and only as long as it is unready', async () => {
  await run(false);
  await budget('a', { ...counts, disruptionsAllowed: 0 }, { unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  const { client } = started;
  const found = await client.get(Pod, key);
  const { items } = await client.list(PodDisruptionBudget, { namespace: 'default' });
  const ports = { list: async () => items.map((object) => ({ object })) } as unknown as SubresourcePorts;
  const { uid, resourceVersion } = found.metadata;
  // What its deletion depends on: that nothing of it has changed since it was seen unready.
  expect(await spendBudget(ports, callFor(Pod, 'default', 'web'), found, false)).toEqual({
    preconditions: { uid, resourceVersion },
    budget: 'a',
  });
  await evict();
  await expect(client.get(Pod, key)).rejects.toMatchObject({ code: 404 });
});

test('a pod that is evicted says so, from before it goes, and a dry run says nothing', async () => {
  const { client } = started;
  await run(true);
  const body = (more: object) => ({
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: key,
    deleteOptions: { gracePeriodSeconds: 30, ...more },
  });
  const conditions = async () => (await client.get(Pod, key)).status?.conditions;
  await client.createSubresource(Pod, key, 'eviction', body({ dryRun: ['All'] }));
  expect(await conditions()).toMatchObject([{ type: 'Ready' }]);
  const { uid, resourceVersion } = (await client.get(Pod, key)).metadata;
  const stale = client.createSubresource(Pod, key, 'eviction', body({ preconditions: { uid: 'of another' } }));
  await expect(stale).rejects.toMatchObject({ code: 409 });
  expect(await conditions()).toMatchObject([{ type: 'Ready' }]);
  await client.createSubresource(Pod, key, 'eviction', body({ preconditions: { uid, resourceVersion } }));
  expect(await conditions()).toMatchObject([
    { type: 'Ready' },
    { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' },
  ]);
  expect((await client.get(Pod, key)).metadata.deletionTimestamp).toBeDefined();
});

test('a binding for another pod of the same name, or one that is gated or leaving, is a conflict', async () => {
  const { client } = started;
  const bind = (uid?: string) =>
    client.createSubresource(Pod, key, 'binding', { metadata: { name: 'web', ...(uid && { uid }) }, target: { name: 'n1' } });
  await expect(bind('of another')).rejects.toMatchObject({ code: 409 });
  const gated = pod('gated');
  await client.create(Pod, { ...gated, spec: { ...gated.spec, schedulingGates: [{ name: 'example.com/wait' }] } });
  const body = (name: string) => ({ metadata: { name }, target: { name: 'n1' } });
  await expect(client.createSubresource(Pod, { ...key, name: 'gated' }, 'binding', body('gated'))).rejects.toThrow(
    'pod gated has non-empty .spec.schedulingGates',
  );
  const held = pod('held', { finalizers: ['example.com/hold'] });
  await client.create(Pod, held);
  await client.delete(Pod, { ...key, name: 'held' });
  await expect(client.createSubresource(Pod, { ...key, name: 'held' }, 'binding', body('held'))).rejects.toThrow(
    'pod held is being deleted, cannot be assigned to a host',
  );
  const { metadata } = await client.get(Pod, key);
  await bind(metadata.uid);
  expect((await client.get(Pod, key)).spec.nodeName).toBe('n1');
});
