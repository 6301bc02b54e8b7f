// HorizontalPodAutoscaler as autoscaling/v1 shows it: the CPU target is a field, and all that this version has no field for
// is kept as JSON in annotations, so that an old client's write loses nothing.
import { asGoStruct, checkTypes, defineKind, isRecord, type KindDefinition, type KubeObject, type MessageSchema } from '@berth/machinery';
import { roundTrip, withoutRoundTrip } from '../defaults/autoscaling.ts';
import type * as v1 from '../generated/autoscaling-v1.types.ts';
import type * as v2 from '../generated/autoscaling-v2.types.ts';
import { HorizontalPodAutoscaler } from '../kinds/horizontal-pod-autoscaler.ts';
import { schemas } from '../schemas.ts';
import { specFromV1, specToV1, statusFromV1, statusToV1 } from './autoscaler-metrics.ts';
import { asGoReads, goJson } from './go-json.ts';
import { columnsThrough } from './through.ts';

const messages = {
  metric: schemas.message('autoscaling.v1.MetricSpec'),
  status: schemas.message('autoscaling.v1.MetricStatus'),
  condition: schemas.message('autoscaling.v1.HorizontalPodAutoscalerCondition'),
  behavior: schemas.message('autoscaling.v2.HorizontalPodAutoscalerBehavior'),
};
const defaultCpuPercent = 80;

/** Whether a metric is one that targetCPUUtilizationPercentage stands for. */
function isCpuTarget(metric: v2.MetricSpec): boolean {
  return metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target?.averageUtilization !== undefined;
}

function fromStored(stored: KubeObject): KubeObject {
  const { spec, status, metadata, ...rest } = stored as v2.HorizontalPodAutoscaler;
  const { metrics = [], behavior, ...target } = spec ?? {};
  const others = metrics.filter((metric) => !isCpuTarget(metric));
  const { currentMetrics = [], conditions = [], ...counts } = status ?? {};
  const annotations = {
    ...withoutRoundTrip(metadata.annotations),
    ...kept(roundTrip.metrics, messages.metric, others.map(specToV1)),
    ...kept(roundTrip.currentMetrics, messages.status, currentMetrics.map(statusToV1)),
    // Kubernetes writes its internal type here, whose fields have the names that they have in Go.
    ...(behavior && { [roundTrip.behavior]: goJson(undefined, asGoStruct(messages.behavior, behavior)) }),
    ...kept(roundTrip.conditions, messages.condition, conditions),
  };
  const { annotations: _stored, ...named } = metadata;
  const percentage = metrics.find(isCpuTarget)?.resource?.target.averageUtilization;
  const current = currentMetrics.filter(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu').at(-1)?.resource?.current;
  return {
    ...rest,
    apiVersion: 'autoscaling/v1',
    metadata: { ...named, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...(spec && { spec: { ...target, ...(percentage !== undefined && { targetCPUUtilizationPercentage: percentage }) } }),
    ...(status && {
      status: {
        ...counts,
        ...(current?.averageUtilization !== undefined && { currentCPUUtilizationPercentage: current.averageUtilization }),
      },
    }),
  } as KubeObject;
}

function toStored(object: KubeObject): KubeObject {
  const { spec, status, metadata, ...rest } = object as v1.HorizontalPodAutoscaler;
  const { targetCPUUtilizationPercentage: percentage, ...target } = spec ?? {};
  const { currentCPUUtilizationPercentage: current, ...counts } = status ?? {};
  const given = metadata?.annotations ?? {};
  const metrics = (list<v1.MetricSpec>(given[roundTrip.metrics], messages.metric) ?? []).map(specFromV1);
  if (percentage !== undefined) metrics.push(cpuTarget(percentage));
  const behavior = behaviorIn(given[roundTrip.behavior]);
  // What is measured stands there in full.
  const currentMetrics =
    list<v1.MetricStatus>(given[roundTrip.currentMetrics], messages.status)?.map(statusFromV1) ??
    (current === undefined ? [] : [currentCpuOf(current)]);
  const conditions = list<v2.HorizontalPodAutoscalerCondition>(given[roundTrip.conditions], messages.condition) ?? [];
  const { annotations: _given, ...named } = metadata ?? {};
  const annotations = withoutRoundTrip(given);
  return {
    ...rest,
    apiVersion: 'autoscaling/v2',
    metadata: { ...named, ...(annotations && { annotations }) },
    ...(spec && {
      spec: { ...target, metrics: metrics.length > 0 ? metrics : [cpuTarget(defaultCpuPercent)], ...(behavior && { behavior }) },
    }),
    ...((status || currentMetrics.length > 0 || conditions.length > 0) && {
      status: { ...counts, ...(currentMetrics.length > 0 && { currentMetrics }), ...(conditions.length > 0 && { conditions }) },
    }),
  } as KubeObject;
}

function cpuTarget(averageUtilization: number): v2.MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

function currentCpuOf(averageUtilization: number): v2.MetricStatus {
  return { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization } } };
}

function kept(name: string, message: MessageSchema, items: object[]): Record<string, string> {
  return items.length > 0 ? { [name]: goJson(message, items) } : {};
}

/** What somebody wrote into an annotation by hand and is not of its type counts as nothing, as in Kubernetes. */
function read(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function list<T>(text: string | undefined, message: MessageSchema): T[] | undefined {
  const value = read(text);
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item) => checkTypes(message, asGoReads(message, item ?? {})));
  return items.some(({ errors }) => errors.length > 0) ? undefined : items.map((item) => item.value as T);
}

function behaviorIn(text: string | undefined): v2.HorizontalPodAutoscalerBehavior | undefined {
  const value = read(text);
  if (!isRecord(value)) return undefined;
  const { value: behavior, errors } = checkTypes(messages.behavior, asGoReads(messages.behavior, value));
  return errors.length > 0 || (!behavior.scaleUp && !behavior.scaleDown) ? undefined : behavior;
}

const view = { of: HorizontalPodAutoscaler as unknown as KindDefinition, toStored, fromStored };

export const AutoscalingV1HorizontalPodAutoscaler = defineKind<v1.HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  scope: 'Namespaced',
  shortNames: ['hpa'],
  categories: ['all'],
  schema: schemas.message('autoscaling.v1.HorizontalPodAutoscaler'),
  subresources: { status: true },
  defaults: (autoscaler) => {
    autoscaler.spec ??= { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 };
    autoscaler.spec.minReplicas ??= 1;
  },
  columns: columnsThrough(view, HorizontalPodAutoscaler.columns),
  view,
});
