// CronJob: makes jobs by a schedule.
import { defineKind } from '@berth/machinery';
import { cronJobColumns } from '../columns/batch.ts';
import { defaultCronJob } from '../defaults/batch.ts';
import { podSpecDisabledFields } from '../disabled-fields.ts';
import type { CronJob as Type } from '../generated/batch-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateCronJob } from '../validation/cron-job.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { cronJobWarnings } from '../warnings/workloads.ts';

export type CronJob = Type;

export const CronJob = defineKind<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  scope: 'Namespaced',
  shortNames: ['cj'],
  categories: ['all'],
  schema: schemas.message('batch.v1.CronJob'),
  description: 'Makes a Job at the times that a schedule names.',
  subresources: {
    status: true,
  },

  strategy: { statusTakesPlainFinalizers: true },
  disabledFields: podSpecDisabledFields('spec.jobTemplate.spec.template.spec'),
  defaults: defaultCronJob,
  validate: (cronJob, old) => [...validateMetadata(cronJob, { scope: 'Namespaced', name: dnsSubdomain }), ...validateCronJob(cronJob, old)],
  validateUpdate: validateMetadataUpdate,
  columns: cronJobColumns,
  warnings: cronJobWarnings,
});
