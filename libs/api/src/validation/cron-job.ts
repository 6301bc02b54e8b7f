// Cron jobs: a schedule that can be read, a time zone that exists, a name that leaves room for the jobs' own.
import { CronSyntaxError, parseCron } from '../cron/schedule.ts';
import { isTimeZone } from '../cron/time-zones.ts';
import type { CronJob } from '../generated/batch-v1.types.ts';
import { type FieldError, invalid, nonNegative, notSupported, oneOf, required, shown } from './errors.ts';
import { jobSpec } from './job.ts';

/** Jobs are named after it, with eleven characters appended. */
const nameBytesMax = 52;

export function validateCronJob({ metadata, spec }: CronJob, old?: CronJob): FieldError[] {
  const errors: FieldError[] = [];
  if (!old && (metadata.name ?? '').length > nameBytesMax) {
    errors.push(invalid('metadata.name', metadata.name, `must be no more than ${nameBytesMax} characters`));
  }
  if (!spec.schedule) errors.push(required('spec.schedule'));
  else errors.push(...schedule(spec.schedule));
  for (const key of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    errors.push(...nonNegative(`spec.${key}`, spec[key]));
  }
  errors.push(
    // One that was taken when more of them were may stay.
    ...(old && old.spec.timeZone === spec.timeZone ? [] : timeZone(spec.timeZone)),
    ...oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
  );
  const job = spec.jobTemplate.spec;
  if (!job) return errors;
  errors.push(...jobSpec(job, 'spec.jobTemplate.spec'));
  if (job.selector)
    errors.push(
      invalid('spec.jobTemplate.spec.selector', shown('meta.v1.LabelSelector', job.selector), '`selector` will be auto-generated'),
    );
  if (job.manualSelector) {
    errors.push(notSupported('spec.jobTemplate.spec.manualSelector', job.manualSelector, ['nil', 'false']));
  }
  return errors;
}

function schedule(text: string): FieldError[] {
  const field = 'spec.schedule';
  if (text.includes('TZ')) return [invalid(field, text, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
  try {
    parseCron(text);
    return [];
  } catch (error) {
    if (error instanceof CronSyntaxError) return [invalid(field, text, error.message)];
    throw error;
  }
}

function timeZone(name: string | undefined): FieldError[] {
  const field = 'spec.timeZone';
  if (name === undefined) return [];
  if (name === '') return [invalid(field, name, 'timeZone must be nil or non-empty string')];
  const errors: FieldError[] = [];
  if (name.toLowerCase() === 'local')
    errors.push(invalid(field, name, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'));
  if (name !== 'Local' && !isTimeZone(name)) errors.push(invalid(field, name, noTimeZone(name)));
  return errors;
}

/** The database is a folder of files, and what is wrong with a path may be told in its system's words. */
function noTimeZone(name: string): string {
  const parts = name.split('/');
  const isWithinFile = parts.some((_, i) => i > 0 && isTimeZone(parts.slice(0, i).join('/')));
  return isWithinFile ? 'not a directory' : `unknown time zone ${name}`;
}
