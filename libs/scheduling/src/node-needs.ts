// What would have to be different on one node for a pod to fit there: room, or that the node takes pods at all.
import type { NodeState } from './node-state.ts';
import { localPlugins } from './plugins.ts';
import type { PodFacts } from './pod-facts.ts';
import { cordonTaint } from './pod-relaxations.ts';
import type { Snapshot } from './snapshot.ts';
import { tolerates } from './tolerations.ts';

export type NodeNeed =
  /** `amount` in thousandths for cpu, else in whole units; `requestMax` is what the pod could ask for. */
  { type: 'Resource'; resource: string; amount: number; requestMax: number } | { type: 'Pods'; podsMax: number } | { type: 'Uncordon' };

/** Undefined when something is in the way that is neither: those demands of the pod are to be given up first. */
export function nodeNeeds(pod: PodFacts, node: NodeState, snapshot: Snapshot): NodeNeed[] | undefined {
  const needs: NodeNeed[] = [];
  let asked = withNominated(pod, node, snapshot);
  if (isCordonedFor(pod, node)) {
    needs.push({ type: 'Uncordon' });
    asked = uncordoned(asked);
  }
  for (const plugin of localPlugins) {
    if (plugin.name === 'NodeResourcesFit') needs.push(...shortages(pod, asked));
    else if (plugin.filter?.(pod, asked, snapshot)) return undefined;
  }
  return needs;
}

/** Room that is kept for pods which are nominated to the node is not there for others. */
function withNominated(pod: PodFacts, node: NodeState, { nominations }: Snapshot): NodeState {
  const ahead = nominations.aheadOf(pod, node.name);
  if (ahead.length === 0) return node;
  const copy = node.copy();
  for (const other of ahead) copy.add(other);
  return copy;
}

/** The node refuses the pod for its cordon, whatever else it thinks of it. */
export function isCordonedFor({ pod }: PodFacts, { node }: NodeState): boolean {
  if (!node?.spec?.unschedulable) return false;
  return !pod.spec.tolerations?.some((toleration) => tolerates(toleration, { key: cordonTaint, effect: 'NoSchedule' }));
}

/** The node as it would be after `kubectl uncordon`; it itself stays as it is. */
export function uncordoned(state: NodeState): NodeState {
  const copy = state.copy();
  if (state.node) copy.node = { ...state.node, spec: { ...state.node.spec, unschedulable: false } };
  copy.taints = state.taints.filter(({ key }) => key !== cordonTaint);
  return copy;
}

function shortages({ requests }: PodFacts, node: NodeState): NodeNeed[] {
  const needs: NodeNeed[] = [];
  if (node.pods.size + 1 > node.podsMax) needs.push({ type: 'Pods', podsMax: node.podsMax });
  for (const [resource, amount] of requests) {
    const free = (node.allocatable.get(resource) ?? 0) - (node.requested.get(resource) ?? 0);
    if (amount > 0 && amount > free) needs.push({ type: 'Resource', resource, amount: amount - free, requestMax: Math.max(0, free) });
  }
  return needs;
}
