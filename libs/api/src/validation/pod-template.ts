// Pod templates: what any must hold, and that the pods of a job end.
import type { PodTemplateSpec } from '../generated/core-v1.types.ts';
import { type FieldError, forbidden, notSupported, required } from './errors.ts';
import { labels } from './labels.ts';
import { annotations } from './metadata.ts';
import { validatePodSpec } from './pod-spec.ts';

export function podTemplate({ metadata, spec }: PodTemplateSpec, field: string): FieldError[] {
  const errors = [
    ...labels(metadata?.labels, `${field}.labels`),
    ...annotations(metadata?.annotations, `${field}.annotations`),
    ...validatePodSpec(spec, `${field}.spec`),
  ];
  if (spec?.ephemeralContainers?.length) {
    errors.push(forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  }
  return errors;
}

export function endingPodTemplate(template: PodTemplateSpec | undefined, field: string): FieldError[] {
  if (!template) return [required(field)];
  const { spec } = template;
  const errors = podTemplate(template, field);
  const policy = spec?.restartPolicy;
  if (policy === 'Always') errors.push(required(`${field}.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'));
  else if (policy !== 'OnFailure' && policy !== 'Never') {
    errors.push(notSupported(`${field}.spec.restartPolicy`, policy ?? '', ['OnFailure', 'Never']));
  }
  return errors;
}
