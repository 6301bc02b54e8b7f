// Why a metric says nothing, in Kubernetes' words: for the condition and the event of that metric, and for the event about all of
// them. Metrics of pods, objects and the outside fail as they do in a cluster in which nobody serves the APIs for them.
import type { HorizontalPodAutoscaler } from '@berth/api';

export type MetricSpec = NonNullable<HorizontalPodAutoscaler['spec']['metrics']>[number];
type Selector = NonNullable<NonNullable<MetricSpec['external']>['metric']['selector']>;

export interface Failure {
  reason: string;
  message: string;
  /** For the event about all metrics. */
  summary: string;
}

const noCustomMetrics = 'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';

/** Of a resource's usage. @param why what keeps it from being known */
export function resourceFailure({ type, resource, containerResource }: MetricSpec, why: string): Failure {
  const { name = '', target } = containerResource ?? resource ?? {};
  const message = `failed to get ${name} ${target?.averageValue === undefined ? 'utilization' : 'usage'}: ${why}`;
  return type === 'ContainerResource'
    ? failure('FailedGetContainerResourceMetric', `failed to get ${containerResource?.container} container metric value`, message)
    : failure('FailedGetResourceMetric', `failed to get ${name} resource metric value`, message);
}

/** Of metrics that nothing here measures; undefined for those of resources. */
export function unavailable({ pods, object, external }: MetricSpec, namespace: string): Failure | undefined {
  if (pods) {
    return failure(
      'FailedGetPodsMetric',
      'failed to get pods metric value',
      `unable to get metric ${pods.metric.name}: ${noCustomMetrics}`,
    );
  }
  if (object) {
    const { metric, describedObject, target } = object;
    const message = `unable to get metric ${metric.name}: ${describedObject.kind} on ${namespace} ${describedObject.name}/${noCustomMetrics}`;
    const each = target.type === 'AverageValue' ? `: failed to get ${metric.name} object metric` : '';
    return failure('FailedGetObjectMetric', `failed to get object metric value${each}`, message);
  }
  if (external) {
    const { metric, target } = external;
    const unserved = `the server could not find the requested resource (get ${metric.name}.external.metrics.k8s.io)`;
    const message = `unable to get external metric ${namespace}/${metric.name}/${selectorText(metric.selector)}: unable to fetch metrics from external metrics API: ${unserved}`;
    const each = target.averageValue === undefined ? `external metric ${metric.name}` : `${metric.name} external metric`;
    return failure('FailedGetExternalMetric', `failed to get ${metric.name} external metric value: failed to get ${each}`, message);
  }
  return undefined;
}

/** What is told when too few metrics are known to decide. */
export function summaryOf(failures: Failure[], metrics: number): string {
  return `invalid metrics (${failures.length} invalid out of ${metrics}), first error is: ${failures[0]?.summary}`;
}

function failure(reason: string, what: string, message: string): Failure {
  return { reason, message, summary: `${what}: ${message}` };
}

/** As Go prints one. */
function selectorText(selector: Selector | undefined): string {
  if (!selector) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const map = labels.map(([name, value]) => `${name}: ${value},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${map}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
