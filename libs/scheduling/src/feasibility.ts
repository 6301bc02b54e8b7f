// The answers of all plugins for one shape of pod on every node, kept from decision to decision: only nodes that changed
// are asked about again. What it says must be what asking about every node anew would say.
import type { NodeState } from './node-state.ts';
import { normalized, type Rejection, type Tally } from './plugin.ts';
import { localPlugins, tallyPlugins } from './plugins.ts';
import type { PodFacts } from './pod-facts.ts';
import type { Snapshot } from './snapshot.ts';

export interface PluginScores {
  plugin: string;
  weight: number;
  /** 0..100 a node, in the order of the nodes. */
  scores: number[];
}

export interface Rejected {
  node: NodeState;
  rejection: Rejection;
  plugin: string;
}

interface Answer {
  node: NodeState;
  rejected: Rejected | undefined;
  /** Raw scores of the local plugins, in their order. */
  raw: number[];
}

export class Feasibility {
  readonly #pod: PodFacts;
  readonly #snapshot: Snapshot;
  readonly #scorers: (typeof localPlugins)[number][];
  readonly #tallies: { name: string; weight: number; tally: Tally }[];
  readonly #answers: (Answer | undefined)[] = [];
  readonly #epoch: number;
  readonly #volumesVersion: number;
  #cursor = -1;

  constructor(pod: PodFacts, snapshot: Snapshot) {
    this.#pod = pod;
    this.#snapshot = snapshot;
    this.#epoch = snapshot.epoch;
    this.#volumesVersion = snapshot.volumes.version;
    this.#scorers = localPlugins.filter(({ score }) => score && (score.appliesTo?.(pod) ?? true));
    this.#tallies = tallyPlugins.flatMap((plugin) => {
      const tally = plugin.tally(pod, snapshot);
      return tally ? [{ name: plugin.name, weight: plugin.weight, tally }] : [];
    });
  }

  /** Whether what it rests on beside nodes and pods is still as it was. */
  get isValid(): boolean {
    const { epoch, volumes } = this.#snapshot;
    return this.#epoch === epoch && (this.#pod.claims.length === 0 || this.#volumesVersion === volumes.version);
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
    if (!node) {
      this.#answers[slot] = undefined;
      return;
    }
    const rejected = this.#askLocal(node);
    const raw = rejected ? [] : this.#scorers.map(({ score }) => score?.of(this.#pod, node, this.#snapshot) ?? 0);
    this.#answers[slot] = { node, rejected, raw };
  }

  #askLocal(node: NodeState): Rejected | undefined {
    for (const plugin of localPlugins) {
      const rejection = plugin.filter?.(this.#pod, node, this.#snapshot);
      if (rejection) return { node, rejection, plugin: plugin.name };
    }
    return undefined;
  }

  /** Parts the nodes into those that can take the pod and those that cannot. */
  partition(): { feasible: NodeState[]; rejected: Rejected[] } {
    const feasible: NodeState[] = [];
    const rejected: Rejected[] = [];
    const filters = this.#tallies.filter(({ tally }) => tally.filter && !tally.isIdle);
    for (const answer of this.#answers) {
      if (!answer) continue;
      const refusal = answer.rejected ?? askTallies(answer.node, filters);
      if (refusal) rejected.push(refusal);
      else feasible.push(answer.node);
    }
    return { feasible, rejected };
  }

  /** @param nodes those that can take the pod */
  scores(nodes: NodeState[]): PluginScores[] {
    const local = this.#scorers.flatMap(({ name, score }, index) => {
      if (!score) return [];
      const raw = nodes.map(({ slot }) => this.#answers[slot]?.raw[index] ?? 0);
      return [{ plugin: name, weight: score.weight, scores: normalized(raw, score.normalize) }];
    });
    const tallied = this.#tallies.flatMap(({ name, weight, tally }) => {
      const scores = tally.score?.(nodes);
      return scores ? [{ plugin: name, weight, scores }] : [];
    });
    return [...local, ...tallied];
  }
}

function askTallies(node: NodeState, tallies: { name: string; tally: Tally }[]): Rejected | undefined {
  for (const { name, tally } of tallies) {
    const rejection = tally.filter?.(node);
    if (rejection) return { node, rejection, plugin: name };
  }
  return undefined;
}
