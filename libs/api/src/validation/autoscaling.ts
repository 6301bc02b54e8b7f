// Horizontal pod autoscalers: what is scaled, between which bounds, by which metrics.
import type * as v2 from '../generated/autoscaling-v2.types.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, nonNegative, notSupported, required } from './errors.ts';
import { metricTarget, perPodOrTotal, podsTarget, resourceTarget } from './metric-target.ts';
import { dnsLabel, pathSegment } from './names.ts';
import { containerResourceName, quantity } from './resources.ts';

const windowSecondsMax = 3600;
const periodSecondsMax = 1800;

export function validateAutoscaler({ spec }: v2.HorizontalPodAutoscaler, old?: v2.HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas: min, maxReplicas: max = 0, scaleTargetRef: target, metrics = [] } = spec;
  const errors: FieldError[] = [];
  const minMin = old?.spec.minReplicas === 0 ? 0 : 1;
  if (min !== undefined && min < minMin) errors.push(invalid('spec.minReplicas', min, `must be greater than or equal to ${minMin}`));
  if (max < 1) errors.push(invalid('spec.maxReplicas', max, 'must be greater than 0'));
  if (min !== undefined && max < min) {
    errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
  }
  const isSameTarget = old?.spec.scaleTargetRef?.apiVersion === target?.apiVersion && old?.spec.scaleTargetRef?.kind === target?.kind;
  // Of the core group there is one kind that can be scaled.
  const isCore = target?.kind === 'ReplicationController';
  // Metrics that were about something malformed before may go on so.
  const wasMalformed = old?.spec.metrics?.some(({ type, object }) => type === 'Object' && malformedVersion(object?.describedObject));
  errors.push(...reference(target, 'spec.scaleTargetRef'));
  if (!old || !isSameTarget) errors.push(...version(target, 'spec.scaleTargetRef', isCore));
  errors.push(...each(metrics, 'spec.metrics', (one, field) => metric(one, field, wasMalformed ?? false)));
  if (min === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    errors.push(forbidden('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas'));
  }
  return [
    ...errors,
    ...scalingRules(spec.behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...scalingRules(spec.behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

export function validateAutoscalerStatus({ status }: v2.HorizontalPodAutoscaler): FieldError[] {
  return (['currentReplicas', 'desiredReplicas'] as const).flatMap((name) => nonNegative(`status.${name}`, status?.[name]));
}

function reference(given: v2.CrossVersionObjectReference | undefined, field: string): FieldError[] {
  return (['kind', 'name'] as const).flatMap((key) => {
    const text = given?.[key] ?? '';
    return text === '' ? [required(`${field}.${key}`)] : invalidAll(`${field}.${key}`, text, pathSegment(text));
  });
}

function malformedVersion(given: v2.CrossVersionObjectReference | undefined): string | undefined {
  const version = given?.apiVersion ?? '';
  return version.split('/').length > 2 ? `unexpected GroupVersion string: ${version}` : undefined;
}

function version(given: v2.CrossVersionObjectReference | undefined, field: string, mayBeCore: boolean): FieldError[] {
  const at = `${field}.apiVersion`;
  const value = given?.apiVersion ?? '';
  const malformed = malformedVersion(given);
  if (malformed) return [invalid(at, value, malformed)];
  return mayBeCore || /^[^/]+\//.test(value) ? [] : [invalid(at, value, 'apiVersion must specify API group')];
}

const sources = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const;
const types = Object.keys(sources).sort();

function metric(given: v2.MetricSpec, field: string, mayBeMalformed: boolean): FieldError[] {
  const own = Object.hasOwn(sources, given.type ?? '') ? sources[given.type as keyof typeof sources] : undefined;
  const present = Object.values(sources).filter((key) => given[key]);
  // Of several sources, the first is looked into, whichever the type names.
  const errors = present[0] ? source(given, present[0], `${field}.${present[0]}`, mayBeMalformed) : [];
  if (!given.type) errors.unshift(required(`${field}.type`, 'must specify a metric source type'));
  if (!own) errors.push(notSupported(`${field}.type`, given.type ?? '', types));
  else if (!given[own]) errors.push(required(`${field}.${own}`, 'must populate information for the given metric source'));
  if (present.length < 2) return errors;
  const surplus = present.filter((key) => key !== own);
  return [...errors, ...surplus.map((key) => forbidden(`${field}.${key}`, 'must populate the given metric source only'))];
}

function source(given: v2.MetricSpec, key: (typeof sources)[keyof typeof sources], field: string, mayBeMalformed: boolean): FieldError[] {
  const { object, pods, resource, containerResource, external } = given;
  if (key === 'resource' && resource) {
    return [...(resource.name ? [] : [unnamedResource(field)]), ...resourceTarget(resource.target, field)];
  }
  if (key === 'containerResource' && containerResource) {
    const { name, container = '', target } = containerResource;
    return [
      ...(name ? containerResourceName(name, `${field}.name`) : [unnamedResource(field)]),
      ...(container
        ? invalidAll(`${field}.container`, container, dnsLabel(container))
        : [required(`${field}.container`, 'must specify a container')]),
      ...resourceTarget(target, field),
    ];
  }
  if (key === 'pods' && pods)
    return [...identifier(pods.metric, field), ...metricTarget(pods.target, field), ...podsTarget(pods.target, field)];
  if (key === 'external' && external) {
    return [...identifier(external.metric, field), ...metricTarget(external.target, field), ...perPodOrTotal(external.target, field)];
  }
  if (!object) return [];
  const { target = { type: '' } } = object;
  const isOpen = target.value === undefined && target.averageValue === undefined;
  return [
    ...reference(object.describedObject, `${field}.describedObject`),
    ...(mayBeMalformed ? [] : version(object.describedObject, `${field}.describedObject`, true)),
    ...identifier(object.metric, field),
    ...metricTarget(target, field),
    ...(isOpen ? [required(`${field}.target.averageValue`, 'must set either a target value or averageValue')] : []),
  ];
}

function unnamedResource(field: string): FieldError {
  return required(`${field}.name`, 'must specify a resource name');
}

function identifier(given: v2.MetricIdentifier | undefined, field: string): FieldError[] {
  const path = `${field}.metric.name`;
  return given?.name ? invalidAll(path, given.name, pathSegment(given.name)) : [required(path, 'must specify a metric name')];
}

const choices = ['Disabled', 'Max', 'Min'];

function scalingRules(rules: v2.HPAScalingRules | undefined, field: string): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  return [
    ...(window === undefined ? [] : seconds(`${field}.stabilizationWindowSeconds`, window, 0, windowSecondsMax)),
    ...(selectPolicy === undefined || choices.includes(selectPolicy) ? [] : [notSupported(`${field}.selectPolicy`, selectPolicy, choices)]),
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
