import { Job, Pod } from '@berth/api';
import { timestamp } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { controllerReference } from '../ownership.ts';
import { startTestCluster } from '../testing.ts';
import { type BackOff, indexWaitMs, noBackOff, noteEnds, waitMs } from './back-off.ts';
import { endedAt } from './job-pods.ts';
import { planJob } from './plan.ts';
import { tally } from './tracking.ts';

const start = Date.parse('2026-01-01T12:00:00Z');
const at = (second: number) => new Date(start + second * 1000).toISOString();
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'work' }] } };

function job(spec: Partial<Job['spec']> = {}, status: Job['status'] = { startTime: at(0) }): Job {
  const metadata = { name: 'sum', namespace: 'default', uid: 'j1' };
  const selector = { matchLabels: { job: 'sum' } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template, selector, completions: 1, parallelism: 1, ...spec }, status };
}

function pod(name: string, phase: string, second: number, annotations: Record<string, string> = {}): Pod {
  const state = { terminated: { exitCode: phase === 'Failed' ? 1 : 0, finishedAt: at(second) } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ name, namespace: 'default', uid: name, annotations, labels: { job: 'sum' } },
      finalizers: ['batch.kubernetes.io/job-tracking'],
      ownerReferences: [controllerReference(job())],
    },
    spec: template.spec,
    status: { phase, containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state }] },
  };
}

const seconds = (backOff: BackOff, second: number) => waitMs(backOff, start + second * 1000) / 1000;

test('each failure doubles the wait, however often it is seen and whether or not its pod is still there', () => {
  const first = noteEnds(noBackOff, job(), [pod('a', 'Failed', 0)]);
  expect([seconds(first, 1), seconds(first, 11)]).toEqual([9, 0]);
  const again = noteEnds(noteEnds(first, job(), [pod('a', 'Failed', 0)]), job(), []);
  expect(again).toEqual({ ...first, noted: new Set() });
  const second = noteEnds(again, job(), [pod('b', 'Failed', 20)]);
  expect(seconds(second, 20)).toBe(20);
  expect(seconds({ ...second, failures: 40 }, 20)).toBe(600);
  // Another controller has counted this one.
  expect(noteEnds(noBackOff, job({}, { uncountedTerminatedPods: { failed: ['a'] } }), [pod('a', 'Failed', 0)]).failures).toBe(0);
});

test('a success ends the wait; only what failed after it counts', () => {
  const failed = noteEnds(noBackOff, job(), [pod('a', 'Failed', 0), pod('b', 'Failed', 5)]);
  expect(failed.failures).toBe(2);
  const news = [pod('c', 'Failed', 10), pod('d', 'Succeeded', 12), pod('e', 'Failed', 15)];
  expect(noteEnds(failed, job(), news)).toMatchObject({ failures: 1, lastFailureMs: start + 15_000 });
  expect(noteEnds(failed, job(), news.slice(1, 2))).toMatchObject({ failures: 0, lastFailureMs: 0 });
});

test('a pod ended with its last container, else when it was unready, else when it was deleted, else when it was made', () => {
  const { metadata, spec, status } = pod('a', 'Failed', 30);
  const running = { ...status?.containerStatuses?.[0], name: 'other', image: '', imageID: '', ready: false, restartCount: 0, state: {} };
  const half = { ...status, containerStatuses: [...(status?.containerStatuses ?? []), running] };
  const ready = { type: 'Ready', status: 'False', lastTransitionTime: at(20) };
  const ended = (changes: Partial<Pod>) => (endedAt({ ...pod('a', 'Failed', 30), ...changes }) - start) / 1000;
  expect(ended({})).toBe(30);
  expect(ended({ status: { ...half, conditions: [ready] } })).toBe(20);
  const deleted = { ...metadata, creationTimestamp: at(5), deletionTimestamp: at(40), deletionGracePeriodSeconds: 30 };
  expect(ended({ metadata: deleted, status: half })).toBe(10);
  expect(ended({ metadata: { ...metadata, creationTimestamp: at(5) }, status: half })).toBe(5);
  const sidecar = { name: 'side', image: 'side', restartPolicy: 'Always' };
  const later = { ...running, name: 'side', state: { terminated: { exitCode: 0, finishedAt: at(33) } } };
  expect(ended({ spec: { ...spec, initContainers: [sidecar] }, status: { ...status, initContainerStatuses: [later] } })).toBe(33);
});

const indexed = (failed: number, ignored = 0) => ({
  'batch.kubernetes.io/job-completion-index': '0',
  'batch.kubernetes.io/job-index-failure-count': String(failed),
  ...(ignored > 0 && { 'batch.kubernetes.io/job-index-ignored-failure-count': String(ignored) }),
});

