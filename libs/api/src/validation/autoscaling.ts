// Horizontal pod autoscalers: what is scaled, between which bounds, by which metrics.
import type * as v2 from '../generated/autoscaling-v2.types.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, notSupported, optionalOneOf, required } from './errors.ts';
import { labelSelector } from './labels.ts';
import { metricTarget, perPodOrTotal, podsTarget, resourceTarget } from './metric-target.ts';
import { pathSegment } from './names.ts';
import { quantity } from './resources.ts';

const windowSecondsMax = 3600;
const periodSecondsMax = 1800;

export function validateAutoscaler({ spec }: v2.HorizontalPodAutoscaler, old?: v2.HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas: min, maxReplicas: max = 0 } = spec;
  const errors: FieldError[] = [];
  if (min !== undefined && min < 1) errors.push(invalid('spec.minReplicas', min, 'must be greater than or equal to 1'));
  if (max < 1) errors.push(invalid('spec.maxReplicas', max, 'must be greater than 0'));
  if (min !== undefined && max < min) {
    errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
  }
  return [
    ...errors,
    ...reference(spec.scaleTargetRef, 'spec.scaleTargetRef'),
    ...(old && isUngrouped(old.spec.scaleTargetRef) ? [] : grouped(spec.scaleTargetRef, 'spec.scaleTargetRef')),
    ...each(spec.metrics, 'spec.metrics', metric),
    ...scalingRules(spec.behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...scalingRules(spec.behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

function reference(given: v2.CrossVersionObjectReference | undefined, field: string): FieldError[] {
  return (['kind', 'name'] as const).flatMap((key) => {
    const text = given?.[key] ?? '';
    return text === '' ? [required(`${field}.${key}`)] : invalidAll(`${field}.${key}`, text, pathSegment(text));
  });
}

/** What is scaled belongs to a group, unless it named none before that was asked for. */
function grouped(given: v2.CrossVersionObjectReference | undefined, field: string): FieldError[] {
  const version = given?.apiVersion ?? '';
  const at = `${field}.apiVersion`;
  if (version.split('/').length > 2) return [invalid(at, version, `unexpected GroupVersion string: ${version}`)];
  // Of the core group there is one kind that can be scaled.
  const isCore = given?.kind === 'ReplicationController';
  return isUngrouped(given) && !isCore ? [invalid(at, version, 'apiVersion must specify API group')] : [];
}

function isUngrouped(given: v2.CrossVersionObjectReference | undefined): boolean {
  return !/^[^/]+\//.test(given?.apiVersion ?? '');
}

const sources = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
  External: 'external',
} as const;

function metric(given: v2.MetricSpec, field: string): FieldError[] {
  if (!given.type) return [required(`${field}.type`, 'must specify a metric source type')];
  const own = Object.hasOwn(sources, given.type) ? sources[given.type as keyof typeof sources] : undefined;
  if (!own) return [notSupported(`${field}.type`, given.type, Object.keys(sources).sort())];
  const errors: FieldError[] = [];
  for (const key of Object.values(sources)) {
    if (key !== own && given[key]) errors.push(forbidden(`${field}.${key}`, 'must populate the given metric source only'));
  }
  if (!given[own]) return [...errors, required(`${field}.${own}`, 'must populate information for the given metric source')];
  return [...errors, ...source(given, `${field}.${own}`)];
}

function source(given: v2.MetricSpec, field: string): FieldError[] {
  const { object, pods, resource, containerResource, external } = given;
  if (given.type === 'Resource' && resource) return [...resourceName(resource, field), ...resourceTarget(resource.target, field)];
  if (given.type === 'ContainerResource' && containerResource) {
    const container = containerResource.container ? [] : [required(`${field}.container`, 'must specify a container')];
    return [...resourceName(containerResource, field), ...container, ...resourceTarget(containerResource.target, field)];
  }
  if (given.type === 'Pods' && pods) {
    return [...identifier(pods.metric, field), ...metricTarget(pods.target, field), ...podsTarget(pods.target, field)];
  }
  if (given.type === 'External' && external) {
    return [...identifier(external.metric, field), ...metricTarget(external.target, field), ...perPodOrTotal(external.target, field)];
  }
  if (!object) return [];
  const { target = { type: '' } } = object;
  const isOpen = target.value === undefined && target.averageValue === undefined;
  return [
    ...reference(object.describedObject, `${field}.describedObject`),
    ...identifier(object.metric, field),
    ...metricTarget(target, field),
    ...(isOpen ? [required(`${field}.target.averageValue`, 'must set either a target value or averageValue')] : []),
  ];
}

function resourceName({ name }: { name: string }, field: string): FieldError[] {
  return name ? [] : [required(`${field}.name`, 'must specify a resource name')];
}

function identifier(given: v2.MetricIdentifier | undefined, field: string): FieldError[] {
  const path = `${field}.metric.name`;
  if (!given?.name) return [required(path, 'must specify a metric name')];
  return [...invalidAll(path, given.name, pathSegment(given.name)), ...labelSelector(given.selector, `${field}.metric.selector`)];
}

function scalingRules(rules: v2.HPAScalingRules | undefined, field: string): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  return [
    ...(window === undefined ? [] : seconds(`${field}.stabilizationWindowSeconds`, window, 0, windowSecondsMax)),
    ...optionalOneOf(`${field}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']),
    ...(tolerance === undefined ? [] : quantity(tolerance, `${field}.tolerance`)),
    ...(policies.length === 0 ? [required(`${field}.policies`, 'must specify at least one Policy')] : []),
    ...each(policies, `${field}.policies`, ({ type = '', value = 0, periodSeconds = 0 }, path) => [
      ...(type === 'Pods' || type === 'Percent' ? [] : [notSupported(`${path}.type`, type, ['Percent', 'Pods'])]),
      ...(value > 0 ? [] : [invalid(`${path}.value`, value, 'must be greater than zero')]),
      ...seconds(`${path}.periodSeconds`, periodSeconds, 1, periodSecondsMax),
    ]),
  ];
}

function seconds(field: string, value: number, min: 0 | 1, max: number): FieldError[] {
  if (value < min) return [invalid(field, value, min === 0 ? 'must be greater than or equal to zero' : 'must be greater than zero')];
  return value > max ? [invalid(field, value, `must be less than or equal to ${max}`)] : [];
}
