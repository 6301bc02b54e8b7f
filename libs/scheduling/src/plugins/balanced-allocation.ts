// Prefers nodes on which cpu and memory would be used in like shares, so that neither is left over alone.
import type { NodeState } from '../node-state.ts';
import { type LocalPlugin, scoreMax } from '../plugin.ts';
import type { PodFacts } from '../pod-facts.ts';

const balanced = ['cpu', 'memory'];

export const balancedAllocation: LocalPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  score: {
    weight: 1,
    normalize: 'as-is',
    // A pod that asks for nothing cannot balance anything.
    appliesTo: (pod) => balanced.some((name) => (pod.requests.get(name) ?? 0) > 0),
    of: (pod, node) => (1 - deviation(pod, node)) * scoreMax,
  },
};

/** Standard deviation of the used shares, 0..0.5. */
function deviation(pod: PodFacts, node: NodeState): number {
  const shares = balanced.flatMap((name) => {
    const allocatable = node.allocatable.get(name) ?? 0;
    if (allocatable === 0) return [];
    return [Math.min(1, ((node.requested.get(name) ?? 0) + (pod.requests.get(name) ?? 0)) / allocatable)];
  });
  if (shares.length < 2) return 0;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
}
