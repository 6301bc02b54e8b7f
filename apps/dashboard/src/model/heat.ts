// The heat map of nodes: of each, which share of what it can give is requested and used, and how warm that is.
import type { Node } from '@berth/api';
import { type Amounts, allocatable } from './node-usage.ts';

export type Measure = 'cpu' | 'memory' | 'pods';

export interface Shares {
  /** 0 to 1 and above; undefined where it is not known. */
  requested: number | undefined;
  used: number | undefined;
}

export interface NodeHeat {
  name: string;
  node: Node;
  cpu: Shares;
  memory: Shares;
  pods: Shares;
}

/** What is used of pods is how many there are. */
export interface UsedAmounts {
  cpu: number;
  memory: number;
}

export function nodeHeat(node: Node, requested: Amounts | undefined, used: UsedAmounts | undefined): NodeHeat {
  const total = allocatable(node);
  const share = (amount: number | undefined, of: number) => (amount === undefined || !(of > 0) ? undefined : amount / of);
  const shares = (measure: 'cpu' | 'memory'): Shares => ({
    requested: share(requested?.[measure], total[measure]),
    used: share(used?.[measure], total[measure]),
  });
  const pods = share(requested?.pods, total.pods);
  return { name: node.metadata.name ?? '', node, cpu: shares('cpu'), memory: shares('memory'), pods: { requested: pods, used: pods } };
}

export const heatSteps = [0.2, 0.4, 0.6, 0.8, 0.95] as const;

/** 0 for the coolest; what is not known has none. */
export function heatOf(share: number | undefined): number | undefined {
  if (share === undefined) return undefined;
  const step = heatSteps.findIndex((limit) => share < limit);
  return step < 0 ? heatSteps.length : step;
}

export const orders = ['name', 'requested', 'used'] as const;
export type Order = (typeof orders)[number];

/** The warmest first, and those of which nothing is known last. */
export function inHeatOrder(nodes: NodeHeat[], measure: Measure, order: Order): NodeHeat[] {
  const key = (node: NodeHeat) => (order === 'name' ? 0 : -(node[measure][order] ?? -1));
  return [...nodes].sort((a, b) => key(a) - key(b) || (a.name < b.name ? -1 : 1));
}

export function shareText(share: number | undefined): string {
  return share === undefined ? 'not known' : `${Math.round(share * 100)} %`;
}
