// What a stateful set does from each state: pure, so that every case of order, health and revision is a line.
import type { ControllerRevision, Pod, StatefulSet } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { planStatefulSet } from './plan.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const labels = { app: 'db' };
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'main', image }] } });

function set(spec: Partial<StatefulSet['spec']> = {}, status: Partial<StatefulSet['status']> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default', uid: 'db' },
    spec: {
      serviceName: 'db',
      replicas: 3,
      selector: { matchLabels: labels },
      template: template('db:2'),
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      ...spec,
    },
    status: { currentRevision: 'db-new', ...status } as StatefulSet['status'],
  };
}

function revision(name: string, image: string, number: number): ControllerRevision {
  const data = { spec: { template: { ...template(image), $patch: 'replace' } } };
  const metadata = { name, namespace: 'default', uid: name };
  return { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, revision: number, data: data as never };
}
const revisions = [revision('db-old', 'db:1', 1), revision('db-new', 'db:2', 2)];

type State = 'ready' | 'unready' | 'fresh' | 'leaving' | 'failed' | 'succeeded';

/** Fresh ones are ready since a second. */
function pod(ordinal: number, state: State = 'ready', of: 'old' | 'new' = 'new'): Pod {
  const name = `db-${ordinal}`;
  const isReady = state === 'ready' || state === 'fresh' || state === 'leaving';
  const lastTransitionTime = new Date(now - (state === 'fresh' ? 1_000 : 600_000)).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      labels: {
        ...labels,
        'controller-revision-hash': `db-${of}`,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
      },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'db', controller: true }],
      ...(state === 'leaving' && { deletionTimestamp: '2026-01-01T00:59:59Z' }),
    },
    spec: { containers: [] },
    status: {
      phase: state === 'failed' ? 'Failed' : state === 'succeeded' ? 'Succeeded' : 'Running',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime }],
    },
  };
}

/** `+db-1@db-new` and `-db-2`, in their order. */
function steps(of: StatefulSet, pods: Pod[]): string[] {
  return plan(of, pods).flatMap((action) => {
    if (action.type === 'create') return [`+${action.object.metadata.name}@${action.object.metadata.labels?.['controller-revision-hash']}`];
    return action.type === 'delete' ? [`-${action.key.name}`] : [];
  });
}

function plan(of: StatefulSet, pods: Pod[]): Action[] {
  return planStatefulSet({ set: of, pods, revisions, claim: () => undefined }, now);
}

const parallel = { podManagementPolicy: 'Parallel' } as const;

test('pods start one by one, each once all before it are available', () => {
  expect(steps(set(), [])).toEqual(['+db-0@db-new']);
  expect(steps(set(), [pod(0, 'unready')])).toEqual([]);
  expect(steps(set(), [pod(0)])).toEqual(['+db-1@db-new']);
  expect(steps(set(), [pod(0), pod(1, 'leaving')])).toEqual([]);
  expect(steps(set(), [pod(0, 'unready'), pod(2)])).toEqual([]);
  expect(steps(set({ minReadySeconds: 10 }), [pod(0, 'fresh')])).toEqual([]);
  expect(plan(set({ minReadySeconds: 10 }), [pod(0, 'fresh')]).at(-1)).toEqual({ type: 'requeue', afterMs: 9_000 });
  expect(steps(set({ ordinals: { start: 5 } }), [])).toEqual(['+db-5@db-new']);
  expect(steps(set(parallel), [pod(1, 'unready')])).toEqual(['+db-0@db-new', '+db-2@db-new']);
});

test('what has ended is deleted first and made again once it is gone', () => {
  for (const state of ['failed', 'succeeded'] as const) {
    expect(steps(set(), [pod(0), pod(1, state), pod(2)])).toEqual(['-db-1']);
    expect(steps(set(parallel), [pod(0, 'unready'), pod(1, state), pod(2)])).toEqual(['-db-1']);
  }
});

test('pods are taken away one by one, highest first, only while all others are available', () => {
  const one = set({ replicas: 1 });
  expect(steps(one, [pod(0), pod(1), pod(2)])).toEqual(['-db-2']);
  expect(steps(one, [pod(0), pod(1), pod(2, 'leaving')])).toEqual([]);
  // One that stays is ill: nothing goes.
  expect(steps(one, [pod(0, 'unready'), pod(1), pod(2)])).toEqual([]);
  // A lower one that has to go as well is ill: the ill one above waits, a well one goes.
  expect(steps(one, [pod(0), pod(1, 'unready'), pod(2, 'unready')])).toEqual([]);
  expect(steps(one, [pod(0), pod(1, 'unready'), pod(2)])).toEqual(['-db-2']);
  // The only ill one goes.
  expect(steps(one, [pod(0), pod(1), pod(2, 'unready')])).toEqual(['-db-2']);
  const none = set({ replicas: 0 });
  expect(steps(none, [pod(0, 'unready'), pod(1, 'unready'), pod(2, 'unready')])).toEqual([]);
  expect(steps(none, [pod(0, 'unready')])).toEqual(['-db-0']);
  expect(steps(set({ replicas: 1, minReadySeconds: 10 }), [pod(0), pod(1, 'fresh'), pod(2, 'fresh')])).toEqual([]);
  expect(steps(set({ replicas: 0, ...parallel }), [pod(0, 'unready'), pod(1, 'leaving'), pod(2, 'unready')])).toEqual(['-db-2', '-db-0']);
  expect(steps(set({ replicas: 2, ordinals: { start: 1 } }), [pod(0), pod(1), pod(2)])).toEqual(['-db-0']);
});

