// Metrics that nothing in Berth measures: an autoscaler that has only such does not scale.
import type { MetricSpec } from '../generated/autoscaling-v2.types.ts';

export function autoscalerWarnings(metrics: MetricSpec[] = []): string[] {
  return metrics.flatMap(({ type }, index) =>
    type === 'Resource' || type === 'ContainerResource'
      ? []
      : [`spec.metrics[${index}].type: Berth measures CPU and memory of pods only; this metric is not available`],
  );
}
