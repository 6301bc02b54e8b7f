// `kubectl get horizontalpodautoscalers`.
import type { Column } from '@berth/machinery';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../generated/autoscaling-v2.types.ts';
import { ageColumn, count, nameColumn, none, shownAsText, text, unknown } from './column.ts';

const metricsShownMax = 2;

export const autoscalerColumns: Column<HorizontalPodAutoscaler>[] = [
  nameColumn(),
  text('Reference', 'What it scales', ({ spec }) => `${spec.scaleTargetRef?.kind}/${spec.scaleTargetRef?.name}`),
  text('Targets', 'Each metric as it is, and as it shall be', targetsText),
  text('MinPods', 'Pods at least', ({ spec }) => (spec.minReplicas === undefined ? '<unset>' : String(spec.minReplicas))),
  shownAsText(count('MaxPods', 'Pods at most', ({ spec }) => spec.maxReplicas)),
  shownAsText(count('Replicas', 'Pods that there are', ({ status }) => status?.currentReplicas)),
  ageColumn(),
];

function targetsText({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return none;
  const shown = metrics.slice(0, metricsShownMax).map((metric, index) => metricText(metric, status?.currentMetrics?.[index]));
  const more = metrics.length - shown.length;
  return more > 0 ? `${shown.join(', ')} + ${more} more...` : shown.join(', ');
}

function metricText(metric: MetricSpec, current: MetricStatus | undefined): string {
  const resource = metric.resource ?? metric.containerResource;
  if (resource) {
    return `${resource.name}: ${resourceText(resource.target, (current?.resource ?? current?.containerResource)?.current)}`;
  }
  if (metric.pods) return pair(current?.pods?.current?.averageValue, metric.pods.target?.averageValue);
  const target = (metric.external ?? metric.object)?.target;
  const measured = (current?.external ?? current?.object)?.current;
  if (!target) return unknown;
  return target.averageValue === undefined
    ? pair(measured?.value, target.value)
    : `${pair(measured?.averageValue, target.averageValue)} (avg)`;
}

function resourceText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return pair(current?.averageValue, target.averageValue);
  const percent = current?.averageUtilization;
  return `${percent === undefined ? unknown : `${percent}%`}/${target?.averageUtilization ?? 0}%`;
}

function pair(current: string | undefined, target: string | undefined): string {
  return `${current ?? unknown}/${target ?? unknown}`;
}
