// What happens to a pod as it is created and deleted, beside defaults and validation.
import type { Pod } from '../generated/core-v1.types.ts';
import { qosClass } from './qos.ts';

export function preparePodForCreate(pod: Pod): void {
  const { spec } = pod;
  if (!spec.serviceAccountName) {
    spec.serviceAccountName = 'default';
    spec.serviceAccount = 'default';
  }
  delete spec.ephemeralContainers;
  pod.status = { phase: 'Pending', qosClass: qosClass(spec) };
  if (spec.schedulingGates?.length) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    pod.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }];
  }
}

/** Seconds that a deleted pod gets to stop: none when it runs nowhere or has ended. */
export function podGracePeriodSeconds(pod: Pod): number {
  const phase = pod.status?.phase;
  if (!pod.spec.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  const seconds = pod.spec.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
}