test('an index waits for its own failures, also for those that the policy ignores, which never bring it to its end', () => {
  expect(indexWaitMs(undefined, start)).toBe(0);
  expect(indexWaitMs(pod('a', 'Failed', 0, indexed(1, 1)), start)).toBe(40_000);
  const rules = [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }];
  const perIndex = { completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 1 };
  const plan = (spec: Partial<Job['spec']>, pods: Pod[], second: number) => {
    const actions = planJob({ job: job({ ...perIndex, ...spec }), pods, backOff: noBackOff }, start + second * 1000);
    const created = actions.flatMap((action) => (action.type === 'slowStart' ? action.actions : []));
    return created.flatMap((action) => (action.type === 'create' ? [action.object.metadata.annotations] : []));
  };
  const failed = pod('a', 'Failed', 0, indexed(1));
  // The other index does not wait with it.
  expect(plan({}, [], 0)).toHaveLength(2);
  expect(plan({ podFailurePolicy: { rules } }, [failed], 1)).toEqual([{ ...indexed(0), 'batch.kubernetes.io/job-completion-index': '1' }]);
  expect(plan({ podFailurePolicy: { rules } }, [failed], 20)?.[0]).toEqual(indexed(1, 1));
  const failedIndexes = (spec: Partial<Job['spec']>) => [...tally(job({ ...perIndex, ...spec }), [failed], false).failedIndexes];
  expect([failedIndexes({}), failedIndexes({ podFailurePolicy: { rules } })]).toEqual([[0], []]);
});

test('in a cluster, deleting the pod that failed does not bring the next one any sooner', async () => {
  const clock = new SimulatedClock(start);
  const { client, eventually, stop } = await startTestCluster(clock);
  const pods = async () => (await client.list(Pod, { namespace: 'default' })).items;
  try {
    await client.create(Job, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sum', namespace: 'default' }, spec: { template } });
    const [failed] = await eventually(async () => (await pods()).length === 1 && pods());
    if (!failed) throw new Error('the job made no pod');
    const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: timestamp(clock) }];
    await client.patch(Pod, failed.metadata, 'merge', { status: { phase: 'Failed', conditions } }, { subresource: 'status' });
    const key = { name: 'sum', namespace: 'default' };
    await eventually(async () => (await client.get(Job, key)).status?.failed === 1);
    await client.delete(Pod, failed.metadata);
    await eventually(async () => (await pods()).length === 0);
    await clock.advance(9_000);
    expect(await pods()).toEqual([]);
    await clock.advance(1_500);
    await eventually(async () => (await pods()).length === 1);
  } finally {
    await stop();
  }
});

test('a job that ended at a time that nobody noted is not deleted, one whose time is over is', () => {
  const ended = (condition: object) =>
    job({ ttlSecondsAfterFinished: 0 }, { conditions: [{ type: 'Complete', status: 'True', ...condition }] });
  const plan = (of: Job) => planJob({ job: of, pods: [], backOff: noBackOff }, start).map(({ type }) => type);
  expect(plan(ended({}))).toEqual([]);
  expect(plan(ended({ lastTransitionTime: at(0) }))).toEqual(['delete']);
  expect(plan(ended({ lastTransitionTime: at(1) }))).toEqual(['requeue']);
});

test('a job keeps the time at which it started, and its deadline counts from it', () => {
  const of = job({ activeDeadlineSeconds: 60 }, { startTime: at(0), ready: 0 });
  const plan = (second: number) => planJob({ job: of, pods: [], backOff: noBackOff }, start + second * 1000);
  expect(plan(50).filter(({ type }) => type === 'requeue')).toEqual([{ type: 'requeue', afterMs: 10_000 }]);
  const written = plan(60).flatMap((action) => (action.type === 'updateStatus' ? [action.object as Job] : []));
  expect(written[0]?.status).toMatchObject({
    startTime: at(0),
    conditions: [{ reason: 'DeadlineExceeded' }, { reason: 'DeadlineExceeded' }],
  });
});

test('a pod that is written down as ended, and still has its finalizer, is not counted again', () => {
  const noted = job({ completions: 3 }, { startTime: at(0), uncountedTerminatedPods: { succeeded: ['a'], failed: ['b'] } });
  const counted = tally(noted, [pod('a', 'Succeeded', 1), pod('b', 'Failed', 1)], false);
  expect(counted).toMatchObject({ succeeded: 1, failed: 1, counts: { uncountedTerminatedPods: { succeeded: ['a'], failed: ['b'] } } });
  expect(counted.toUntrack.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
});
