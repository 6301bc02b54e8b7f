// Why a pod fits nowhere, in Kubernetes' words and order, because people and tools match on them.
import type { RejectionCounts } from './rejection-counts.ts';

/** Sorted as text, counts and all, as Kubernetes does it. */
function counted(counts: Map<string, number>): string {
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join(', ');
}

/** Of a pod whose policy is to remove nobody. */
export const neverText = 'not eligible due to preemptionPolicy=Never.';

const available = (nodeCount: number) => `0/${nodeCount} nodes are available:`;

/**
 * @param preemption what removing other pods would not help; empty when it does
 * @param obstacle what keeps the pod from every node alike
 */
export function unschedulableMessage(nodeCount: number, rejections: RejectionCounts, preemption: string, obstacle?: string): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const refusal = `${available(nodeCount)} ${obstacle ?? counted(rejections.reasons)}.`;
  return preemption ? `${refusal} preemption: ${preemption}` : refusal;
}

/** @param looked nodes that were looked at, which the reasons are of */
export function preemptionText(reasons: Map<string, number>, looked: number, nodeCount: number): string {
  const outcomes = new Map(reasons);
  if (nodeCount > looked) outcomes.set('Preemption is not helpful for scheduling', nodeCount - looked);
  return `${available(nodeCount)} ${counted(outcomes)}.`;
}
