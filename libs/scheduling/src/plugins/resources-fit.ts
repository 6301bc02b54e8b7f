// A node must have what a pod asks for; of those that do, the emptier ones are better, so that load spreads.
import type { NodeState } from '../node-state.ts';
import { type LocalPlugin, scoreMax } from '../plugin.ts';
import type { PodFacts } from '../pod-facts.ts';

const scored = ['cpu', 'memory'];

export const resourcesFit: LocalPlugin = {
  name: 'NodeResourcesFit',
  filter(pod, node) {
    const reasons: string[] = [];
    let isResolvable = true;
    if (node.pods.size + 1 > node.podsMax) reasons.push('Too many pods');
    for (const [name, amount] of pod.requests) {
      if (amount === 0) continue;
      const allocatable = node.allocatable.get(name) ?? 0;
      if (amount <= allocatable - (node.requested.get(name) ?? 0)) continue;
      reasons.push(`Insufficient ${name}`);
      if (amount > allocatable) isResolvable = false;
    }
    return reasons.length === 0 ? undefined : { reasons, isResolvable };
  },
  score: { weight: 1, normalize: 'as-is', of: leastAllocated },
};

/** The mean share of each resource that stays free. */
function leastAllocated(pod: PodFacts, node: NodeState): number {
  let total = 0;
  let count = 0;
  for (const name of scored) {
    const allocatable = node.allocatable.get(name) ?? 0;
    if (allocatable === 0) continue;
    count++;
    const used = (node.scoredRequested.get(name) ?? 0) + (pod.scoredRequests.get(name) ?? 0);
    if (used <= allocatable) total += ((allocatable - used) * scoreMax) / allocatable;
  }
  return count === 0 ? 0 : total / count;
}
