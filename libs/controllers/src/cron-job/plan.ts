// What to do about a cron job: note which of its jobs ended, delete the oldest of those, and make a job when it is due. The
// name of a job tells the minute that it was made for, so that the same minute never makes two.
import { type CronJob, CronJob as CronJobKind, type CronSchedule, Job, nextTime, parseCron } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { conditionOf, isFinished } from '../job/outcome.ts';
import { controllerReference } from '../ownership.ts';
import { dueTime } from './due.ts';

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** Timers reach no further; then it is looked at again. */
const sleepMsMax = 24 * 60 * 60 * 1000;

export interface ObservedCronJob {
  cronJob: CronJob;
  /** All that have it as their controller. */
  jobs: Job[];
  /** In which the schedule is read when it names none. */
  timeZone: string;
}

type Status = NonNullable<CronJob['status']>;

export function planCronJob({ cronJob, jobs, timeZone }: ObservedCronJob, now: number): Action[] {
  const { status, events } = noteJobs(cronJob, jobs);
  const current = { ...cronJob, status };
  const isIdle = cronJob.metadata.deletionTimestamp !== undefined || cronJob.spec.suspend === true;
  const run = isIdle ? [] : planRun({ cronJob: current, jobs, timeZone }, now);
  const hasOwnStatus = run.some((action) => action.type === 'updateStatus');
  const write: Action[] = hasOwnStatus || equalButForEmpty(status, cronJob.status) ? [] : [statusOf(cronJob, status)];
  return [...write, ...events, ...planHistory(cronJob, jobs), ...run];
}

function statusOf(cronJob: CronJob, status: Status): Action {
  return { type: 'updateStatus', kind: erased(CronJobKind), object: { ...cronJob, status } as CronJob };
}

function tell(cronJob: CronJob, eventType: 'Normal' | 'Warning', reason: string, message: string): Action {
  return { type: 'event', event: { about: cronJob, eventType, reason, message } };
}

/** Which jobs are under way, and when one last succeeded. */
function noteJobs(cronJob: CronJob, jobs: Job[]): { status: Status; events: Action[] } {
  const known = cronJob.status?.active ?? [];
  const events: Action[] = [];
  const running = jobs.filter((job) => !isFinished(job) && isScheduled(job));
  for (const { uid, name } of known) {
    const job = jobs.find(({ metadata }) => metadata.uid === uid);
    const how = job && (conditionOf(job, 'Complete') ? 'Complete' : conditionOf(job, 'Failed') ? 'Failed' : undefined);
    if (!job) events.push(tell(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`));
    else if (how) events.push(tell(cronJob, 'Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${how}`));
  }
  const active = running.map(({ apiVersion, kind, metadata: { name, namespace = '', uid = '', resourceVersion = '' } }) => {
    // The reference stays as it was first written.
    return known.find((reference) => reference.uid === uid) ?? { apiVersion, kind, name, namespace, uid, resourceVersion };
  });
  const latest = (times: (string | undefined)[]) =>
    times.reduce((found, time) => (Date.parse(time ?? '') > (Date.parse(found ?? '') || 0) ? time : found), undefined);
  const lastSuccessfulTime = latest([cronJob.status?.lastSuccessfulTime, ...jobs.map(({ status }) => status?.completionTime)]);
  const status: Status = {
    ...(active.length > 0 && { active }),
    ...(cronJob.status?.lastScheduleTime && { lastScheduleTime: cronJob.status.lastScheduleTime }),
    ...(lastSuccessfulTime && { lastSuccessfulTime }),
  };
  return { status, events };
}

/** Those that somebody made by hand from the same template do not count. */
function isScheduled({ metadata }: Job): boolean {
  return metadata.annotations?.[scheduledAnnotation] !== undefined;
}

function planHistory(cronJob: CronJob, jobs: Job[]): Action[] {
  const oldest = (type: string, limit: number | undefined) => {
    if (limit === undefined) return [];
    const ended = jobs.filter((job) => conditionOf(job, type) && !job.metadata.deletionTimestamp);
    const age = ({ metadata, status }: Job) => status?.startTime ?? metadata.creationTimestamp ?? '';
    ended.sort((a, b) => age(a).localeCompare(age(b)) || a.metadata.name.localeCompare(b.metadata.name));
    return ended.slice(0, Math.max(ended.length - limit, 0));
  };
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec;
  const surplus = [...oldest('Complete', successfulJobsHistoryLimit), ...oldest('Failed', failedJobsHistoryLimit)];
  return surplus.map((job) => remove(cronJob, job));
}

function planRun({ cronJob, jobs, timeZone }: ObservedCronJob, now: number): Action[] {
  const { spec, status = {} } = cronJob;
  const schedule = parseCron(spec.schedule);
  const due = dueTime(cronJob, schedule, timeZone, now);
  const later = wake(schedule, spec.timeZone ?? timeZone, due?.atMs, now);
  if (!due) return later;
  const lastScheduleTime = timestamp({ now: () => due.atMs });
  const tooMany = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
  const warning = due.isTooMany ? [tell(cronJob, 'Warning', 'TooManyMissedTimes', tooMany)] : [];
  const job = newJob(cronJob, due.atMs);
  const written = statusOf(cronJob, { ...status, lastScheduleTime });
  // It is made already, and only the status does not say so yet.
  if (jobs.some(({ metadata }) => metadata.name === job.metadata.name)) return [written, ...later];
  const active = jobs.filter((other) => !isFinished(other) && isScheduled(other) && !other.metadata.deletionTimestamp);
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    return [...warning, tell(cronJob, 'Normal', 'JobAlreadyActive', message), ...later];
  }
  const replaced = spec.concurrencyPolicy === 'Replace' ? active.map((other) => remove(cronJob, other)) : [];
  const create: Action = {
    type: 'create',
    kind: erased(Job),
    object: job,
    onSuccess: { about: cronJob, eventType: 'Normal', reason: 'SuccessfulCreate', message: 'Created job {name}' },
    onFailure: { about: cronJob, eventType: 'Warning', reason: 'FailedCreate', message: 'Error creating job: {error}' },
  };
  return [...warning, ...replaced, create, written, ...later];
}

function wake(schedule: CronSchedule, timeZone: string, dueMs: number | undefined, now: number): Action[] {
  const next = schedule.type === 'every' && dueMs !== undefined ? dueMs + schedule.intervalMs : nextTime(schedule, now, timeZone);
  return next === undefined ? [] : [{ type: 'requeue', afterMs: Math.min(Math.max(next - now, 1), sleepMsMax) }];
}

function newJob(cronJob: CronJob, atMs: number): Job {
  const { name, namespace } = cronJob.metadata;
  const { metadata = {}, spec } = cronJob.spec.jobTemplate;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${name}-${Math.floor(atMs / 60_000)}`,
      namespace: namespace ?? '',
      ...(metadata.labels && { labels: metadata.labels }),
      annotations: { ...metadata.annotations, [scheduledAnnotation]: timestamp({ now: () => atMs }) },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: spec ?? { template: {} },
  };
}

function remove(cronJob: CronJob, { metadata }: Job): Action {
  return {
    type: 'delete',
    kind: erased(Job),
    key: metadata,
    uid: metadata.uid ?? '',
    propagationPolicy: 'Background',
    onSuccess: { about: cronJob, eventType: 'Normal', reason: 'SuccessfulDelete', message: `Deleted job ${metadata.name}` },
    onFailure: { about: cronJob, eventType: 'Warning', reason: 'FailedDelete', message: 'Deleted job: {error}' },
  };
}
