// Metrics of what bounds others: quotas, limits, disruption budgets, autoscalers.
import { HorizontalPodAutoscaler, LimitRange, PodDisruptionBudget, ResourceQuota } from '@berth/api';
import {
  conditionSamples,
  gauge,
  info,
  type KindFamilies,
  type Labels,
  lifeTimes,
  named,
  type Sample,
  samplesOf,
  value,
} from '../family.ts';
import { amount } from '../resources.ts';

export const quotas: KindFamilies<ResourceQuota> = {
  kind: ResourceQuota,
  identity: named('resourcequota'),
  families: [
    gauge('kube_resourcequota', 'What a namespace may have, and what it has.', ({ status }) =>
      samplesOf([...quotaEntries('hard', status?.hard), ...quotaEntries('used', status?.used)]),
    ),
    ...lifeTimes<ResourceQuota>('kube_resourcequota'),
  ],
};

function quotaEntries(type: string, amounts: Record<string, string> | undefined) {
  return Object.entries(amounts ?? {}).map(([resource, quantity]): [Labels, number | undefined] => [{ resource, type }, amount(quantity)]);
}

const constraints = ['min', 'max', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

export const limitRanges: KindFamilies<LimitRange> = {
  kind: LimitRange,
  identity: named('limitrange'),
  families: [
    gauge('kube_limitrange', 'Bounds and defaults of what containers, pods and claims ask for.', ({ spec }) =>
      samplesOf(
        (spec?.limits ?? []).flatMap((limit) =>
          constraints.flatMap((constraint) =>
            Object.entries(limit[constraint] ?? {}).map(([resource, quantity]): [Labels, number | undefined] => [
              { resource, type: limit.type, constraint },
              amount(quantity),
            ]),
          ),
        ),
      ),
    ),
    ...lifeTimes<LimitRange>('kube_limitrange'),
  ],
};

export const disruptionBudgets: KindFamilies<PodDisruptionBudget> = {
  kind: PodDisruptionBudget,
  identity: named('poddisruptionbudget'),
  families: [
    value('kube_poddisruptionbudget_status_current_healthy', 'Healthy pods.', ({ status }) => status?.currentHealthy ?? 0),
    value('kube_poddisruptionbudget_status_desired_healthy', 'Pods that have to be healthy.', ({ status }) => status?.desiredHealthy ?? 0),
    value(
      'kube_poddisruptionbudget_status_pod_disruptions_allowed',
      'Pods that may be evicted.',
      ({ status }) => status?.disruptionsAllowed ?? 0,
    ),
    value('kube_poddisruptionbudget_status_expected_pods', 'Pods that the budget counts.', ({ status }) => status?.expectedPods ?? 0),
    value(
      'kube_poddisruptionbudget_status_observed_generation',
      'The generation that the status is of.',
      ({ status }) => status?.observedGeneration ?? 0,
    ),
    ...lifeTimes<PodDisruptionBudget>('kube_poddisruptionbudget'),
  ],
};

type Metric = NonNullable<HorizontalPodAutoscaler['spec']['metrics']>[number];
type Current = NonNullable<NonNullable<HorizontalPodAutoscaler['status']>['currentMetrics']>[number];
interface Target {
  value?: string;
  averageValue?: string;
  averageUtilization?: number;
}

export const autoscalers: KindFamilies<HorizontalPodAutoscaler> = {
  kind: HorizontalPodAutoscaler,
  identity: named('horizontalpodautoscaler'),
  families: [
    info('kube_horizontalpodautoscaler_info', 'What an autoscaler scales.', ({ spec }) => ({
      scaletargetref_api_version: spec.scaleTargetRef.apiVersion,
      scaletargetref_kind: spec.scaleTargetRef.kind,
      scaletargetref_name: spec.scaleTargetRef.name,
    })),
    value(
      'kube_horizontalpodautoscaler_metadata_generation',
      'How often what is wanted has changed.',
      ({ metadata }) => metadata.generation,
    ),
    value('kube_horizontalpodautoscaler_spec_max_replicas', 'At most so many pods.', ({ spec }) => spec.maxReplicas),
    value('kube_horizontalpodautoscaler_spec_min_replicas', 'At least so many pods.', ({ spec }) => spec.minReplicas),
    gauge('kube_horizontalpodautoscaler_spec_target_metric', 'What an autoscaler aims at.', ({ spec }) =>
      (spec.metrics ?? []).flatMap((metric) => targetSamples(metric, sourceOf(metric)?.target)),
    ),
    gauge('kube_horizontalpodautoscaler_status_target_metric', 'What it has now.', ({ status }) =>
      (status?.currentMetrics ?? []).flatMap((metric) => targetSamples(metric, sourceOf(metric)?.current)),
    ),
    gauge('kube_horizontalpodautoscaler_status_condition', 'Conditions of an autoscaler.', ({ status }) =>
      conditionSamples(status?.conditions),
    ),
    value('kube_horizontalpodautoscaler_status_current_replicas', 'Pods that there are.', ({ status }) => status?.currentReplicas ?? 0),
    value('kube_horizontalpodautoscaler_status_desired_replicas', 'Pods that it wants.', ({ status }) => status?.desiredReplicas ?? 0),
    ...lifeTimes<HorizontalPodAutoscaler>('kube_horizontalpodautoscaler'),
    // Under the short name, which dashboards count autoscalers by.
    value('kube_hpa_labels', 'One for each autoscaler.', () => 1),
  ],
};

interface Source {
  name?: string;
  container?: string;
  metric?: { name: string };
  target?: Target;
  current?: Target;
}

function sourceOf(metric: Metric | Current): Source | undefined {
  return metric.resource ?? metric.containerResource ?? metric.pods ?? metric.object ?? metric.external;
}

function targetSamples(metric: Metric | Current, target: Target | undefined): Sample[] {
  const source = sourceOf(metric);
  const labels = { metric_name: source?.name ?? source?.metric?.name, ...(source?.container && { container: source.container }) };
  const entries: [string, number | undefined][] = [
    ['value', amount(target?.value)],
    ['average', amount(target?.averageValue)],
    ['utilization', target?.averageUtilization],
  ];
  return [...samplesOf(entries.map(([type, of]) => [{ ...labels, metric_target_type: type }, of]))];
}
