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

/** Amounts by topology key and value. */
type Counts = Map<string, number>;
type Part = [counts: Counts, domain: string, amount: number];

export const podAffinity: TallyPlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  tally: (pod, snapshot) => new AffinityTally(pod, snapshot),
};

function domainOf({ labels }: NodeState, topologyKey: string): string | undefined {
  const value = labels[topologyKey];
  return value === undefined ? undefined : `${topologyKey}\n${value}`;
}

class AffinityTally implements Tally {
  readonly #pod: PodFacts;
  readonly #snapshot: Snapshot;
  readonly #parts: (Part[] | undefined)[] = [];
  readonly #wanted: Counts = new Map();
  readonly #unwanted: Counts[];
  readonly #keptAway: Counts = new Map();
  readonly #liked: Counts = new Map();
  #keptAwayKeys: string[] | undefined;
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
    this.#keptAwayKeys = undefined;
    for (const [counts, domain, amount] of this.#parts[slot] ?? []) add(counts, domain, -amount);
    const parts = node ? [...this.#ownParts(node), ...this.#theirParts(node)] : [];
    for (const [counts, domain, amount] of parts) add(counts, domain, amount);
    this.#parts[slot] = parts.length > 0 ? parts : undefined;
  }

  filter(node: NodeState) {
    if (!this.#hasWanted(node)) return refusals.affinity;
    const isNear = (counts: Counts | undefined, { topologyKey }: AffinityTerm) => counts?.has(domainOf(node, topologyKey) ?? '') ?? false;
    if (this.#pod.affinity.requiredAnti.some((term, index) => isNear(this.#unwanted[index], term))) return refusals.anti;
    return this.#keysKeptAway().some((key) => this.#keptAway.has(domainOf(node, key) ?? '')) ? refusals.existing : undefined;
  }

  score(nodes: NodeState[]): number[] | undefined {
    if (this.#liked.size === 0) return undefined;
    const keys = topologyKeys(this.#liked);
    const raw = nodes.map((node) => keys.reduce((sum, key) => sum + (this.#liked.get(domainOf(node, key) ?? '') ?? 0), 0));
    const least = raw.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const most = raw.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    return most === least ? undefined : raw.map((value) => (scoreMax * (value - least)) / (most - least));
  }

  /** Few keys, however many domains there are. */
  #keysKeptAway(): string[] {
    this.#keptAwayKeys ??= topologyKeys(this.#keptAway);
    return this.#keptAwayKeys;
  }

  #hasWanted(node: NodeState): boolean {
    const { required } = this.#pod.affinity;
    const domains = required.map(({ topologyKey }) => domainOf(node, topologyKey));
    if (domains.includes(undefined)) return false;
    // The first of a group that wants to be together has nobody to join.
    if (this.#wanted.size === 0 && this.#matchesItself) return true;
    return domains.every((domain) => this.#wanted.has(domain ?? ''));
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

function* partsOf(counts: Counts, node: NodeState, terms: AffinityTerm[], amount: (term: AffinityTerm) => number): Iterable<Part> {
  for (const term of terms) {
    const domain = domainOf(node, term.topologyKey);
    if (domain !== undefined) yield [counts, domain, amount(term)];
  }
}

function topologyKeys(counts: Counts): string[] {
  return [...new Set([...counts.keys()].map((domain) => domain.slice(0, domain.indexOf('\n'))))];
}

function add(counts: Counts, domain: string, amount: number): void {
  const sum = (counts.get(domain) ?? 0) + amount;
  if (sum === 0) counts.delete(domain);
  else counts.set(domain, sum);
}
