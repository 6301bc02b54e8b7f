// What a job gets as it is created: a selector over labels that no other job's pods have.
import type { Job } from '../generated/batch-v1.types.ts';

/** Labels of a job's pods; the ones without prefix are older and kept for those who select by them. */
export function jobLabels(job: Job): Record<string, string> {
  const { name, uid = '' } = job.metadata;
  return {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
}

export function prepareJobForCreate(job: Job): void {
  job.status = {};
  const { spec } = job;
  if (spec.manualSelector) return;
  const { template } = spec;
  // A label that is there already is not replaced: validation says what is wrong with it.
  const labels = { ...jobLabels(job), ...template.metadata?.labels };
  if (job.metadata.labels !== undefined && job.metadata.labels === template.metadata?.labels) job.metadata.labels = { ...labels };
  template.metadata = { ...template.metadata, labels };
  const uidLabel = 'batch.kubernetes.io/controller-uid';
  const matchLabels = { [uidLabel]: job.metadata.uid ?? '', ...spec.selector?.matchLabels };
  spec.selector = { ...spec.selector, matchLabels };
}
