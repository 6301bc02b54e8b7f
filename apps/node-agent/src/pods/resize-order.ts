// Which of the resizes that wait is tried first (Kubernetes, "Resize CPU and Memory Resources assigned to Containers", deferred
// resizes): those that ask for no more than they have, then by priority, then guaranteed pods, then those that waited longest.
import type { Pod } from '@berth/api';
import { qosClass } from './resources.ts';

export interface WaitingResize {
  pod: Pod;
  /** Whether the pod asks for more than it is granted. */
  isRaise: boolean;
  /** Unix milliseconds since which it waits. */
  sinceMs: number;
}

export function inResizeOrder<T extends WaitingResize>(waiting: T[]): T[] {
  const isGuaranteed = ({ pod }: T) => qosClass(pod) === 'Guaranteed';
  const priority = ({ pod }: T) => pod.spec.priority ?? 0;
  return [...waiting].sort(
    (a, b) =>
      Number(a.isRaise) - Number(b.isRaise) ||
      priority(b) - priority(a) ||
      Number(isGuaranteed(b)) - Number(isGuaranteed(a)) ||
      a.sinceMs - b.sinceMs,
  );
}
