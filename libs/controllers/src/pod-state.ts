// What controllers read from a pod's status: whether it counts, is ready, and has been for long enough.
import { hasEnded, type Pod } from '@berth/api';

export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && !pod.metadata.deletionTimestamp;
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/** Unix milliseconds since which the pod is ready, 0 when that is not known; undefined when it is not. */
export function readySince(pod: Pod): number | undefined {
  const condition = readyCondition(pod);
  if (condition?.status !== 'True') return undefined;
  return Date.parse(condition.lastTransitionTime ?? '') || 0;
}

/** How long until the pod has been ready for `minReadySeconds`: 0 when it is available, undefined when it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const since = readySince(pod);
  if (since === undefined) return undefined;
  if (minReadySeconds === 0) return 0;
  // Ready nobody knows since when: not for long enough.
  return since === 0 ? undefined : Math.max(since + minReadySeconds * 1000 - now, 0);
}

function readyCondition(pod: Pod) {
  return pod.status?.conditions?.find((condition) => condition.type === 'Ready');
}
