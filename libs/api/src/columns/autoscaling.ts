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
  text('Reference', 'What it scales', ({ spec }) => `${spec.scaleTargetRef?.kind ?? ''}/${spec.scaleTargetRef?.name ?? ''}`),
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

/** The type says which source counts: validation takes metrics whose other sources are empty only. */
function metricText({ type, resource, containerResource, pods, external, object }: MetricSpec, current: MetricStatus | undefined): string {
  if (type === 'Resource' && resource) return `${resource.name}: ${resourceText(resource.target, current?.resource)}`;
  if (type === 'ContainerResource' && containerResource) {
    return `${containerResource.name}: ${resourceText(containerResource.target, current?.containerResource)}`;
  }
  if (type === 'Pods') return pair(current?.pods && (current.pods.current?.averageValue ?? '<nil>'), pods?.target?.averageValue);
  if (type === 'External') return totalText(external?.target, current?.external?.current);
  return type === 'Object' ? totalText(object?.target, current?.object?.current) : '<unknown type>';
}

function totalText(target: MetricTarget | undefined, measured: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${pair(measured?.averageValue, target.averageValue)} (avg)`;
  return pair(measured && (measured.value ?? '<nil>'), target?.value);
}

function resourceText(target: MetricTarget | undefined, measured: { current?: MetricValueStatus } | undefined): string {
  if (target?.averageValue !== undefined) return pair(measured && (measured.current?.averageValue ?? '<nil>'), target.averageValue);
  const percent = measured?.current?.averageUtilization;
  const wanted = target?.averageUtilization;
  return `${percent === undefined ? unknown : `${percent}%`}/${wanted === undefined ? '<auto>' : `${wanted}%`}`;
}

function pair(current: string | undefined, target: string | undefined): string {
  return `${current ?? unknown}/${target ?? unknown}`;
}
