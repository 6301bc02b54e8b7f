import { type CronJob, CronJob as CronJobKind, Job, parseCron } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { controllerReference } from '../ownership.ts';
import { startTestCluster } from '../testing.ts';
import { dueTime } from './due.ts';
import { type ObservedCronJob, planCronJob } from './plan.ts';

const created = '2026-01-01T00:00:30Z';
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'work' }] } };

function cronJob(schedule: string, spec: Partial<CronJob['spec']> = {}, status: CronJob['status'] = {}): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default', uid: 'c1', creationTimestamp: created },
    spec: { schedule, jobTemplate: { spec: { template } }, successfulJobsHistoryLimit: 1, ...spec },
    status,
  };
}

function job(owner: CronJob, minute: string, condition?: 'Complete'): Job {
  const at = `2026-01-01T00:${minute}:00Z`;
  const conditions = condition ? [{ type: condition, status: 'True' }] : [];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `tick-${Math.floor(Date.parse(at) / 60_000)}`,
      namespace: 'default',
      uid: minute,
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': at },
      ownerReferences: [controllerReference(owner)],
    },
    spec: { template },
    status: { startTime: at, conditions, ...(condition && { completionTime: at }) },
  };
}

const at = (minute: string) => Date.parse(`2026-01-01T00:${minute}:05Z`);
const plan = (observed: Omit<ObservedCronJob, 'timeZone'>, now: number, timeZone = 'UTC') => planCronJob({ ...observed, timeZone }, now);
const told = (actions: Action[]) =>
  actions.map((action) => (action.type === 'event' ? action.event.reason : action.type === 'delete' ? action.key.name : action.type));

test('a job is made once for the minute that is due, and its time is noted', () => {
  const owner = cronJob('*/5 * * * *');
  expect(told(plan({ cronJob: owner, jobs: [] }, at('04')))).toEqual(['requeue']);
  const actions = plan({ cronJob: owner, jobs: [] }, at('05'));
  expect(told(actions)).toEqual(['create', 'updateStatus', 'requeue']);
  expect(actions[0]).toMatchObject({ object: { metadata: { name: job(owner, '05').metadata.name } } });
  expect(actions[1]).toMatchObject({ object: { status: { lastScheduleTime: '2026-01-01T00:05:00Z' } } });
  // The status was not written, but the job is there.
  const again = plan({ cronJob: owner, jobs: [job(owner, '05')] }, at('06'));
  expect(told(again)).toEqual(['updateStatus', 'requeue']);
  expect(again[0]).toMatchObject({ object: { status: { active: [{ uid: '05' }] } } });
});

test('a job under way forbids the next or is replaced by it, as the policy says', () => {
  const last = { lastScheduleTime: '2026-01-01T00:05:00Z', active: [{ kind: 'Job', name: 'tick-29453765', uid: '05' }] };
  const forbid = cronJob('*/5 * * * *', { concurrencyPolicy: 'Forbid' }, last);
  expect(told(plan({ cronJob: forbid, jobs: [job(forbid, '05')] }, at('10')))).toEqual(['JobAlreadyActive', 'requeue']);
  const replace = cronJob('*/5 * * * *', { concurrencyPolicy: 'Replace' }, last);
  const actions = told(plan({ cronJob: replace, jobs: [job(replace, '05')] }, at('10')));
  expect(actions).toEqual([job(replace, '05').metadata.name, 'create', 'updateStatus', 'requeue']);
});

test('ended jobs leave the list, and the oldest beyond the limit are deleted', () => {
  const last = { lastScheduleTime: '2026-01-01T00:10:00Z', active: [{ kind: 'Job', name: 'b', uid: '10' }] };
  const owner = cronJob('*/5 * * * *', {}, last);
  const actions = plan({ cronJob: owner, jobs: [job(owner, '05', 'Complete'), job(owner, '10', 'Complete')] }, at('11'));
  expect(told(actions)).toEqual(['updateStatus', 'SawCompletedJob', job(owner, '05').metadata.name, 'requeue']);
  expect(actions[0]).toMatchObject({ object: { status: { lastSuccessfulTime: '2026-01-01T00:10:00Z' } } });
  const suspended = cronJob('*/5 * * * *', { suspend: true }, { lastScheduleTime: '2026-01-01T00:05:00Z' });
  expect(plan({ cronJob: suspended, jobs: [] }, at('20'))).toEqual([]);
});

test('of what was missed only the latest counts, and only within the deadline', () => {
  const now = Date.parse('2026-03-01T12:00:05Z');
  const due = (text: string, spec: Partial<CronJob['spec']> = {}) => {
    const found = dueTime(cronJob(text, spec), parseCron(text), 'UTC', now);
    return found && [new Date(found.atMs).toISOString(), found.isTooMany];
  };
  expect(due('* * * * *')).toEqual(['2026-03-01T12:00:00.000Z', true]);
  expect(due('0 3 * * *')).toEqual(['2026-03-01T03:00:00.000Z', false]);
  expect(due('0 0 1 2 *')).toEqual(['2026-02-01T00:00:00.000Z', false]);
  expect(due('0 3 * * *', { startingDeadlineSeconds: 60 })).toBeUndefined();
  expect(due('@every 1h')).toEqual(['2026-03-01T12:00:30.000Z'.replace('12:00', '11:00'), true]);
});

test('a schedule without a time zone follows that of the control plane, also when that changes its clock', () => {
  const noon = cronJob('0 12 * * *', {}, { lastScheduleTime: '2026-03-28T00:00:00Z' });
  const madeAt = (owner: CronJob, now: string, timeZone: string) => {
    const created = plan({ cronJob: owner, jobs: [] }, Date.parse(now), timeZone).find(({ type }) => type === 'create');
    return created?.type === 'create'
      ? created.object.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp']
      : undefined;
  };
  expect(madeAt(noon, '2026-03-28T11:30:00Z', 'UTC')).toBeUndefined();
  expect(madeAt(noon, '2026-03-28T11:30:00Z', 'Europe/Berlin')).toBe('2026-03-28T11:00:00Z');
  expect(madeAt(noon, '2026-03-29T10:30:00Z', 'Europe/Berlin')).toBe('2026-03-29T10:00:00Z');
  const own = cronJob('0 12 * * *', { timeZone: 'Asia/Tokyo' }, noon.status);
  expect(madeAt(own, '2026-03-28T11:30:00Z', 'Europe/Berlin')).toBe('2026-03-28T03:00:00Z');
  const waits = plan({ cronJob: noon, jobs: [] }, Date.parse('2026-03-28T10:00:00Z'), 'Europe/Berlin').find(
    ({ type }) => type === 'requeue',
  );
  expect(waits).toEqual({ type: 'requeue', afterMs: 3_600_000 });
});

test('in a cluster, a cron job makes its jobs', async () => {
  const { client, eventually, stop } = await startTestCluster();
  try {
    const { metadata, status: _status, ...rest } = cronJob('@every 1s', { concurrencyPolicy: 'Forbid' });
    await client.create(CronJobKind, { ...rest, metadata: { name: metadata.name, namespace: 'default' } });
    const found = await eventually(async () => {
      const { items } = await client.list(Job, { namespace: 'default' });
      return items.length === 1 && items[0];
    });
    expect(found?.metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name: 'tick', controller: true }]);
    await eventually(async () => (await client.get(CronJobKind, { namespace: 'default', name: 'tick' })).status?.active?.length === 1);
  } finally {
    await stop();
  }
});
