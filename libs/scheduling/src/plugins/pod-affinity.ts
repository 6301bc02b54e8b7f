// Pods that must or would rather share a domain (a host, a zone) with other pods, or keep away from them; and those already
// placed that keep away from the new one. Every node's part in the counts is kept, so that a change costs that node only.
import { type AffinityTerm, termMatches } from '../affinity-terms.ts';
import type { NodeState } from '../node-state.ts';
import { resolvable, scoreMax, type Tally, type TallyPlugin, unresolvable } from '../plugin.ts';
import type { PodFacts } from '../pod-facts.ts';
import type { Snapshot } from '../snapshot.ts';

const refusals = {
  affinity: unresolvable("node(s) didn't match pod affinity rules"),
  anti: resolvable("node(s) didn't match pod anti-affinity rules"),
  existing: resolvable("node(s) didn't satisfy existing pods anti-affinity rules"),
};

/** Amounts by topology key, then by its value. */
type Counts = Map<string, Map<string, number>>;
interface Part {
  counts: Counts;
  topologyKey: string;
  value: string;
  amount: number;
}

export const podAffinity: TallyPlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  tally: (pod, snapshot) => new AffinityTally(pod, snapshot),
};

class AffinityTally implements Tally {
  readonly #pod: PodFacts;
  readonly #snapshot: Snapshot;
  readonly #parts: (Part[] | undefined)[] = [];
  readonly #wanted: Counts = new Map();
  readonly #unwanted: Counts[];
  readonly #keptAway: Counts = new Map();
  readonly #liked: Counts = new Map();
  readonly #matchesItself: boolean;

  constructor(pod: PodFacts, snapshot: Snapshot) {
    this.#pod = pod;
    this.#snapshot = snapshot;
    this.#unwanted = pod.affinity.requiredAnti.map(() => new Map());
    this.#matchesItself = pod.affinity.required.every((term) => this.#isAbout(term, pod));
  }

  get isIdle(): boolean {
    const { required, requiredAnti } = this.#pod.affinity;
    return required.length === 0 && requiredAnti.length === 0 && this.#keptAway.size === 0;
  }

  update(slot: number, node: NodeState | undefined): void {
    for (const part of this.#parts[slot] ?? []) add(part, -1);
    const parts = node ? [...this.#ownParts(node), ...this.#theirParts(node)] : [];
    for (const part of parts) add(part, 1);
    this.#parts[slot] = parts.length > 0 ? parts : undefined;
  }

  filter(node: NodeState) {
    if (!this.#hasWanted(node)) return refusals.affinity;
    const { requiredAnti } = this.#pod.affinity;
    if (requiredAnti.some(({ topologyKey }, index) => isNear(node, this.#unwanted[index], topologyKey))) return refusals.anti;
    for (const topologyKey of this.#keptAway.keys()) if (isNear(node, this.#keptAway, topologyKey)) return refusals.existing;
    return undefined;
  }

  score(slots: number[]): Float64Array | undefined {
    if (this.#liked.size === 0) return undefined;
    const scores = new Float64Array(slots.length);
    for (const [topologyKey, values] of this.#liked) {
      for (let i = 0; i < slots.length; i++) {
        const value = this.#snapshot.nodes[slots[i] ?? 0]?.labels[topologyKey];
        if (value !== undefined) scores[i] = (scores[i] ?? 0) + (values.get(value) ?? 0);
      }
    }
    return stretch(scores) ? scores : undefined;
  }

  #hasWanted(node: NodeState): boolean {
    const { required } = this.#pod.affinity;
    if (required.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) return false;
    // The first of a group that wants to be together has nobody to join.
    if (this.#wanted.size === 0 && this.#matchesItself) return true;
    return required.every(({ topologyKey }) => isNear(node, this.#wanted, topologyKey));
  }

  *#ownParts(node: NodeState): Iterable<Part> {
    const { required, requiredAnti, preferred, preferredAnti } = this.#pod.affinity;
    if (required.length + requiredAnti.length + preferred.length + preferredAnti.length === 0) return;
    for (const other of node.pods.values()) {
      const matching = (terms: AffinityTerm[]) => terms.filter((term) => this.#isAbout(term, other));
      if (required.length > 0 && matching(required).length === required.length) yield* partsOf(this.#wanted, node, required, () => 1);
      for (const [index, term] of requiredAnti.entries()) {
        const counts = this.#unwanted[index];
        if (counts && this.#isAbout(term, other)) yield* partsOf(counts, node, [term], () => 1);
      }
      yield* partsOf(this.#liked, node, matching(preferred), ({ weight }) => weight);
      yield* partsOf(this.#liked, node, matching(preferredAnti), ({ weight }) => -weight);
    }
  }

  *#theirParts(node: NodeState): Iterable<Part> {
    for (const { affinity } of node.podsWithAffinity.values()) {
      const about = (terms: AffinityTerm[]) => terms.filter((term) => this.#isAbout(term, this.#pod));
      yield* partsOf(this.#keptAway, node, about(affinity.requiredAnti), () => 1);
      yield* partsOf(this.#liked, node, about(affinity.required), () => 1);
      yield* partsOf(this.#liked, node, about(affinity.preferred), ({ weight }) => weight);
      yield* partsOf(this.#liked, node, about(affinity.preferredAnti), ({ weight }) => -weight);
    }
  }

  #isAbout(term: AffinityTerm, pod: PodFacts): boolean {
    return termMatches(term, pod, this.#snapshot.namespaceLabels(pod.namespace));
  }
}

function* partsOf(counts: Counts, node: NodeState, terms: AffinityTerm[], amountOf: (term: AffinityTerm) => number): Iterable<Part> {
  for (const term of terms) {
    const value = node.labels[term.topologyKey];
    if (value !== undefined) yield { counts, topologyKey: term.topologyKey, value, amount: amountOf(term) };
  }
}

function isNear({ labels }: NodeState, counts: Counts | undefined, topologyKey: string): boolean {
  const value = labels[topologyKey];
  return value !== undefined && (counts?.get(topologyKey)?.has(value) ?? false);
}

function add({ counts, topologyKey, value, amount }: Part, by: 1 | -1): void {
  const values = counts.get(topologyKey) ?? new Map<string, number>();
  const sum = (values.get(value) ?? 0) + by * amount;
  if (sum === 0) values.delete(value);
  else values.set(value, sum);
  if (values.size === 0) counts.delete(topologyKey);
  else counts.set(topologyKey, values);
}

/** Stretches scores over the whole range, in place; false when they are all the same. */
function stretch(scores: Float64Array): boolean {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const score of scores) {
    if (score < least) least = score;
    if (score > most) most = score;
  }
  if (most === least) return false;
  for (let i = 0; i < scores.length; i++) scores[i] = (scoreMax * ((scores[i] ?? 0) - least)) / (most - least);
  return true;
}
