// What of an autoscaler Berth cannot do: metrics that nothing here measures, and tolerances of its own.
import type { HorizontalPodAutoscalerBehavior, MetricSpec } from '../generated/autoscaling-v2.types.ts';
import { idle } from './pod-spec.ts';

export function autoscalerWarnings(metrics: MetricSpec[] = []): string[] {
  return metrics.flatMap(({ type }, index) =>
    type === 'Resource' || type === 'ContainerResource'
      ? []
      : [`spec.metrics[${index}].type: Berth measures CPU and memory of pods only; this metric is not available`],
  );
}

/** How far from its target a metric may be is always a tenth. */
export function behaviorWarnings(behavior: HorizontalPodAutoscalerBehavior | undefined): string[] {
  const given = (['scaleUp', 'scaleDown'] as const).filter((direction) => behavior?.[direction]?.tolerance !== undefined);
  return given.map((direction) => idle(`spec.behavior.${direction}.tolerance`));
}
