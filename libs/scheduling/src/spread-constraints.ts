// The spread constraints of a pod made ready to be asked: its own, or the default of pods that belong together.
import type { TopologySpreadConstraint } from '@berth/api';
import { labelSelectorFrom } from '@berth/machinery';
import type { NodeState } from './node-state.ts';
import { isWantedNode } from './plugins/node-affinity.ts';
import type { PodFacts } from './pod-facts.ts';
import type { Snapshot } from './snapshot.ts';
import { untolerated } from './tolerations.ts';

export interface SpreadConstraint {
  maxSkew: number;
  isHard: boolean;
  isDefault: boolean;
  domainsMin: number;
  domainOf(node: NodeState): string | undefined;
  /** Whether a node's pods and domain count. */
  counts(node: NodeState): boolean;
  matches(pod: PodFacts): boolean;
}

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

export function spreadConstraints(pod: PodFacts, snapshot: Snapshot): SpreadConstraint[] {
  const own = pod.pod.spec.topologySpreadConstraints ?? [];
  return own.length > 0 ? own.map((constraint) => compiled(constraint, pod)) : defaults(pod, snapshot);
}

function compiled(constraint: TopologySpreadConstraint, pod: PodFacts): SpreadConstraint {
  const { topologyKey, labelSelector, matchLabelKeys, nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
  const byOwnLabels = (matchLabelKeys ?? []).flatMap((key) => {
    const value = pod.labels[key];
    return value === undefined ? [] : [{ key, operator: 'In', values: [value] }];
  });
  const matchExpressions = [...(labelSelector?.matchExpressions ?? []), ...byOwnLabels];
  const selector = labelSelector && labelSelectorFrom({ ...labelSelector, matchExpressions });
  return {
    maxSkew: constraint.maxSkew,
    isHard: constraint.whenUnsatisfiable === 'DoNotSchedule',
    isDefault: false,
    domainsMin: constraint.minDomains ?? 1,
    domainOf: ({ labels }) => labels[topologyKey],
    counts: (node) =>
      (nodeAffinityPolicy === 'Ignore' || isWantedNode(pod, node)) &&
      (nodeTaintsPolicy !== 'Honor' || !untolerated(node.taints, pod.pod.spec.tolerations, ['NoSchedule', 'NoExecute'])),
    matches: (other) => other.namespace === pod.namespace && (selector?.matches(other.labels) ?? false),
  };
}

/** Pods of one controller, else of the same services, had rather be on different hosts and in different zones. */
function defaults(pod: PodFacts, snapshot: Snapshot): SpreadConstraint[] {
  const selectors = pod.owner === undefined ? snapshot.serviceSelectorsFor(pod) : [];
  if (pod.owner === undefined && selectors.length === 0) return [];
  const isAlike = ({ owner, labels }: PodFacts) =>
    pod.owner === undefined
      ? selectors.every((selector) => Object.entries(selector).every(([key, value]) => labels[key] === value))
      : owner === pod.owner;
  const common = {
    isHard: false,
    isDefault: true,
    domainsMin: 1,
    counts: (node: NodeState) => isWantedNode(pod, node),
    matches: (other: PodFacts) => other.namespace === pod.namespace && isAlike(other),
  };
  return [
    { ...common, maxSkew: 3, domainOf: ({ labels, name }) => labels[hostname] ?? name },
    { ...common, maxSkew: 5, domainOf: ({ labels }) => labels[zone] },
  ];
}