test('an update replaces the highest old pod, and waits only for those above it', () => {
  const old = { currentRevision: 'db-old' };
  const all = (a: State, b: State, c: State) => [pod(0, a, 'old'), pod(1, b, 'old'), pod(2, c, 'old')];
  expect(steps(set({}, old), all('ready', 'ready', 'ready'))).toEqual(['-db-2']);
  expect(steps(set({}, old), [pod(0, 'ready', 'old'), pod(1, 'ready', 'old'), pod(2)])).toEqual(['-db-1']);
  expect(steps(set(parallel, old), [pod(0, 'ready', 'old'), pod(1, 'ready', 'old'), pod(2, 'unready')])).toEqual([]);
  expect(steps(set(parallel, old), all('unready', 'ready', 'ready'))).toEqual(['-db-2']);
  expect(steps(set(parallel, old), all('unready', 'unready', 'unready'))).toEqual(['-db-2']);
  expect(steps(set(parallel, old), all('ready', 'ready', 'leaving'))).toEqual([]);
  expect(steps(set({ updateStrategy: { type: 'OnDelete' } }, old), all('ready', 'ready', 'ready'))).toEqual([]);
});

test('a partition holds the lower ones back, and what they are made of again', () => {
  const partitioned = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }, { currentRevision: 'db-old' });
  expect(steps(partitioned, [pod(0, 'ready', 'old'), pod(1, 'ready', 'old'), pod(2, 'ready', 'old')])).toEqual(['-db-2']);
  expect(steps(partitioned, [pod(0, 'ready', 'old'), pod(1, 'ready', 'old'), pod(2)])).toEqual([]);
  expect(steps(partitioned, [])).toEqual(['+db-0@db-old']);
  expect(steps(partitioned, [pod(0, 'ready', 'old'), pod(1, 'ready', 'old')])).toEqual(['+db-2@db-new']);
});

test('several may be unavailable at a time', () => {
  const updateStrategy = (maxUnavailable: number | string) => ({ type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable } });
  const old = (maxUnavailable: number | string) => set({ updateStrategy: updateStrategy(maxUnavailable) }, { currentRevision: 'db-old' });
  const pods = [pod(0, 'ready', 'old'), pod(1, 'ready', 'old'), pod(2, 'ready', 'old')];
  expect(steps(old(2), pods)).toEqual(['-db-2', '-db-1']);
  expect(steps(old('67%'), pods)).toEqual(['-db-2', '-db-1']);
  expect(steps(old('10%'), pods)).toEqual(['-db-2']);
  expect(steps(old(0), pods)).toEqual(['-db-2']);
});

test('the status counts leaving pods as ready and of no revision, and ends an update only when all are new', () => {
  const status = (of: StatefulSet, pods: Pod[]) => plan(of, pods).flatMap((a) => (a.type === 'updateStatus' ? [a.object] : []))[0];
  const old = set({}, { currentRevision: 'db-old' });
  expect(status(old, [pod(0), pod(1), pod(2, 'leaving')])).toMatchObject({
    status: {
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      updatedReplicas: 2,
      currentRevision: 'db-old',
      updateRevision: 'db-new',
    },
  });
  expect(status(old, [pod(0), pod(1), pod(2)])).toMatchObject({ status: { currentReplicas: 3, currentRevision: 'db-new' } });
  expect(status(old, [pod(0), pod(1), pod(2, 'unready')])).toMatchObject({ status: { currentRevision: 'db-old', updatedReplicas: 3 } });
});

test('a pod that was adopted without its labels gets them', () => {
  const adopted = pod(0);
  const bare: Pod = { ...adopted, metadata: { ...adopted.metadata, labels: { ...labels, 'controller-revision-hash': 'db-new' } } };
  expect(plan(set({ replicas: 1 }), [bare])).toContainEqual(
    expect.objectContaining({
      type: 'patch',
      patch: { metadata: { uid: 'db-0', labels: { 'statefulset.kubernetes.io/pod-name': 'db-0', 'apps.kubernetes.io/pod-index': '0' } } },
    }),
  );
});
