// What a plugin is. Answers of local plugins hold until their node changes, so they may read nothing but the pod, the node
// and the volumes; what depends on pods elsewhere is a tally, which learns of each changed node.
import type { NodeState } from './node-state.ts';
import type { PodFacts } from './pod-facts.ts';
import type { Snapshot } from './snapshot.ts';

export const scoreMax = 100;

export interface Rejection {
  /** In Kubernetes' words, as it is counted in messages. */
  reasons: string[];
  /** Whether the pod would fit if others were gone. */
  isResolvable: boolean;
}

export type Normalize = 'as-is' | 'share-of-max' | 'reversed-share-of-max';

export interface LocalPlugin {
  readonly name: string;
  filter?(pod: PodFacts, node: NodeState, snapshot: Snapshot): Rejection | undefined;
  score?: {
    weight: number;
    /** `as-is` scores are 0..100 already. */
    normalize: Normalize;
    appliesTo?(pod: PodFacts): boolean;
    of(pod: PodFacts, node: NodeState, snapshot: Snapshot): number;
  };
}

/** One shape's count over the whole cluster. */
export interface Tally {
  /** Takes in a slot as it is now, instead of what it was. */
  update(slot: number, node: NodeState | undefined): void;
  filter?(node: NodeState): Rejection | undefined;
  /** Whether `filter` would let every node pass. */
  readonly isIdle?: boolean;
  /** Scores 0..100 for slots of nodes that all can take the pod, in their order; undefined when they are all the same to it. */
  score?(slots: number[]): Float64Array | undefined;
}

export interface TallyPlugin {
  readonly name: string;
  readonly weight: number;
  /** Undefined when the plugin has nothing to say about such pods, now. */
  tally(pod: PodFacts, snapshot: Snapshot): Tally | undefined;
}

export function unresolvable(...reasons: string[]): Rejection {
  return { reasons, isResolvable: false };
}

export function resolvable(...reasons: string[]): Rejection {
  return { reasons, isResolvable: true };
}

/** In place. */
export function normalize(scores: Float64Array, how: Normalize): void {
  if (how === 'as-is') return;
  let max = 0;
  for (const score of scores) if (score > max) max = score;
  const isReversed = how === 'reversed-share-of-max';
  for (let i = 0; i < scores.length; i++) {
    const share = max === 0 ? 0 : ((scores[i] ?? 0) * scoreMax) / max;
    scores[i] = isReversed ? scoreMax - share : share;
  }
}
