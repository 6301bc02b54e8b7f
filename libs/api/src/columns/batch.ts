// `kubectl get jobs` and `kubectl get cronjobs`.
import { type Column, humanDuration, selectorText } from '@berth/machinery';
import type { CronJob, Job } from '../generated/batch-v1.types.ts';
import type { PodTemplateSpec } from '../generated/core-v1.types.ts';
import { ageColumn, ago, count, nameColumn, none, text, wide } from './column.ts';

function templateColumns<T>(template: (object: T) => PodTemplateSpec | undefined): Column<T>[] {
  const list = (object: T, value: 'name' | 'image') =>
    (template(object)?.spec?.containers ?? []).map((container) => container[value] ?? '').join(',');
  return [
    wide(text('Containers', 'Names of the containers in the template', (object) => list(object, 'name'))),
    wide(text('Images', 'Images of the containers in the template', (object) => list(object, 'image'))),
  ];
}

export const jobColumns: Column<Job>[] = [
  nameColumn(),
  text('Status', 'How the job is doing', jobStatusText),
  text('Completions', 'Pods that succeeded, of those wanted', completionsText),
  text('Duration', 'How long it took, or has taken so far', durationText),
  ageColumn(),
  ...templateColumns<Job>(({ spec }) => spec.template),
  wide(text('Selector', 'Labels of the pods that belong to it', ({ spec }) => selectorText(spec.selector) || none)),
];

function jobStatusText({ metadata, status }: Job): string {
  const isTrue = (type: string) => status?.conditions?.some((condition) => condition.type === type && condition.status === 'True');
  if (isTrue('Complete')) return 'Complete';
  if (isTrue('Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  if (isTrue('Suspended')) return 'Suspended';
  if (isTrue('FailureTarget')) return 'FailureTarget';
  return isTrue('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, now: number): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return humanDuration(end - Date.parse(status.startTime));
}

export const cronJobColumns: Column<CronJob>[] = [
  nameColumn(),
  text('Schedule', 'When jobs are made, as a cron expression', ({ spec }) => spec.schedule),
  text('Timezone', 'Where the schedule is read', ({ spec }) => spec.timeZone ?? none),
  {
    ...text<CronJob>('Suspend', 'Whether it makes no jobs for now', ({ spec }) =>
      spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False',
    ),
    type: 'boolean',
  },
  count('Active', 'Jobs that are under way', ({ status }) => status?.active?.length),
  text('Last Schedule', 'When it last made a job', ({ status }, now) =>
    status?.lastScheduleTime ? ago(status.lastScheduleTime, now) : none,
  ),
  ageColumn(),
  ...templateColumns<CronJob>(({ spec }) => spec.jobTemplate?.spec?.template),
  wide(text('Selector', 'Labels of the pods that belong to it', ({ spec }) => selectorText(spec.jobTemplate?.spec?.selector) || none)),
];
