// Where a pod must run, by nodeSelector and required affinity, and where it had rather run.
import { nodeMatches, nodeMatchesTerm, type SelectableNode } from '../node-selector.ts';
import { type LocalPlugin, unresolvable } from '../plugin.ts';
import type { PodFacts } from '../pod-facts.ts';

const refusal = unresolvable("node(s) didn't match Pod's node affinity/selector");

export function isWantedNode({ pod }: Pick<PodFacts, 'pod'>, node: SelectableNode): boolean {
  const { nodeSelector, affinity } = pod.spec;
  for (const key in nodeSelector) if (node.labels[key] !== nodeSelector[key]) return false;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || nodeMatches(required, node);
}

const preferences = ({ pod }: PodFacts) => pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];

export const nodeAffinity: LocalPlugin = {
  name: 'NodeAffinity',
  filter: (pod, node) => (isWantedNode(pod, node) ? undefined : refusal),
  score: {
    weight: 2,
    normalize: 'share-of-max',
    appliesTo: (pod) => preferences(pod).length > 0,
    of: (pod, node) => preferences(pod).reduce((sum, { weight, preference }) => sum + (nodeMatchesTerm(preference, node) ? weight : 0), 0),
  },
};
