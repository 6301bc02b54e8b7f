// HorizontalPodAutoscaler as autoscaling/v1 shows it: the CPU target is a field, and all that this version has no field for
// is kept as JSON in annotations, so that an old client's write loses nothing.
import { defineKind, isRecord, type KindDefinition, type KubeObject } from '@berth/machinery';
import type * as v1 from '../generated/autoscaling-v1.types.ts';
import type * as v2 from '../generated/autoscaling-v2.types.ts';
import { HorizontalPodAutoscaler } from '../kinds/horizontal-pod-autoscaler.ts';
import { schemas } from '../schemas.ts';
import { specFromV1, specToV1, statusFromV1, statusToV1 } from './autoscaler-metrics.ts';
import { columnsThrough } from './through.ts';

const annotation = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
} as const;

/** Whether a metric is what targetCPUUtilizationPercentage says. */
function isCpuTarget(metric: v2.MetricSpec): boolean {
  return metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target.averageUtilization !== undefined;
}

function fromStored(stored: KubeObject): KubeObject {
  const { spec, status, metadata, ...rest } = stored as v2.HorizontalPodAutoscaler;
  const { metrics = [], behavior, ...target } = spec ?? {};
  const cpu = metrics.find(isCpuTarget);
  const others = metrics.filter((metric) => metric !== cpu);
  const { currentMetrics = [], conditions, ...counts } = status ?? {};
  const currentCpu = currentMetrics.find((metric) => metric.type === 'Resource' && metric.resource?.name === 'cpu');
  const annotations = {
    ...metadata.annotations,
    ...kept(annotation.metrics, others.map(specToV1)),
    ...kept(annotation.behavior, behavior ?? {}),
    ...kept(annotation.currentMetrics, currentMetrics.filter((metric) => metric !== currentCpu).map(statusToV1)),
    ...kept(annotation.conditions, conditions ?? []),
  };
  const percentage = cpu?.resource?.target.averageUtilization;
  const current = currentCpu?.resource?.current.averageUtilization;
  return {
    ...rest,
    apiVersion: 'autoscaling/v1',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...(spec && { spec: { ...target, ...(percentage !== undefined && { targetCPUUtilizationPercentage: percentage }) } }),
    ...(status && { status: { ...counts, ...(current !== undefined && { currentCPUUtilizationPercentage: current }) } }),
  } as KubeObject;
}

function toStored(object: KubeObject): KubeObject {
  const { spec, status, metadata, ...rest } = object as v1.HorizontalPodAutoscaler;
  const { targetCPUUtilizationPercentage: percentage, ...target } = spec ?? {};
  const { currentCPUUtilizationPercentage: current, ...counts } = status ?? {};
  const annotations = { ...metadata?.annotations };
  for (const name of Object.values(annotation)) delete annotations[name];
  const cpu = percentage === undefined ? [] : [cpuTarget(percentage)];
  const metrics = [...cpu, ...list<v1.MetricSpec>(metadata, annotation.metrics).map(specFromV1)];
  const behavior = read(metadata, annotation.behavior);
  const currentCpu = current === undefined ? [] : [currentCpuOf(current)];
  const currentMetrics = [...currentCpu, ...list<v1.MetricStatus>(metadata, annotation.currentMetrics).map(statusFromV1)];
  const conditions = list<v2.HorizontalPodAutoscalerCondition>(metadata, annotation.conditions);
  const { annotations: _given, ...named } = metadata ?? {};
  return {
    ...rest,
    apiVersion: 'autoscaling/v2',
    metadata: { ...named, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...(spec && { spec: { ...target, ...(metrics.length > 0 && { metrics }), ...(isRecord(behavior) && { behavior }) } }),
    ...(status && {
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

function kept(name: string, value: object): Record<string, string> {
  return Object.keys(value).length > 0 ? { [name]: JSON.stringify(value) } : {};
}

/** What somebody wrote into the annotation by hand and is not JSON counts as nothing, as in Kubernetes. */
function read(metadata: KubeObject['metadata'] | undefined, name: string): unknown {
  const text = metadata?.annotations?.[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function list<T>(metadata: KubeObject['metadata'] | undefined, name: string): T[] {
  const value = read(metadata, name);
  return Array.isArray(value) ? value.filter(isRecord).map((item) => item as T) : [];
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
  columns: columnsThrough(view, HorizontalPodAutoscaler.columns),
  view,
});
