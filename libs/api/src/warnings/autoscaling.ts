// What of an autoscaler Berth cannot do: metrics that nothing here measures.
import type { MetricSpec } from '../generated/autoscaling-v2.types.ts';

export function autoscalerWarnings(metrics: MetricSpec[] = []): string[] {
  return metrics.flatMap(({ type }, index) =>
    type === 'Resource' || type === 'ContainerResource'
      ? []
      : [`spec.metrics[${index}].type: Berth measures CPU and memory of pods only; this metric is not available`],
  );
}
