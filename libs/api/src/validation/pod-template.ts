// The pod template of a job: everything that any template must hold, and containers that end.
import type { PodTemplateSpec } from '../generated/core-v1.types.ts';
import { type FieldError, forbidden, notSupported, required } from './errors.ts';
import { labels } from './labels.ts';
import { annotations } from './metadata.ts';
import { validatePodSpec } from './pod-spec.ts';

export function endingPodTemplate(template: PodTemplateSpec | undefined, field: string): FieldError[] {
  if (!template) return [required(field)];
  const { metadata, spec } = template;
  const errors = [
    ...labels(metadata?.labels, `${field}.labels`),
    ...annotations(metadata?.annotations, `${field}.annotations`),
    ...validatePodSpec(spec, `${field}.spec`),
  ];
  if (spec?.ephemeralContainers?.length) {
    errors.push(forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  }
  const policy = spec?.restartPolicy;
  if (policy === 'Always') errors.push(required(`${field}.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'));
  else if (policy !== 'OnFailure' && policy !== 'Never') {
    errors.push(notSupported(`${field}.spec.restartPolicy`, policy ?? '', ['OnFailure', 'Never']));
  }
  return errors;
}
