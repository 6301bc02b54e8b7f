import { type CronJob, CronJob as CronJobKind, Job, parseCron } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { controllerReference } from '../ownership.ts';
import { startTestCluster } from '../testing.ts';
import { dueTime } from './due.ts';
import { planCronJob } from './plan.ts';

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
const told = (actions: Action[]) =>
  actions.map((action) => (action.type === 'event' ? action.event.reason : action.type === 'delete' ? action.key.name : action.type));

test('a job is made once for the minute that is due, and its time is noted', () => {
  const owner = cronJob('*/5 * * * *');
  expect(told(planCronJob({ cronJob: owner, jobs: [] }, at('04')))).toEqual(['requeue']);
  const actions = planCronJob({ cronJob: owner, jobs: [] }, at('05'));
  expect(told(actions)).toEqual(['create', 'updateStatus', 'requeue']);
  expect(actions[0]).toMatchObject({ object: { metadata: { name: job(owner, '05').metadata.name } } });
  expect(actions[1]).toMatchObject({ object: { status: { lastScheduleTime: '2026-01-01T00:05:00Z' } } });
  // The status was not written, but the job is there.
  const again = planCronJob({ cronJob: owner, jobs: [job(owner, '05')] }, at('06'));
  expect(told(again)).toEqual(['updateStatus', 'requeue']);
  expect(again[0]).toMatchObject({ object: { status: { active: [{ uid: '05' }] } } });
});

test('a job under way forbids the next or is replaced by it, as the policy says', () => {
  const last = { lastScheduleTime: '2026-01-01T00:05:00Z', active: [{ kind: 'Job', name: 'tick-29453765', uid: '05' }] };
  const forbid = cronJob('*/5 * * * *', { concurrencyPolicy: 'Forbid' }, last);
  expect(told(planCronJob({ cronJob: forbid, jobs: [job(forbid, '05')] }, at('10')))).toEqual(['JobAlreadyActive', 'requeue']);
  const replace = cronJob('*/5 * * * *', { concurrencyPolicy: 'Replace' }, last);
  const actions = told(planCronJob({ cronJob: replace, jobs: [job(replace, '05')] }, at('10')));
  expect(actions).toEqual([job(replace, '05').metadata.name, 'create', 'updateStatus', 'requeue']);
});

test('ended jobs leave the list, and the oldest beyond the limit are deleted', () => {
  const last = { lastScheduleTime: '2026-01-01T00:10:00Z', active: [{ kind: 'Job', name: 'b', uid: '10' }] };
  const owner = cronJob('*/5 * * * *', {}, last);
  const actions = planCronJob({ cronJob: owner, jobs: [job(owner, '05', 'Complete'), job(owner, '10', 'Complete')] }, at('11'));
  expect(told(actions)).toEqual(['updateStatus', 'SawCompletedJob', job(owner, '05').metadata.name, 'requeue']);
  expect(actions[0]).toMatchObject({ object: { status: { lastSuccessfulTime: '2026-01-01T00:10:00Z' } } });
  const suspended = cronJob('*/5 * * * *', { suspend: true }, { lastScheduleTime: '2026-01-01T00:05:00Z' });
  expect(planCronJob({ cronJob: suspended, jobs: [] }, at('20'))).toEqual([]);
});

test('of what was missed only the latest counts, and only within the deadline', () => {
  const now = Date.parse('2026-03-01T12:00:05Z');
  const due = (text: string, spec: Partial<CronJob['spec']> = {}) => {
    const found = dueTime(cronJob(text, spec), parseCron(text), now);
    return found && [new Date(found.atMs).toISOString(), found.isTooMany];
  };
  expect(due('* * * * *')).toEqual(['2026-03-01T12:00:00.000Z', true]);
  expect(due('0 3 * * *')).toEqual(['2026-03-01T03:00:00.000Z', false]);
  expect(due('0 0 1 2 *')).toEqual(['2026-02-01T00:00:00.000Z', false]);
  expect(due('0 3 * * *', { startingDeadlineSeconds: 60 })).toBeUndefined();
  expect(due('@every 1h')).toEqual(['2026-03-01T12:00:30.000Z'.replace('12:00', '11:00'), true]);
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
