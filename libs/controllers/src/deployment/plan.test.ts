import type { Deployment, ReplicaSet } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { planDeployment } from './plan.ts';
import { newReplicaSet, newReplicaSetName } from './replica-sets.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString();

function deployment(spec: Partial<Deployment['spec']> = {}, status: Deployment['status'] = {}): Deployment {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:2' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'd-1', generation: 1 },
    spec: { replicas: 10, selector: { matchLabels: { app: 'web' } }, template, progressDeadlineSeconds: 600, ...spec },
    status,
  };
}

function withImage(of: Deployment, image: string): Deployment {
  const template = { ...of.spec.template, spec: { containers: [{ name: 'main', image }] } };
  return { ...of, spec: { ...of.spec, template } };
}

/** As it would be after the deployment made it and its pods came up. */
function replicaSet(of: Deployment, revision: number | bigint, replicas: number, available = replicas): ReplicaSet {
  const made = newReplicaSet(of, BigInt(revision), replicas);
  const name = newReplicaSetName(of);
  const metadata = {
    ...made.metadata,
    name,
    uid: name,
    creationTimestamp: at(1000 - (Number(revision) % 1000)),
    resourceVersion: '1',
    generation: 1,
  };
  return { ...made, metadata, status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 } };
}

function plan(of: Deployment, replicaSets: ReplicaSet[], taken: string[] = []): Action[] {
  return planDeployment({ deployment: of, replicaSets, podsOf: () => [], isTaken: (name) => taken.includes(name) }, now);
}

const sizes = (actions: Action[]) =>
  Object.fromEntries(
    actions.flatMap((action) => {
      const { spec } = (action.type === 'patch' ? action.patch : {}) as { spec?: { replicas?: number } };
      return action.type === 'patch' && spec?.replicas !== undefined ? [[action.key.name, spec.replicas]] : [];
    }),
  );

function progress(actions: Action[]) {
  const written = actions.find((action) => action.type === 'updateStatus')?.object as Deployment | undefined;
  return written?.status?.conditions?.find(({ type }) => type === 'Progressing');
}

test('a rollout that is resized in the middle gives every replica set its share', () => {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
  const before = deployment({ strategy });
  const [old, newest] = [replicaSet(withImage(before, 'web:1'), 1, 8), replicaSet(before, 2, 5, 0)];
  const actions = plan({ ...before, spec: { ...before.spec, replicas: 15 } }, [old, newest]);
  expect(sizes(actions)).toEqual({ [old.metadata.name]: 11, [newest.metadata.name]: 7 });
});

test('old pods that do not work go before those that do', () => {
  const of = deployment({ replicas: 4, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } });
  const [broken, working] = [replicaSet(withImage(of, 'web:0'), 1, 1, 0), replicaSet(withImage(of, 'web:1'), 2, 3, 3)];
  const newest = replicaSet(of, 3, 1, 0);
  expect(sizes(plan(of, [broken, working, newest]))).toEqual({ [broken.metadata.name]: 0 });
});

test('a rollout without progress exceeds its deadline, in the words that kubectl knows', () => {
  const condition = {
    type: 'Progressing',
    status: 'True',
    reason: 'ReplicaSetUpdated',
    lastUpdateTime: at(601),
    lastTransitionTime: at(601),
  };
  const of = deployment({ replicas: 1 }, { replicas: 1, updatedReplicas: 1, conditions: [condition] });
  const newest = replicaSet(of, 1, 1, 0);
  expect(progress(plan(of, [newest]))).toMatchObject({
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: `ReplicaSet "${newest.metadata.name}" has timed out progressing.`,
  });
  const early = { ...of, status: { ...of.status, conditions: [{ ...condition, lastUpdateTime: at(590) }] } };
  expect(plan(early, [newest])).toContainEqual({ type: 'requeue', afterMs: 11_000 });
  // A condition that does not say when is older than any deadline, and asks for no look after a time that is no number.
  const { lastUpdateTime: _unknown, ...timeless } = condition;
  const odd = plan({ ...of, status: { ...of.status, conditions: [timeless] } }, [newest]);
  expect(progress(odd)).toMatchObject({ reason: 'ProgressDeadlineExceeded' });
  expect(odd.filter((action) => action.type === 'requeue' && Number.isNaN(action.afterMs))).toEqual([]);
});

test('a replica set of the same name but another template counts the collision up', () => {
  const of = deployment();
  const actions = plan(of, [], [newReplicaSetName(of)]);
  expect(actions.at(-1)).toMatchObject({ type: 'patch', subresource: 'status', patch: { status: { collisionCount: 1 } } });
  expect(newReplicaSetName({ ...of, status: { collisionCount: 1 } })).not.toBe(newReplicaSetName(of));
});

test('history is kept to its limit, oldest revisions first', () => {
  const of = deployment({ replicas: 1, revisionHistoryLimit: 1 });
  const old = [1, 2, 3].map((revision) => replicaSet(withImage(of, `web:old-${revision}`), revision, 0));
  const newest = replicaSet(of, 4, 1);
  const deleted = plan(of, [...old, newest]).flatMap((action) => (action.type === 'delete' ? [action.key.name] : []));
  expect(deleted).toEqual([old[0]?.metadata.name, old[1]?.metadata.name]);
});

test('a revision keeps its digits, and one that is no number of 64 bits counts for nothing', () => {
  const of = deployment();
  const old = replicaSet(withImage(of, 'web:1'), 3_546_343_826_724_305_832n, 1);
  const wild = replicaSet(withImage(of, 'web:0'), 1, 0);
  wild.metadata.annotations = { 'deployment.kubernetes.io/revision': '99999999999999999999' };
  expect(plan(of, [old, wild])).toContainEqual(
    expect.objectContaining({
      type: 'create',
      object: expect.objectContaining({
        metadata: expect.objectContaining({
          annotations: expect.objectContaining({ 'deployment.kubernetes.io/revision': '3546343826724305833' }),
        }),
      }),
    }),
  );
});

test('limits that round to nothing still let a rollout move', () => {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '1%' } };
  const of = deployment({ replicas: 10, strategy });
  const old = replicaSet(withImage(of, 'web:1'), 1, 10);
  const newest = replicaSet(of, 2, 0);
  expect(sizes(plan(of, [old, newest]))).toEqual({ [old.metadata.name]: 9 });
});
