import { Pod, PodDisruptionBudget, ReplicaSet } from '@berth/api';
import { expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';

const labels = { app: 'web' };
const selector = { matchLabels: labels };
const meta = (name: string) => ({ name, namespace: 'default' });
const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'main', image: 'web' }] } };
const replicaSet: ReplicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: meta('web'),
  spec: { replicas: 3, selector, template },
};

function budget(spec: PodDisruptionBudget['spec']): PodDisruptionBudget {
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: meta('web'), spec: { selector, ...spec } };
}

test('a budget lets go of as many pods as it may, once each, and of more when others are ready', async () => {
  const { client, eventually, markReady, stop } = await startTestCluster();
  const evict = ({ metadata }: Pod) =>
    client.createSubresource(Pod, metadata, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: meta(metadata.name) });
  const pods = async () => (await client.list(Pod, { namespace: 'default' })).items;
  const allowed = async (count: number) => {
    const { status } = await client.get(PodDisruptionBudget, meta('web'));
    return status?.disruptionsAllowed === count && status;
  };
  try {
    await client.create(ReplicaSet, replicaSet);
    await client.create(PodDisruptionBudget, budget({ maxUnavailable: '30%' }));
    const first = await eventually(async () => (await pods()).length === 3 && (await pods()));
    for (const pod of first) await markReady(pod);
    const status = await eventually(() => allowed(1));
    expect(status).toMatchObject({ currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, observedGeneration: 1 });
    expect(status).toMatchObject({ conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' }] });

    const results = await Promise.allSettled(first.map(evict));
    const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({
      code: 429,
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      status: { reason: 'TooManyRequests', details: { causes: [{ reason: 'DisruptionBudget' }] } },
    });
    const next = await eventually(async () => {
      const found = (await pods()).filter((pod) => !first.some(({ metadata }) => metadata.uid === pod.metadata.uid));
      return found.length === 1 && found[0];
    });
    await eventually(() => allowed(0));
    if (next) await markReady(next);
    await eventually(() => allowed(1));
    if (next) await expect(evict(next)).resolves.toMatchObject({ status: 'Success' });
  } finally {
    await stop();
  }
});

test('pods that are not ready do not need the budget while enough others are', async () => {
  const { client, eventually, markReady, stop } = await startTestCluster();
  try {
    await client.create(ReplicaSet, replicaSet);
    await client.create(PodDisruptionBudget, budget({ minAvailable: 2 }));
    const pods = await eventually(async () => {
      const { items } = await client.list(Pod, { namespace: 'default' });
      return items.length === 3 && items;
    });
    const [one, two, ill] = pods;
    if (!one || !two || !ill) throw new Error('three pods are there');
    const running = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] } };
    await client.patch(Pod, ill.metadata, 'merge', running, { subresource: 'status' });
    for (const pod of [one, two]) await markReady(pod);
    await eventually(async () => (await client.get(PodDisruptionBudget, meta('web'))).status?.currentHealthy === 2);
    const eviction = (name: string) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: meta(name) });
    await expect(client.createSubresource(Pod, one.metadata, 'eviction', eviction(one.metadata.name))).rejects.toMatchObject({ code: 429 });
    await client.createSubresource(Pod, ill.metadata, 'eviction', eviction(ill.metadata.name));
    expect((await client.get(PodDisruptionBudget, meta('web'))).status?.disruptedPods ?? {}).toEqual({});
  } finally {
    await stop();
  }
});
