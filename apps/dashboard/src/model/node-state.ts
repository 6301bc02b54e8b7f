// How a node is, in a word or two.
import type { Node } from '@berth/api';

export const nodeStates = ['Ready', 'Cordoned', 'Not ready', 'Lost'] as const;
export type NodeState = (typeof nodeStates)[number];

/** By its condition alone, whether pods may be placed on it or not. */
export function nodeWord(node: Node): 'Ready' | 'Not ready' | 'Lost' {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  if (ready?.status === 'True') return 'Ready';
  // As a problem, not as something under way.
  return ready?.status === 'Unknown' ? 'Lost' : 'Not ready';
}

export function nodeState(node: Node): NodeState {
  const word = nodeWord(node);
  return word === 'Ready' && node.spec?.unschedulable ? 'Cordoned' : word;
}
