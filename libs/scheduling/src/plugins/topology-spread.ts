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

/** How many matching pods there are in each domain of one constraint. */
class DomainCount {
  readonly constraint: SpreadConstraint;
  readonly #parts: ({ domain: string; pods: number } | undefined)[] = [];
  readonly #domains = new Map<string, { pods: number; nodes: number }>();
  #least: number | undefined;

  constructor(constraint: SpreadConstraint) {
    this.constraint = constraint;
  }

  set(slot: number, part: { domain: string; pods: number } | undefined): void {
    this.#least = undefined;
    this.#add(this.#parts[slot], -1);
    this.#add(part, 1);
    this.#parts[slot] = part;
  }

  podsIn(domain: string): number {
    return this.#domains.get(domain)?.pods ?? 0;
  }

  /** Pods of the emptiest domain; none when there are fewer domains than asked for. */
  get least(): number {
    this.#least ??= [...this.#domains.values()].reduce((least, { pods }) => Math.min(least, pods), Number.MAX_SAFE_INTEGER);
    return this.#domains.size < this.constraint.domainsMin ? 0 : this.#least;
  }

  #add(part: { domain: string; pods: number } | undefined, by: 1 | -1): void {
    if (!part) return;
    const domain = this.#domains.get(part.domain) ?? { pods: 0, nodes: 0 };
    domain.pods += by * part.pods;
    domain.nodes += by;
    if (domain.nodes === 0) this.#domains.delete(part.domain);
    else this.#domains.set(part.domain, domain);
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
      for (const count of group) count.set(slot, isInside ? this.#partOf(count.constraint, node) : undefined);
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

  score(nodes: NodeState[]): number[] | undefined {
    if (this.#soft.length === 0) return undefined;
    const raw: (number | undefined)[] = nodes.map(() => 0);
    for (const count of this.#soft) {
      const { constraint } = count;
      const domains = nodes.map((node) => constraint.domainOf(node));
      // The fewer domains, the more pods are in each: weigh them so that they count alike.
      const weight = Math.log(new Set(domains).size + 2);
      domains.forEach((domain, index) => {
        const sum = raw[index];
        if (domain === undefined) raw[index] = constraint.isDefault ? sum : undefined;
        else if (sum !== undefined) raw[index] = sum + count.podsIn(domain) * weight + constraint.maxSkew - 1;
      });
    }
    return fewerIsBetter(raw);
  }

  #partOf(constraint: SpreadConstraint, node: NodeState): { domain: string; pods: number } | undefined {
    const domain = constraint.domainOf(node);
    if (domain === undefined || !constraint.counts(node)) return undefined;
    let pods = 0;
    for (const pod of node.pods.values()) if (!pod.isTerminating && constraint.matches(pod)) pods++;
    return { domain, pods };
  }
}

/** Nodes outside of all domains get nothing. */
function fewerIsBetter(raw: (number | undefined)[]): number[] {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const value of raw) {
    if (value === undefined) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return raw.map((value) => {
    if (value === undefined) return 0;
    return most === 0 ? scoreMax : (scoreMax * (most + least - value)) / most;
  });
}
