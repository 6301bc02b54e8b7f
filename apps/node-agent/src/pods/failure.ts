// Why the agent ends a pod, or does not take it.
import type { PodCondition } from '@berth/api';

export interface Failure {
  reason: string;
  message: string;
  /** Set once the pod has ended. */
  condition?: PodCondition;
  /** The most that containers are given to end. */
  graceSeconds?: number;
  /** Nothing of it ever ran here. */
  isRejected?: true;
  /** What is said of the node says it all. */
  hasNoEvent?: true;
}

/** What tells others that not the pod itself, but the node ended it. */
export function terminationByKubelet(message: string): PodCondition {
  return { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message };
}
