// Why a pod fits nowhere, in Kubernetes' words and order, because people and tools match on them.
import type { Pod } from '@berth/api';
import type { Rejection } from './plugin.ts';

/** Sorted as text, counts and all, as Kubernetes does it. */
function counted(counts: Map<string, number>): string {
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join(', ');
}

export function reasonCounts(rejections: Rejection[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { reasons } of rejections) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

/** @param preFilter what keeps the pod from every node alike */
export function unschedulableMessage(pod: Pod, rejections: Rejection[], nodeCount: number, preFilter?: string): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const available = `0/${nodeCount} nodes are available:`;
  const reasons = preFilter ?? counted(reasonCounts(rejections));
  return `${available} ${reasons}. preemption: ${preemptionText(pod, rejections, available, nodeCount)}`;
}

function preemptionText(pod: Pod, rejections: Rejection[], available: string, nodeCount: number): string {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const helped = rejections.filter(({ isResolvable }) => isResolvable).length;
  const outcomes = new Map<string, number>();
  if (helped > 0) outcomes.set('No preemption victims found for incoming pod', helped);
  if (nodeCount > helped) outcomes.set('Preemption is not helpful for scheduling', nodeCount - helped);
  return `${available} ${counted(outcomes)}.`;
}
