// Defaults of horizontal pod autoscalers: CPU at 80 %, and how fast to scale where `behavior` leaves it open.
import type { HorizontalPodAutoscaler, HPAScalingPolicy, HPAScalingRules } from '../generated/autoscaling-v2.types.ts';

const cpuPercent = 80;
const upPolicies = (): HPAScalingPolicy[] => [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];
const downPolicies = (): HPAScalingPolicy[] => [{ type: 'Percent', value: 100, periodSeconds: 15 }];

/** In which autoscaling/v1 keeps what it has no field for: nobody else's to write. */
export const roundTrip = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  scaleDownTolerance: 'autoscaling.alpha.kubernetes.io/scale-down-tolerance',
  scaleUpTolerance: 'autoscaling.alpha.kubernetes.io/scale-up-tolerance',
} as const;
const roundTripNames: readonly string[] = Object.values(roundTrip);

/** Undefined when nothing is left. */
export function withoutRoundTrip(annotations: Record<string, string> | undefined): Record<string, string> | undefined {
  const kept = Object.entries(annotations ?? {}).filter(([name]) => !roundTripNames.includes(name));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

export function defaultAutoscaler(autoscaler: HorizontalPodAutoscaler): void {
  const { metadata } = autoscaler;
  if (metadata?.annotations && roundTripNames.some((name) => metadata.annotations?.[name] !== undefined)) {
    const annotations = withoutRoundTrip(metadata.annotations);
    if (annotations) metadata.annotations = annotations;
    else delete metadata.annotations;
  }
  autoscaler.spec ??= { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 };
  const { spec } = autoscaler;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) {
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuPercent } } }];
  }
  if (!spec.behavior) return;
  spec.behavior.scaleUp = rules(spec.behavior.scaleUp, upPolicies());
  spec.behavior.scaleUp.stabilizationWindowSeconds ??= 0;
  spec.behavior.scaleDown = rules(spec.behavior.scaleDown, downPolicies());
}

function rules(given: HPAScalingRules | undefined, policies: HPAScalingPolicy[]): HPAScalingRules {
  return { ...given, selectPolicy: given?.selectPolicy ?? 'Max', policies: given?.policies ?? policies };
}
