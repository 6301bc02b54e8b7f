import { expect, test } from 'vitest';
import { formatIndexes, parseIndexes } from '../job-indexes.ts';
import { CronJob } from '../kinds/cron-job.ts';
import { HorizontalPodAutoscaler } from '../kinds/horizontal-pod-autoscaler.ts';
import { Job } from '../kinds/job.ts';
import { PodDisruptionBudget } from '../kinds/pod-disruption-budget.ts';
import { messages } from './messages.ts';

function made(spec: Partial<Job['spec']> = {}, labels?: Record<string, string>): Job {
  const pod = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] };
  const template = { ...(labels && { metadata: { name: '', labels } }), spec: pod };
  const job: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'sum', namespace: 'default', uid: 'u1' },
    spec: { template, ...spec },
  };
  Job.defaults(job);
  Job.strategy.prepareForCreate?.(job, '2020-01-02T03:04:05Z');
  return job;
}

test('the last pod of an indexed job has a host name', () => {
  const job = made({ completionMode: 'Indexed', completions: 3, parallelism: 1 });
  job.metadata.name = 'a.b';
  expect(messages(Job.validate(job))).toContain(
    'metadata.name: Invalid value: "a.b": will not able to create pod with invalid DNS label: a.b-2',
  );
});

test('a job gets a selector and labels of its own', () => {
  const job = made();
  expect(job.spec).toMatchObject({ completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false });
  expect(job.spec.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } });
  expect(job.spec.template.metadata?.labels).toMatchObject({ 'job-name': 'sum', 'controller-uid': 'u1' });
  expect(messages(Job.validate(job))).toEqual([]);
});

test('what is wrong with a job is said in the words of Kubernetes', () => {
  const always = made();
  if (always.spec.template.spec) always.spec.template.spec.restartPolicy = 'Always';
  expect(messages(Job.validate(always))).toEqual(['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']);
  expect(messages(Job.validate(made({ completionMode: 'Indexed', parallelism: 2 })))).toEqual([
    'spec.completions: Required value: when completion mode is Indexed',
  ]);
  expect(messages(Job.validate(made({}, { 'job-name': 'other' })))).toHaveLength(1);
  const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [3, 0, 3] } }];
  expect(messages(Job.validate(made({ podFailurePolicy: { rules } })))).toEqual([
    'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
    'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
    'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3',
    'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered',
  ]);
});

test('completions, selector and template stay, except that a suspended job may be placed anew', () => {
  const old = made({ suspend: true });
  const moved = structuredClone(old);
  if (moved.spec.template.spec) moved.spec.template.spec.nodeSelector = { disk: 'fast' };
  expect(messages(Job.validateUpdate(moved, old))).toEqual([]);
  expect(messages(Job.validateUpdate({ ...moved, spec: { ...moved.spec, completions: 3 } }, old))).toEqual([
    'spec.completions: Invalid value: 3: field is immutable',
  ]);
  const started = { ...old, status: { startTime: '2026-01-01T00:00:00Z' } };
  expect(Job.validateUpdate(moved, started)).toHaveLength(1);
});

test('indexes are read and written as intervals', () => {
  expect(formatIndexes([7, 1, 3, 4, 5, 8])).toBe('1,3-5,7,8');
  expect(parseIndexes('1,3-5', 6)).toEqual([
    [1, 1],
    [3, 5],
  ]);
  expect(parseIndexes('3,1', 6)).toBe('non-increasing order, previous: 3, current: 1');
  expect(parseIndexes('3-2', 6)).toBe('non-increasing order, previous: 3, current: 2');
  expect(parseIndexes('-a', 6)).toBe('cannot convert string to integer for index: ""');
  expect(parseIndexes('1-9', 6)).toBe('too large index: "9"');
});

test('cron jobs need a schedule and a zone that exist, and a short name', () => {
  const cronJob: CronJob = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'a'.repeat(53), namespace: 'default' },
    spec: { schedule: 'x', timeZone: 'Mars/Base', jobTemplate: { spec: { template: made().spec.template } } },
  };
  CronJob.defaults(cronJob);
  expect(cronJob.spec).toMatchObject({ concurrencyPolicy: 'Allow', successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
  expect(messages(CronJob.validate(cronJob)).map((message) => message.split(':')[0])).toEqual([
    'metadata.name',
    'spec.schedule',
    'spec.timeZone',
  ]);
});

const zoneErrors: [string, string[]][] = [
  ['Europe/Berlin', []],
  ['America/Argentina/ComodRivadavia', []],
  ['EST5EDT', []],
  ['UTC', []],
  ['Factory', []],
  ['BST', ['unknown time zone BST']],
  ['AST', ['unknown time zone AST']],
  ['PST', ['unknown time zone PST']],
  ['+05:00', ['unknown time zone +05:00']],
  ['europe/berlin', ['unknown time zone europe/berlin']],
  ['utc', ['unknown time zone utc']],
  ['Europe', ['unknown time zone Europe']],
  ['Europe/Berlin/x', ['not a directory']],
  ['Europe/x', ['unknown time zone Europe/x']],
  ['', ['timeZone must be nil or non-empty string']],
  ['Local', ['timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones']],
  ['local', ['timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones', 'unknown time zone local']],
];
test.each(zoneErrors)('time zones are those of the IANA database: %j', (timeZone, reasons) => {
  const template = { ...made().spec.template };
  const spec = { schedule: '0 9 * * *', timeZone, jobTemplate: { spec: { template } } };
  const cronJob: CronJob = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'zone', namespace: 'default' }, spec };
  CronJob.defaults(cronJob);
  const path = `spec.timeZone: Invalid value: ${JSON.stringify(timeZone)}: `;
  expect(messages(CronJob.validate(cronJob)).filter((text) => text.startsWith('spec.timeZone'))).toEqual(
    reasons.map((reason) => path + reason),
  );
  // One that was taken before names were told apart may stay.
  expect(messages(CronJob.validate(cronJob, cronJob)).filter((text) => text.startsWith('spec.timeZone'))).toEqual([]);
});

test('a budget has one bound', () => {
  const spec = { minAvailable: 1, maxUnavailable: '120%', selector: {} };
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'd' },
    spec,
  };
  expect(messages(PodDisruptionBudget.validate(budget)).map((message) => message.replace(/\{.*\}/, '{}'))).toEqual([
    'spec: Invalid value: {}: minAvailable and maxUnavailable cannot be both set',
    'spec.maxUnavailable: Invalid value: "120%": must not be greater than 100%',
  ]);
});

test('an autoscaler aims at 80 % of CPU, between bounds that hold', () => {
  const autoscaler: HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 5, maxReplicas: 3, behavior: {} },
  };
  HorizontalPodAutoscaler.defaults(autoscaler);
  expect(messages(HorizontalPodAutoscaler.validate(autoscaler))).toEqual([
    'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`',
    'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
  ]);
  // The one kind of the core group that can be scaled needs no group.
  autoscaler.spec = {
    ...autoscaler.spec,
    maxReplicas: 9,
    scaleTargetRef: { apiVersion: 'v1', kind: 'ReplicationController', name: 'web' },
  };
  expect(messages(HorizontalPodAutoscaler.validate(autoscaler))).toEqual([]);
  autoscaler.spec = { ...autoscaler.spec, maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web' } };
  const shown = HorizontalPodAutoscaler.columns.map((column) => column.value(autoscaler, 0));
  expect(shown.slice(0, 6)).toEqual(['web', 'Deployment/web', 'cpu: <unknown>/80%', '5', 3, 0]);
  expect(autoscaler.spec.behavior?.scaleUp?.policies).toHaveLength(2);
});
