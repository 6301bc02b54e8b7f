// Why a pod fits nowhere, in Kubernetes' words and order, because people and tools match on them.
import type { Pod } from '@berth/api';
import type { RejectionCounts } from './rejection-counts.ts';

/** Sorted as text, counts and all, as Kubernetes does it. */
function counted(counts: Map<string, number>): string {
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join(', ');
}

/** @param obstacle what keeps the pod from every node alike */
export function unschedulableMessage(pod: Pod, rejections: RejectionCounts, nodeCount: number, obstacle?: string): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const available = `0/${nodeCount} nodes are available:`;
  const reasons = obstacle ?? counted(rejections.reasons);
  return `${available} ${reasons}. preemption: ${preemptionText(pod, rejections.resolvable, available, nodeCount)}`;
}

function preemptionText(pod: Pod, resolvable: number, available: string, nodeCount: number): string {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const outcomes = new Map<string, number>();
  if (resolvable > 0) outcomes.set('No preemption victims found for incoming pod', resolvable);
  if (nodeCount > resolvable) outcomes.set('Preemption is not helpful for scheduling', nodeCount - resolvable);
  return `${available} ${counted(outcomes)}.`;
}
