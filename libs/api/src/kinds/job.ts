// Job: runs pods until enough of them succeed.
import { defineKind } from '@berth/machinery';
import { jobColumns } from '../columns/batch.ts';
import { defaultJob } from '../defaults/batch.ts';
import { podSpecDisabledFields } from '../disabled-fields.ts';
import type { Job as Type } from '../generated/batch-v1.types.ts';
import { schemas } from '../schemas.ts';
import { prepareJobForCreate } from '../strategies/job.ts';
import { validateJob, validateJobUpdate } from '../validation/job.ts';
import { validateJobStatus } from '../validation/job-status.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { jobWarnings } from '../warnings/workloads.ts';

export type Job = Type;

const orphanWarning =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

export const Job = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  scope: 'Namespaced',
  categories: ['all'],
  schema: schemas.message('batch.v1.Job'),
  description: 'Runs pods until a number of them have succeeded.',
  subresources: {
    status: true,
  },

  strategy: { prepareForCreate: prepareJobForCreate, orphansUnlessAsked: orphanWarning },
  disabledFields: podSpecDisabledFields('spec.template.spec'),
  defaults: defaultJob,
  validate: (job, old) => [...validateMetadata(job, { scope: 'Namespaced', name: dnsSubdomain }), ...validateJob(job, old)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateJobUpdate(next, old)],
  validateStatusUpdate: validateJobStatus,
  columns: jobColumns,
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  warnings: jobWarnings,
});
