// ReplicationControllers: replica sets with a selector that is a map.
import type { ReplicationController } from '../generated/core-v1.types.ts';
import { type FieldError, invalid, nonNegative, required, shownMember } from './errors.ts';
import { lastingPodTemplate } from './workloads.ts';

export function validateReplicationControllerSpec({ spec = {} }: ReplicationController): FieldError[] {
  const { selector = {}, template } = spec;
  const errors = [...nonNegative('spec.replicas', spec.replicas), ...nonNegative('spec.minReadySeconds', spec.minReadySeconds)];
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'));
  if (!template) return [...errors, required('spec.template')];
  const labels = template.metadata?.labels;
  if (Object.entries(selector).some(([key, value]) => labels?.[key] !== value)) {
    errors.push(
      invalid('spec.template.metadata.labels', shownMember(template?.metadata, 'labels'), '`selector` does not match template `labels`'),
    );
  }
  return [...errors, ...lastingPodTemplate(template, 'spec.template', 'ReplicationController')];
}
