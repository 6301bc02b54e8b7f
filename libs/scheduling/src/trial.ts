// How a pod would fare on a node if other pods were on it than are. Trying changes nothing: the node is a copy, and what is
// counted over the whole cluster is put back after each question.
import type { Feasibility } from './feasibility.ts';
import type { NodeState } from './node-state.ts';
import type { PodFacts } from './pod-facts.ts';
import type { Rejected } from './rejection-counts.ts';
import type { Snapshot } from './snapshot.ts';

export class Trial {
  readonly #pod: PodFacts;
  readonly #snapshot: Snapshot;
  readonly #feasibility: Feasibility;
  readonly #node: NodeState;
  /** Pods nominated to the node that this one leaves room for. */
  readonly #ahead: PodFacts[];
  /** How the copy differs from the node. */
  readonly #moved = new Map<PodFacts, 1 | -1>();

  constructor(pod: PodFacts, snapshot: Snapshot, feasibility: Feasibility, node: NodeState) {
    this.#pod = pod;
    this.#snapshot = snapshot;
    this.#feasibility = feasibility;
    this.#node = node.copy();
    this.#ahead = snapshot.nominations.aheadOf(pod, node.name);
  }

  remove(pod: PodFacts): void {
    this.#node.remove(pod);
    this.#move(pod, -1);
  }

  add(pod: PodFacts): void {
    this.#node.add(pod);
    this.#move(pod, 1);
  }

  /** Whether it is refused with those there that it leaves room for, or without them: they may yet go elsewhere. */
  refusal(): Rejected | undefined {
    return this.refusalBesideNominated() ?? this.#ask();
  }

  refusalBesideNominated(): Rejected | undefined {
    if (this.#ahead.length === 0) return undefined;
    for (const pod of this.#ahead) this.add(pod);
    const refusal = this.#ask();
    for (const pod of this.#ahead) this.remove(pod);
    return refusal;
  }

  #ask(): Rejected | undefined {
    const hasMore = this.#ahead.some((pod) => this.#moved.has(pod));
    if (this.#pod.claims.length === 0) return this.#feasibility.askIf(this.#node, hasMore);
    for (const [pod, by] of this.#moved) this.#suppose(pod, by);
    const refusal = this.#feasibility.askIf(this.#node, hasMore);
    for (const [pod, by] of this.#moved) this.#suppose(pod, by === 1 ? -1 : 1);
    return refusal;
  }

  #move(pod: PodFacts, by: 1 | -1): void {
    if (this.#moved.has(pod)) this.#moved.delete(pod);
    else this.#moved.set(pod, by);
  }

  #suppose({ namespace, claims }: PodFacts, by: 1 | -1): void {
    for (const name of claims) this.#snapshot.volumes.supposeUser(`${namespace}/${name}`, by);
  }
}
