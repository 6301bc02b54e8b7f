// Deployments and replica sets: the selector selects the template, and the template restarts always.
import type { Deployment, DeploymentStrategy, ReplicaSet } from '../generated/apps-v1.types.ts';
import type { PodTemplateSpec } from '../generated/core-v1.types.ts';
import type { LabelSelector } from '../generated/meta-v1.types.ts';
import { isEqual } from './changes.ts';
import { type FieldError, forbidden, immutable, invalid, nonNegative, notSupported, required, shown, shownMember } from './errors.ts';
import { isEmptySelector, labelSelector, selects } from './labels.ts';
import { percentage } from './names.ts';
import { podTemplate } from './pod-template.ts';

export function validateDeploymentSpec({ spec }: Deployment): FieldError[] {
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...selectorAndTemplate(spec.selector, spec.template),
    ...strategy(spec.strategy ?? {}, 'spec.strategy'),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...nonNegative('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds),
  ];
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}

export function validateReplicaSetSpec({ spec }: ReplicaSet): FieldError[] {
  return [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...selectorAndTemplate(spec.selector, spec.template),
  ];
}

export function validateSelectorUpdate(
  next: { spec: { selector?: LabelSelector } },
  old: { spec: { selector?: LabelSelector } },
): FieldError[] {
  return isEqual(next.spec.selector, old.spec.selector)
    ? []
    : [invalid('spec.selector', shown('meta.v1.LabelSelector', next.spec.selector), immutable)];
}

/**
 * @param owner for messages: the kind
 * @param isKept asked when something is wrong with the template: whether that was so before and may stay
 */
export function selectorAndTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec = {},
  owner: 'ReplicaSet' | 'StatefulSet' | 'DaemonSet' = 'ReplicaSet',
  isKept: () => boolean = () => false,
): FieldError[] {
  const errors = labelSelector(selector, 'spec.selector');
  const isReadable = errors.length === 0;
  // Kubernetes says deployment for replica sets, too.
  const shownOwner = owner === 'ReplicaSet' ? 'deployment' : owner.toLowerCase();
  if (!selector && owner !== 'DaemonSet') errors.push(required('spec.selector'));
  else if (selector && isEmptySelector(selector))
    errors.push(invalid('spec.selector', shown('meta.v1.LabelSelector', selector), `empty selector is invalid for ${shownOwner}`));
  if (!isReadable && owner !== 'DaemonSet') {
    const value = shown('meta.v1.LabelSelector', selector);
    if (owner !== 'StatefulSet') return [...errors, invalid('spec.selector', value, 'invalid label selector')];
    return [...errors, invalid('spec.selector', value, ''), ...restartsAlways(template, 'spec.template', owner)];
  }
  const values = template.metadata?.labels;
  // One that is not there selects nothing, an empty one everything.
  if (isReadable && !(selector && selects(selector, values))) {
    errors.push(
      invalid('spec.template.metadata.labels', shownMember(template.metadata, 'labels'), '`selector` does not match template `labels`'),
    );
  }
  const own = podTemplate(template, 'spec.template');
  return [...errors, ...(own.length > 0 && isKept() ? [] : own), ...restartsAlways(template, 'spec.template', owner)];
}

export function lastingPodTemplate(template: PodTemplateSpec, field: string, owner: string): FieldError[] {
  return [...podTemplate(template, field), ...restartsAlways(template, field, owner)];
}

function restartsAlways({ spec }: PodTemplateSpec, field: string, owner: string): FieldError[] {
  const errors: FieldError[] = [];
  if (spec?.restartPolicy !== 'Always') errors.push(notSupported(`${field}.spec.restartPolicy`, spec?.restartPolicy ?? '', ['Always']));
  if (spec?.activeDeadlineSeconds !== undefined) {
    errors.push(forbidden(`${field}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${owner} is not Supported`));
  }
  return errors;
}

function strategy(given: DeploymentStrategy, field: string): FieldError[] {
  const path = `${field}.rollingUpdate`;
  if (given.type === 'Recreate') {
    return given.rollingUpdate ? [forbidden(path, "may not be specified when strategy `type` is 'Recreate'")] : [];
  }
  if (given.type !== 'RollingUpdate')
    return [notSupported(field, shown('apps.v1.DeploymentStrategy', given), ['Recreate', 'RollingUpdate'])];
  const { maxUnavailable, maxSurge } = given.rollingUpdate ?? {};
  const errors = [...intOrPercent(maxUnavailable, `${path}.maxUnavailable`), ...intOrPercent(maxSurge, `${path}.maxSurge`)];
  if (isZero(maxUnavailable) && isZero(maxSurge))
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  return [...errors, ...notMoreThanAll(maxUnavailable, `${path}.maxUnavailable`)];
}

export function intOrPercent(value: number | string | undefined, field: string): FieldError[] {
  if (typeof value === 'string') return percentage(value).map((detail) => invalid(field, value, detail));
  return nonNegative(field, value);
}

export function isZero(value: number | string | undefined): boolean {
  return countIn(value) === 0;
}

/** The number in a percentage or in a text that is one; what is neither counts for nothing, as in Go. */
function countIn(value: number | string | undefined): number {
  if (typeof value === 'number') return value;
  return value !== undefined && (percent.test(value) || /^[+-]?\d+$/.test(value)) ? Number.parseInt(value, 10) : 0;
}

const percent = /^\d+%$/;

export function notMoreThanAll(value: number | string | undefined, field: string): FieldError[] {
  const isMore = typeof value === 'string' && percent.test(value) && countIn(value) > 100;
  return isMore ? [invalid(field, value, 'must not be greater than 100%')] : [];
}
