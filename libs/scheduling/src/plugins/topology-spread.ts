// Keeps pods of a kind spread over domains (hosts, zones): as their constraints demand, as they wish, or, for pods of one
// owner or service that say nothing, as a default.
import type { NodeState } from '../node-state.ts';
import { type Rejection, resolvable, scoreMax, type Tally, type TallyPlugin, unresolvable } from '../plugin.ts';
import type { PodFacts } from '../pod-facts.ts';
import { type SpreadConstraint, spreadConstraints } from '../spread-constraints.ts';

const refusal = resolvable("node(s) didn't match pod topology spread constraints");
const unlabelled = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");

export const topologySpread: TallyPlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  tally(pod, snapshot) {
    const constraints = spreadConstraints(pod, snapshot);
    return constraints.length > 0 ? new SpreadTally(pod, constraints) : undefined;
  },
};

interface Domain {
  name: string;
  pods: number;
  nodes: number;
  /** Number of the last round in which it came up. */
  round: number;
}

interface Part {
  domain: Domain;
  pods: number;
}

/** How many matching pods there are in each domain of one constraint. */
class DomainCount {
  readonly constraint: SpreadConstraint;
  /** By slot. */
  readonly parts: (Part | undefined)[] = [];
  readonly #domains = new Map<string, Domain>();
  #least: number | undefined;
  #round = 0;

  constructor(constraint: SpreadConstraint) {
    this.constraint = constraint;
  }

  set(slot: number, name: string | undefined, pods: number): void {
    this.#least = undefined;
    const old = this.parts[slot];
    if (old) this.#add(old.domain, -old.pods, -1);
    this.parts[slot] = undefined;
    if (name === undefined) return;
    const domain = this.#domains.get(name) ?? { name, pods: 0, nodes: 0, round: 0 };
    this.#add(domain, pods, 1);
    this.parts[slot] = { domain, pods };
  }

  podsIn(name: string): number {
    return this.#domains.get(name)?.pods ?? 0;
  }

  /** Pods of the emptiest domain; none when there are fewer domains than asked for. */
  get least(): number {
    this.#least ??= [...this.#domains.values()].reduce((least, { pods }) => Math.min(least, pods), Number.MAX_SAFE_INTEGER);
    return this.#domains.size < this.constraint.domainsMin ? 0 : this.#least;
  }

  /** The fewer domains some nodes are in, the more pods are in each: weighs them so that they count alike. */
  weight(slots: number[]): number {
    this.#round++;
    let count = 0;
    for (const slot of slots) {
      const domain = this.parts[slot]?.domain;
      if (!domain || domain.round === this.#round) continue;
      domain.round = this.#round;
      count++;
    }
    return Math.log(count + 2);
  }

  #add(domain: Domain, pods: number, nodes: 1 | -1): void {
    domain.pods += pods;
    domain.nodes += nodes;
    if (domain.nodes === 0) this.#domains.delete(domain.name);
    else this.#domains.set(domain.name, domain);
  }
}

class SpreadTally implements Tally {
  readonly #pod: PodFacts;
  readonly #hard: DomainCount[];
  readonly #soft: DomainCount[];
  readonly isIdle: boolean;

  constructor(pod: PodFacts, constraints: SpreadConstraint[]) {
    const counts = constraints.map((constraint) => new DomainCount(constraint));
    this.#hard = counts.filter(({ constraint }) => constraint.isHard);
    this.#soft = counts.filter(({ constraint }) => !constraint.isHard);
    this.isIdle = this.#hard.length === 0;
    this.#pod = pod;
  }

  update(slot: number, node: NodeState | undefined): void {
    for (const group of [this.#hard, this.#soft]) {
      // A node that lacks the label of one strict constraint is outside of all of them.
      const isInside = node && group.every(({ constraint }) => constraint.isDefault || constraint.domainOf(node) !== undefined);
      for (const count of group) {
        const { domainOf, counts, matches } = count.constraint;
        const name = isInside && counts(node) ? domainOf(node) : undefined;
        count.set(slot, name, node && name !== undefined ? matching(node, matches) : 0);
      }
    }
  }

  filter(node: NodeState): Rejection | undefined {
    for (const count of this.#hard) {
      const { maxSkew, domainOf, matches } = count.constraint;
      const domain = domainOf(node);
      if (domain === undefined) return unlabelled;
      const pods = count.podsIn(domain) + (matches(this.#pod) ? 1 : 0);
      if (pods - count.least > maxSkew) return refusal;
    }
    return undefined;
  }

  score(slots: number[]): Float64Array | undefined {
    if (this.#soft.length === 0) return undefined;
    const scores = new Float64Array(slots.length);
    for (const count of this.#soft) {
      const { constraint, parts } = count;
      const weight = count.weight(slots);
      // Nodes outside of all domains are set apart as NaN.
      const missing = constraint.isDefault ? 0 : Number.NaN;
      for (let i = 0; i < slots.length; i++) {
        const part = parts[slots[i] ?? 0];
        scores[i] = (scores[i] ?? 0) + (part ? part.domain.pods * weight + constraint.maxSkew - 1 : missing);
      }
    }
    preferFewer(scores);
    return scores;
  }
}

function matching(node: NodeState, matches: (pod: PodFacts) => boolean): number {
  let pods = 0;
  for (const pod of node.pods.values()) if (!pod.isTerminating && matches(pod)) pods++;
  return pods;
}

/** Turns numbers of pods into scores, in place. */
function preferFewer(scores: Float64Array): void {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const value of scores) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  for (let i = 0; i < scores.length; i++) {
    const value = scores[i] ?? 0;
    if (Number.isNaN(value)) scores[i] = 0;
    else scores[i] = most === 0 ? scoreMax : (scoreMax * (most + least - value)) / most;
  }
}
