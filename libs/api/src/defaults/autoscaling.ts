// Defaults of horizontal pod autoscalers: CPU at 80 %, and how fast to scale where `behavior` leaves it open.
import type { HorizontalPodAutoscaler, HPAScalingPolicy, HPAScalingRules } from '../generated/autoscaling-v2.types.ts';

const cpuPercent = 80;
const upPolicies = (): HPAScalingPolicy[] => [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];
const downPolicies = (): HPAScalingPolicy[] => [{ type: 'Percent', value: 100, periodSeconds: 15 }];

export function defaultAutoscaler(autoscaler: HorizontalPodAutoscaler): void {
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
