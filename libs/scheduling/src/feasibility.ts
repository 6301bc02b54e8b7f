// The answers of all plugins for one shape of pod on every node, kept from decision to decision: only nodes that changed
// are asked about again. What it says must be what asking about every node anew would say. The loops over all nodes are
// plain and work on numbers by slot, as they run for every pod.
import type { NodeState } from './node-state.ts';
import { type LocalPlugin, normalize, type Tally } from './plugin.ts';
import { localPlugins, tallyPlugins } from './plugins.ts';
import type { PodFacts } from './pod-facts.ts';
import { type Rejected, RejectionCounts } from './rejection-counts.ts';
import type { Snapshot } from './snapshot.ts';

export interface PluginScores {
  plugin: string;
  weight: number;
  /** 0..100 a node, in the order of the slots asked about. */
  scores: Float64Array;
}

/** By slot. */
export type Refusals = Map<number, Rejected>;

export interface Partition {
  /** Slots of nodes that can take the pod. */
  feasible: number[];
  counts: RejectionCounts;
  /** The first few that cannot. */
  rejected: Rejected[];
}

interface LocalScorer {
  name: string;
  score: NonNullable<LocalPlugin['score']>;
  /** Raw scores by slot. */
  raw: number[];
}

export class Feasibility {
  readonly #pod: PodFacts;
  readonly #snapshot: Snapshot;
  readonly #scorers: LocalScorer[];
  readonly #tallies: { name: string; weight: number; tally: Tally }[];
  /** By slot: the refusal of a local plugin, null for none, undefined where there is no node. */
  readonly #answers: (Rejected | null | undefined)[] = [];
  readonly #localCounts = new RejectionCounts();
  readonly #epoch: number;
  readonly #volumesVersion: number;
  readonly #devicesVersion: number;
  #cursor = -1;

  constructor(pod: PodFacts, snapshot: Snapshot) {
    this.#pod = pod;
    this.#snapshot = snapshot;
    this.#epoch = snapshot.epoch;
    this.#volumesVersion = snapshot.volumes.version;
    this.#devicesVersion = snapshot.devices.version;
    this.#scorers = localPlugins.flatMap(({ name, score }) =>
      score && (score.appliesTo?.(pod) ?? true) ? [{ name, score, raw: [] }] : [],
    );
    this.#tallies = tallyPlugins.flatMap((plugin) => {
      const tally = plugin.tally(pod, snapshot);
      return tally ? [{ name: plugin.name, weight: plugin.weight, tally }] : [];
    });
  }

  /** Whether what it rests on beside nodes and pods is still as it was. */
  get isValid(): boolean {
    const { epoch, volumes, devices } = this.#snapshot;
    const { claims, deviceClaims } = this.#pod;
    const areDevicesSame = deviceClaims.length === 0 || this.#devicesVersion === devices.version;
    return this.#epoch === epoch && areDevicesSame && (claims.length === 0 || this.#volumesVersion === volumes.version);
  }

  /** Takes in the nodes that changed. */
  refresh(): void {
    const { nodes, cursor } = this.#snapshot;
    const changed = this.#cursor < 0 ? undefined : this.#snapshot.changedSince(this.#cursor);
    if (changed) for (const slot of changed) this.#update(slot, nodes[slot]);
    else for (let slot = 0; slot < nodes.length; slot++) this.#update(slot, nodes[slot]);
    this.#cursor = cursor;
  }

  #update(slot: number, state: NodeState | undefined): void {
    const node = state?.node && state;
    for (const { tally } of this.#tallies) tally.update(slot, node);
    const old = this.#answers[slot];
    if (old) this.#localCounts.add(old, -1);
    const answer = node && (this.#askLocal(node) ?? null);
    if (answer) this.#localCounts.add(answer);
    this.#answers[slot] = answer;
    const isOpen = node && answer === null;
    for (const { score, raw } of this.#scorers) raw[slot] = isOpen ? score.of(this.#pod, node, this.#snapshot) : 0;
  }

  #askLocal(node: NodeState): Rejected | undefined {
    for (const plugin of localPlugins) {
      const rejection = plugin.filter?.(this.#pod, node, this.#snapshot);
      if (rejection) return { node, rejection, plugin: plugin.name };
    }
    return undefined;
  }

  /**
   * @param rejectedMax refusals to give in detail
   * @param contested refusals of nodes, by slot, for the sake of pods that are nominated to them
   */
  partition(rejectedMax: number, contested?: Refusals): Partition {
    const filters = this.#filters();
    const counts = new RejectionCounts(this.#localCounts);
    const feasible: number[] = [];
    const rejected: Rejected[] = [];
    for (let slot = 0; slot < this.#answers.length; slot++) {
      const answer = this.#answers[slot];
      if (answer === undefined) continue;
      const refusal =
        contested?.get(slot) ?? answer ?? (filters.length > 0 ? this.#askTallies(this.#snapshot.nodes[slot], filters) : undefined);
      if (!refusal) feasible.push(slot);
      else if (rejected.length < rejectedMax) rejected.push(refusal);
      if (!refusal || refusal === answer) continue;
      counts.add(refusal);
      if (answer) counts.add(answer, -1);
    }
    return { feasible, counts, rejected };
  }

  /** Every refusal by slot, as `partition` counts them. */
  refusals(contested?: Refusals): Refusals {
    const filters = this.#filters();
    const refusals: Refusals = new Map();
    for (const [slot, answer] of this.#answers.entries()) {
      if (answer === undefined) continue;
      const refusal = contested?.get(slot) ?? answer ?? this.#askTallies(this.#snapshot.nodes[slot], filters);
      if (refusal) refusals.set(slot, refusal);
    }
    return refusals;
  }

  /**
   * What the answer would be if a node were as this copy of it; what is kept is afterwards as it was.
   * @param hasMore whether there are pods on the copy that are not on the node: else what refuses nobody now refuses nobody then
   */
  askIf(copy: NodeState, hasMore: boolean): Rejected | undefined {
    const refusal = this.#askLocal(copy);
    if (refusal) return refusal;
    const { slot } = copy;
    const filters = hasMore ? this.#tallies.filter(({ tally }) => tally.filter) : this.#filters();
    for (const { tally } of filters) tally.update(slot, copy);
    const tallied = this.#askTallies(copy, filters);
    for (const { tally } of filters) tally.update(slot, this.#snapshot.nodes[slot]);
    return tallied;
  }

  #filters(): { name: string; tally: Tally }[] {
    return this.#tallies.filter(({ tally }) => tally.filter && !tally.isIdle);
  }

  #askTallies(node: NodeState | undefined, tallies: { name: string; tally: Tally }[]): Rejected | undefined {
    if (!node) return undefined;
    for (const { name, tally } of tallies) {
      const rejection = tally.filter?.(node);
      if (rejection) return { node, rejection, plugin: name };
    }
    return undefined;
  }

  /** @param slots those of nodes that can take the pod; plugins to which all are the same are left out */
  scores(slots: number[]): PluginScores[] {
    const local = this.#scorers.flatMap(({ name, score, raw }) => {
      const scores = new Float64Array(slots.length);
      for (let i = 0; i < slots.length; i++) scores[i] = raw[slots[i] ?? 0] ?? 0;
      normalize(scores, score.normalize);
      return [{ plugin: name, weight: score.weight, scores }];
    });
    const tallied = this.#tallies.flatMap(({ name, weight, tally }) => {
      const scores = tally.score?.(slots);
      return scores ? [{ plugin: name, weight, scores }] : [];
    });
    return [...local, ...tallied];
  }
}
