// CronJobs that should have started: how long that is waited for, and what is said to hold them up.
import type { batchV1 } from '@berth/api';
import { expect, test } from 'vitest';
import { findCards, type Known, whyCronJob } from './index.ts';
import { ago, nothing } from './test-known.ts';

const cronJob = (spec: object, status: batchV1.CronJob['status'] = {}): batchV1.CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { namespace: 'shop', name: 'report', uid: 'report', creationTimestamp: ago(100 * 3_600) },
  spec: { schedule: '@every 1m', jobTemplate: {}, ...spec } as batchV1.CronJob['spec'],
  status,
});
const run = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: 'shop', name: 'report-1', uid: 'run', creationTimestamp: ago(900) },
};
const says = (one: batchV1.CronJob, more: Partial<Known> = {}) =>
  findCards({ ...nothing, cronJobs: [one], ...more }).map(({ cause }) => `${cause.reason} ${cause.says}`);

test.each<[string, object, batchV1.CronJob['status'], boolean]>([
  ['started a moment ago', {}, { lastScheduleTime: ago(90) }, false],
  ['is late', {}, { lastScheduleTime: ago(600) }, true],
  ['is suspended', { suspend: true }, { lastScheduleTime: ago(600) }, false],
  // The last start was at 02:00 in UTC, and now it is 03:00.
  ['runs every hour', { schedule: '0 * * * *' }, { lastScheduleTime: ago(3_600) }, false],
  ['runs every half hour', { schedule: '*/30 * * * *' }, { lastScheduleTime: ago(3_600) }, true],
  // 02:00 is none of its times in UTC, so that its zone is not known: a day has to go by.
  ['runs daily, in a zone that is not known', { schedule: '30 4 * * *' }, { lastScheduleTime: ago(25 * 3_600) }, false],
  ['has not run for two days in such a zone', { schedule: '30 4 * * *' }, { lastScheduleTime: ago(70 * 3_600) }, true],
  ['names its zone', { schedule: '0 11 * * *', timeZone: 'Asia/Tokyo' }, { lastScheduleTime: ago(25 * 3_600) }, true],
  ['never comes round', { schedule: '0 0 30 2 *' }, {}, false],
  ['has a schedule of before they were checked', { schedule: 'now and then' }, {}, false],
])('one that %s', (_, spec, status, isMissed) => {
  expect(says(cronJob(spec, status)).map((text) => text.split(' ')[0])).toEqual(isMissed ? ['MissedSchedule'] : []);
});

test('a run that does not end holds up a CronJob with Forbid, and only with that; the step ends it', () => {
  const status = { lastScheduleTime: ago(900), active: [{ uid: 'run', name: 'report-1' }] };
  const held = cronJob({ concurrencyPolicy: 'Forbid' }, status);
  const jobs = [run] as unknown as Known['jobs'];
  expect(says(held, { jobs })).toEqual([
    'RunStillActive it has missed 14 starts: job report-1 has been running for 15m, and concurrencyPolicy is Forbid',
  ]);
  // One start that it outlasts is what the policy is for.
  expect(says(cronJob({ concurrencyPolicy: 'Forbid', schedule: '@every 10m' }, status), { jobs })).toEqual([]);
  expect(whyCronJob(held, { ...nothing, cronJobs: [held], jobs })).toMatchObject({
    isWell: false,
    causes: [{ reason: 'RunStillActive' }],
    steps: [{}, { fix: { type: 'Delete', kind: 'Job', namespace: 'shop', name: 'report-1' } }],
  });
  expect(says(cronJob({ concurrencyPolicy: 'Allow' }, status), { jobs })[0]).toMatch(/^MissedSchedule/);
});

test('runs that are refused are told of by who refuses them', () => {
  const message =
    'Error creating job: jobs.batch "report-1" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0';
  const event = {
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'shop' }, type: 'Warning', lastTimestamp: ago(20) },
    ...{ involvedObject: { kind: 'CronJob', namespace: 'shop', name: 'report', uid: 'report' }, reason: 'FailedCreate', message },
  };
  const one = cronJob({}, { lastScheduleTime: ago(600) });
  const [card, ...more] = findCards({ ...nothing, cronJobs: [one], events: [event] });
  expect(more).toEqual([]);
  expect(card?.cause.says).toBe(`its runs are refused: ${message}`);
  expect(card?.why.steps[0]?.fix).toMatchObject({ type: 'RaiseQuota', name: 'q', resource: 'count/jobs.batch', lacks: '1' });
});
