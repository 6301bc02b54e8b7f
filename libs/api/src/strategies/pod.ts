// What happens to a pod as it is created and deleted, beside defaults and validation.
import type { Pod, PodSpec, Toleration } from '../generated/core-v1.types.ts';
import { qosClass } from './qos.ts';

/** How long a pod stays on a node that is lost before it is evicted, unless it says otherwise. */
const lostNodeSeconds = 300;
const lostNodeTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export function preparePodForCreate(pod: Pod): void {
  const { spec } = pod;
  if (!spec.serviceAccountName) {
    spec.serviceAccountName = 'default';
    spec.serviceAccount = 'default';
  }
  spec.priority ??= 0;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  tolerateLostNodes(spec);
  delete spec.ephemeralContainers;
  pod.status = { phase: 'Pending', qosClass: qosClass(spec) };
  if (spec.schedulingGates?.length) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    pod.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }];
  }
}

function tolerateLostNodes(spec: PodSpec): void {
  for (const key of lostNodeTaints) {
    const isTolerated = spec.tolerations?.some((toleration) => toleratesEviction(toleration, key));
    if (isTolerated) continue;
    spec.tolerations = [...(spec.tolerations ?? []), { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: lostNodeSeconds }];
  }
}

function toleratesEviction(toleration: Toleration, key: string): boolean {
  const isSameKey = toleration.key === key || (!toleration.key && toleration.operator === 'Exists');
  return isSameKey && (!toleration.effect || toleration.effect === 'NoExecute');
}

/** Seconds that a deleted pod gets to stop: none when it runs nowhere or has ended. */
export function podGracePeriodSeconds(pod: Pod): number {
  const phase = pod.status?.phase;
  if (!pod.spec.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  const seconds = pod.spec.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
}
