import { type Pod, Pod as PodKind, ReplicaSet, ReplicationController } from '@berth/api';
import { erased } from '@berth/controller';
import { expect, test } from 'vitest';
import { controllerReference } from '../ownership.ts';
import { inRemovalOrder } from '../pod-removal-order.ts';
import { startTestCluster } from '../testing.ts';
import { type ObservedReplicated, planReplicas } from './plan.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

function replicaSet(replicas: number, spec: Partial<ReplicaSet['spec']> = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'default', uid: 'rs-1', generation: 1 },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
      ...spec,
    },
  };
}

function observed(owner: ReplicaSet, pods: Pod[], related: Pod[] = []): ObservedReplicated {
  return { owner, kind: erased(ReplicaSet), selector: owner.spec.selector, countsTerminating: true, pods, related };
}

function pod(name: string, parts: { owner?: ReplicaSet; labels?: Record<string, string>; nodeName?: string; readyAt?: string } = {}): Pod {
  const { owner, labels = { app: 'web' }, nodeName, readyAt } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, labels, ...(owner && { ownerReferences: [controllerReference(owner)] }) },
    spec: { containers: [], ...(nodeName && { nodeName }) },
    status:
      readyAt !== undefined
        ? { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: readyAt }] }
        : { phase: 'Pending' },
  };
}

test('missing pods are created together, with the replica set as their controller', () => {
  const actions = planReplicas(observed(replicaSet(3), []), now);
  const slowStart = actions.find((action) => action.type === 'slowStart');
  expect(slowStart?.actions).toHaveLength(3);
  expect(slowStart?.actions[0]).toMatchObject({
    type: 'create',
    object: { metadata: { generateName: 'web-', ownerReferences: [{ kind: 'ReplicaSet', name: 'web', controller: true }] } },
  });
});

test('orphans that match are taken in, own pods that do not match are let go, before anything else', () => {
  const owner = replicaSet(1);
  const pods = [pod('lost'), pod('strange', { owner, labels: { app: 'other' } })];
  const actions = planReplicas(observed(owner, pods), now);
  expect(actions.filter((action) => action.type === 'patch').map(({ key }) => key.name)).toEqual(['lost', 'strange']);
  expect(actions.some((action) => action.type === 'slowStart')).toBe(false);
});

test('availability waits for minReadySeconds', () => {
  const owner = replicaSet(2, { minReadySeconds: 60, selector: { matchLabels: { app: 'web' } } });
  const pods = [pod('a', { owner, readyAt: '2026-01-01T00:59:30Z' }), pod('b', { owner, readyAt: '2026-01-01T00:10:00Z' })];
  const actions = planReplicas(observed(owner, pods, pods), now);
  expect(actions).toContainEqual({ type: 'requeue', afterMs: 30_000 });
  expect(actions.find((action) => action.type === 'updateStatus')?.object).toMatchObject({
    status: { replicas: 2, readyReplicas: 2, availableReplicas: 1 },
  });
});

test('pods without a node go first, then unready, cheap, crowded and young ones', () => {
  const old = '2026-01-01T00:00:00Z';
  const cheap = pod('z-cheap', { nodeName: 'n1', readyAt: old });
  cheap.metadata.annotations = { 'controller.kubernetes.io/pod-deletion-cost': '-5' };
  const pods = [
    pod('lonely', { nodeName: 'n2', readyAt: old }),
    pod('young', { nodeName: 'n3', readyAt: '2026-01-01T00:59:59Z' }),
    pod('crowded', { nodeName: 'n1', readyAt: old }),
    pod('unready', { nodeName: 'n1' }),
    cheap,
    pod('unassigned'),
  ];
  const names = inRemovalOrder(pods, pods, now).map(({ metadata }) => metadata.name);
  expect(names).toEqual(['unassigned', 'unready', 'z-cheap', 'crowded', 'young', 'lonely']);
});

test('a replica set in a cluster gets its pods, and gives up what it does not want any more', async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  try {
    const { uid: _uid, generation: _generation, ...metadata } = replicaSet(0).metadata;
    await client.create(ReplicaSet, { ...replicaSet(5), metadata });
    const pods = async () => (await client.list(PodKind, { namespace: 'default' })).items;
    const counts = async (count: number) => {
      const { status } = await client.get(ReplicaSet, metadata);
      return (await pods()).length === count && status?.replicas === count;
    };
    await eventually(() => counts(5));
    await client.patch(ReplicaSet, metadata, 'merge', { spec: { replicas: 2 } });
    await eventually(() => counts(2));
  } finally {
    await cluster.stop();
  }
});

test('a replication controller in a cluster takes in what its labels select, makes the rest, and can be scaled', async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  const metadata = { name: 'old', namespace: 'default' };
  try {
    const template = { metadata: { labels: { app: 'old' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } };
    const orphan: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'orphan', namespace: 'default', labels: { app: 'old' } },
      spec: template.spec,
    };
    await client.create(PodKind, orphan);
    await client.create(ReplicationController, {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata,
      spec: { replicas: 3, template },
    });
    const owned = async (count: number) => {
      const { items } = await client.list(PodKind, { namespace: 'default', labelSelector: 'app=old' });
      const { status } = await client.get(ReplicationController, metadata);
      const owners = items.map((item) => item.metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`).join());
      return owners.length === count && owners.every((owner) => owner === 'ReplicationController/old') && status?.replicas === count;
    };
    await eventually(() => owned(3));
    expect((await client.get(PodKind, { namespace: 'default', name: 'orphan' })).metadata.ownerReferences).toHaveLength(1);
    await client.patch(ReplicationController, metadata, 'merge', { spec: { replicas: 1 } }, { subresource: 'scale' });
    await eventually(() => owned(1));
    expect((await client.get(ReplicationController, metadata)).status).not.toHaveProperty('terminatingReplicas');
  } finally {
    await cluster.stop();
  }
});

test('a pod that is ready nobody knows since when has not been ready for long enough', () => {
  const available = (minReadySeconds: number) => {
    const owner = replicaSet(1, { minReadySeconds });
    const actions = planReplicas(observed(owner, [pod('odd', { owner, readyAt: '' })]), now);
    const written = actions.flatMap((action) => (action.type === 'updateStatus' ? [action.object as ReplicaSet] : []));
    return written[0]?.status?.availableReplicas ?? 0;
  };
  expect([available(0), available(10)]).toEqual([1, 0]);
});

test('one plan makes or deletes five hundred pods at most', () => {
  const burst = (of: ReplicaSet, pods: Pod[]) =>
    planReplicas(observed(of, pods, pods), now).flatMap((action) => (action.type === 'slowStart' ? [action.actions.length] : []));
  expect(burst(replicaSet(700), [])).toEqual([500]);
  const owner = replicaSet(0);
  expect(
    burst(
      owner,
      Array.from({ length: 700 }, (_, index) => pod(`p${index}`, { owner })),
    ),
  ).toEqual([500]);
});

test('a failure stays in the status while something is missing, and goes when nothing is', () => {
  const failed = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'no room' };
  const conditions = (present: number) => {
    const owner: ReplicaSet = { ...replicaSet(1), status: { replicas: 5, conditions: [failed] } };
    const pods = Array.from({ length: present }, (_, index) => pod(`p${index}`, { owner }));
    const actions = planReplicas(observed(owner, pods, pods), now);
    return actions.flatMap((action) => (action.type === 'updateStatus' ? [(action.object as ReplicaSet).status?.conditions ?? []] : []));
  };
  expect(conditions(0)).toEqual([[failed]]);
  expect(conditions(1)).toEqual([[]]);
});
