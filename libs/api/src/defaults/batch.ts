// Defaults of jobs and cron jobs. The job template inside a cron job gets the pod's defaults only; what is particular to
// jobs is filled in when a job is made of it.
import type { CronJob, Job, JobSpec } from '../generated/batch-v1.types.ts';
import { defaultPodTemplate } from './pod-spec.ts';

const backoffLimit = 6;
/** Failures count per index then, and the job as a whole has no limit. */
const noBackoffLimit = 2147483647;

export function defaultJob(job: Job): void {
  job.spec ??= { template: {} };
  const { spec } = job;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? backoffLimit : noBackoffLimit;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
  defaultJobTemplate(spec);
  const labels = spec.template.metadata?.labels;
  // Kubernetes lets both be one map: what the strategy adds to the template's labels, the job has then, too.
  if (labels && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = labels;
}

export function defaultCronJob(cronJob: CronJob): void {
  cronJob.spec ??= { schedule: '', jobTemplate: {} };
  const { spec } = cronJob;
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  spec.jobTemplate ??= {};
  spec.jobTemplate.spec ??= { template: {} };
  defaultJobTemplate(spec.jobTemplate.spec);
}

function defaultJobTemplate(spec: JobSpec): void {
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
}
