// kube_job_* and kube_cronjob_*.
import { CronJob, CronSyntaxError, Job, nextTime, parseCron } from '@berth/api';
import {
  type Family,
  gauge,
  info,
  type KindFamilies,
  lifeTimes,
  named,
  owners,
  resourceVersion,
  seconds,
  truthOf,
  value,
} from '../family.ts';

export const jobs: KindFamilies<Job> = {
  kind: Job,
  identity: named('job_name'),
  families: [
    info('kube_job_info', 'A job.', () => ({})),
    owners('kube_job_owner'),
    value('kube_job_spec_parallelism', 'Pods that may run at once.', ({ spec }) => spec?.parallelism),
    value('kube_job_spec_completions', 'Pods that have to succeed.', ({ spec }) => spec?.completions),
    value('kube_job_spec_active_deadline_seconds', 'How long a job may take.', ({ spec }) => spec?.activeDeadlineSeconds),
    value('kube_job_status_active', 'Pods that run.', ({ status }) => status?.active ?? 0),
    value('kube_job_status_succeeded', 'Pods that succeeded.', ({ status }) => status?.succeeded ?? 0),
    value('kube_job_status_ready', 'Pods that are ready.', ({ status }) => status?.ready ?? 0),
    gauge('kube_job_status_failed', 'Pods that failed, or why the job did.', ({ status }) => {
      const reason = status?.conditions?.find(({ type, status: is }) => type === 'Failed' && is === 'True')?.reason;
      return reason ? [{ labels: { reason }, value: 1 }] : [{ value: status?.failed ?? 0 }];
    }),
    value('kube_job_status_suspended', 'Whether a job is suspended.', ({ status }) =>
      Boolean(status?.conditions?.some(({ type, status: is }) => type === 'Suspended' && is === 'True')),
    ),
    value('kube_job_status_start_time', 'When a job began, in seconds since 1970.', ({ status }) => seconds(status?.startTime)),
    value('kube_job_status_completion_time', 'When a job was done, in seconds since 1970.', ({ status }) =>
      seconds(status?.completionTime),
    ),
    gauge('kube_job_complete', 'Whether a job is done.', ({ status }) => truthOf(status?.conditions, 'Complete')),
    gauge('kube_job_failed', 'Whether a job failed.', ({ status }) => truthOf(status?.conditions, 'Failed')),
    ...lifeTimes<Job>('kube_job'),
  ],
};

export const cronJobs: KindFamilies<CronJob> = {
  kind: CronJob,
  identity: named('cronjob'),
  families: [
    info('kube_cronjob_info', 'When a job is made, and beside which others.', ({ spec }) => ({
      schedule: spec?.schedule,
      concurrency_policy: spec?.concurrencyPolicy,
      timezone: spec?.timeZone ?? 'local',
    })),
    nextSchedule(),
    value('kube_cronjob_status_active', 'Jobs that run.', ({ status }) => status?.active?.length ?? 0),
    value('kube_cronjob_status_last_schedule_time', 'When the last job was made, in seconds since 1970.', ({ status }) =>
      seconds(status?.lastScheduleTime),
    ),
    value('kube_cronjob_status_last_successful_time', 'When a job last succeeded, in seconds since 1970.', ({ status }) =>
      seconds(status?.lastSuccessfulTime),
    ),
    value('kube_cronjob_spec_suspend', 'Whether no more jobs are made.', ({ spec }) => spec?.suspend ?? false),
    value('kube_cronjob_spec_starting_deadline_seconds', 'How late a job may begin.', ({ spec }) => spec?.startingDeadlineSeconds),
    value(
      'kube_cronjob_spec_successful_job_history_limit',
      'Successful jobs that are kept.',
      ({ spec }) => spec?.successfulJobsHistoryLimit,
    ),
    value('kube_cronjob_spec_failed_job_history_limit', 'Failed jobs that are kept.', ({ spec }) => spec?.failedJobsHistoryLimit),
    resourceVersion('kube_cronjob'),
    ...lifeTimes<CronJob>('kube_cronjob'),
  ],
};

/** Counted from the last job, or from the creation: a time that has passed is one that was missed. */
function nextSchedule(): Family<CronJob> {
  return value('kube_cronjob_next_schedule_time', 'When the next job is due, in seconds since 1970.', ({ metadata, spec, status }) => {
    const after = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '');
    if (!spec?.schedule || spec.suspend || Number.isNaN(after)) return undefined;
    try {
      const next = nextTime(parseCron(spec.schedule), after, spec.timeZone);
      return next === undefined ? undefined : next / 1000;
    } catch (error) {
      // What was stored before schedules were checked as they are now has no next time.
      if (error instanceof CronSyntaxError) return undefined;
      throw error;
    }
  });
}
