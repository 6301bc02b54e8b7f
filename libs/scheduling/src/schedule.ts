// A pod and the state of the cluster in, a decision with its reasons out. A function: what it remembers between calls is
// only how it got to answers that asking anew would give.
import { keyOf } from '@berth/machinery';
import { devicePlan } from './device-plan.ts';
import { Feasibility, type PluginScores, type Refusals } from './feasibility.ts';
import { neverText, preemptionText, unschedulableMessage } from './message.ts';
import type { PodFacts } from './pod-facts.ts';
import { type Preemption, preempt } from './preemption.ts';
import { RejectionCounts } from './rejection-counts.ts';
import type { Snapshot } from './snapshot.ts';
import { Trial } from './trial.ts';
import { volumePlan } from './volume-plan.ts';

export interface NodeScore {
  node: string;
  total: number;
  /** 0..100 by plugin, before weights. */
  plugins: Record<string, number>;
}

export interface Decision {
  nodeName: string | undefined;
  nodeCount: number;
  feasibleCount: number;
  /** On how many nodes each reason stands in the way. */
  reasons: Map<string, number>;
  /** Node by node, for the first `explainedMax`. */
  rejected: { node: string; plugin: string; reasons: string[] }[];
  /** Plugins that refused a node. */
  rejectedBy: string[];
  /** How many nodes each of them refused. */
  rejections: ReadonlyMap<string, number>;
  /** The best nodes, at most `explainedMax`, best first. */
  scores: NodeScore[];
  /** What the scores of each plugin are multiplied by, in the order in which they are given. */
  weights: Record<string, number>;
  /** Claims that wait for this decision, as `namespace/name`: to be given the node in `volume.kubernetes.io/selected-node`. */
  claims: string[];
  /** Why it fits nowhere, as events and conditions say it; empty when it does. */
  message: string;
  /** Pods whose removal would make room for it. */
  preemption: Preemption | undefined;
  /** The node that the pod is to be nominated to; empty for none, undefined when that stays as it is. */
  nominatedNodeName: string | undefined;
}

/** Nodes of which a decision keeps the details. */
export const explainedMax = 16;
/** Shapes of pods whose answers are kept; the one not used for longest goes first. */
const shapesMax = 128;

const memories = new WeakMap<Snapshot, Map<string, Feasibility>>();

/** @param random in [0, 1); asked once, when several nodes are the best or can be freed */
export function schedule(pod: PodFacts, snapshot: Snapshot, random: () => number): Decision {
  const { obstacle, waiting } = volumePlan(pod, snapshot.volumes);
  if (obstacle !== undefined) return refusedEverywhere(pod, snapshot.nodeCount, obstacle, 'VolumeBinding');
  const { obstacle: missing } = devicePlan(pod, snapshot.devices);
  if (missing !== undefined) return refusedEverywhere(pod, snapshot.nodeCount, missing, 'DynamicResources');
  const common = { nodeCount: snapshot.nodeCount, claims: waiting.map(({ claim }) => keyOf(claim)) };
  const feasibility = feasibilityOf(pod, snapshot);
  const contested = snapshot.nominations.size > 0 ? contestedNodes(pod, snapshot, feasibility) : undefined;
  const { feasible, rejected, counts } = feasibility.partition(explainedMax, contested);
  const decision = {
    ...common,
    feasibleCount: feasible.length,
    reasons: counts.reasons,
    rejected: rejected.map(({ node, rejection, plugin }) => ({ node: node.name, plugin, reasons: rejection.reasons })),
    rejectedBy: [...counts.plugins.keys()],
    rejections: counts.plugins,
  };
  if (feasible.length === 0) {
    const outcome =
      snapshot.nodeCount > 0 ? preempt({ pod, snapshot, feasibility, contested, counts, random }) : { nominatedNodeName: '', text: '' };
    const message = unschedulableMessage(snapshot.nodeCount, counts, outcome.text);
    return { ...decision, ...noNode, ...outcome, message };
  }
  return { ...decision, ...chosen(feasibility, withNominated(pod, snapshot, feasible), snapshot, random) };
}

const noNode = { nodeName: undefined, scores: [], weights: {}, preemption: undefined, nominatedNodeName: undefined };

function chosen(feasibility: Feasibility, slots: number[], snapshot: Snapshot, random: () => number) {
  const plugins = slots.length > 1 ? feasibility.scores(slots) : [];
  const totals = totalsOf(plugins, slots.length);
  const best = pick(totals, random);
  const nameOf = (place: number) => snapshot.nodes[slots[place] ?? 0]?.name ?? '';
  const scores = bestScores(nameOf, plugins, totals, best);
  const weights = Object.fromEntries(plugins.map(({ plugin, weight }) => [plugin, weight]));
  return { nodeName: nameOf(best), scores, weights, message: '', preemption: undefined, nominatedNodeName: undefined };
}

/** Nodes that refuse the pod because of others that are nominated to them. */
function contestedNodes(pod: PodFacts, snapshot: Snapshot, feasibility: Feasibility): Refusals {
  const refusals: Refusals = new Map();
  for (const name of snapshot.nominations.nodeNames()) {
    const node = snapshot.node(name);
    const refusal = node && new Trial(pod, snapshot, feasibility, node).refusalBesideNominated();
    if (node && refusal) refusals.set(node.slot, refusal);
  }
  return refusals;
}

/** A pod takes the node that was freed for it, if it still can. */
function withNominated(pod: PodFacts, snapshot: Snapshot, feasible: number[]): number[] {
  const name = snapshot.nominations.nodeOf(pod.uid);
  const slot = name === undefined ? undefined : snapshot.node(name)?.slot;
  return slot !== undefined && feasible.includes(slot) ? [slot] : feasible;
}

function refusedEverywhere({ pod }: PodFacts, nodeCount: number, obstacle: string, plugin: string): Decision {
  const isNever = pod.spec.preemptionPolicy === 'Never' && nodeCount > 0;
  const text = isNever ? neverText : preemptionText(new Map(), 0, nodeCount);
  const message = unschedulableMessage(nodeCount, new RejectionCounts(), text, obstacle);
  const rejections = new Map(nodeCount > 0 ? [[plugin, nodeCount]] : []);
  const nothing = { ...noNode, feasibleCount: 0, rejected: [], claims: [], nominatedNodeName: isNever ? undefined : '' };
  return { ...nothing, nodeCount, reasons: new Map([[obstacle, nodeCount]]), rejectedBy: [plugin], rejections, message };
}

function feasibilityOf(pod: PodFacts, snapshot: Snapshot): Feasibility {
  const memory = memories.get(snapshot) ?? new Map<string, Feasibility>();
  memories.set(snapshot, memory);
  const known = memory.get(pod.shape);
  const feasibility = known?.isValid ? known : new Feasibility(pod, snapshot);
  memory.delete(pod.shape);
  memory.set(pod.shape, feasibility);
  const [oldest] = memory.keys();
  if (memory.size > shapesMax && oldest !== undefined) memory.delete(oldest);
  feasibility.refresh();
  return feasibility;
}

function totalsOf(plugins: PluginScores[], count: number): Float64Array {
  const totals = new Float64Array(count);
  for (const { scores, weight } of plugins) {
    for (let i = 0; i < count; i++) totals[i] = (totals[i] ?? 0) + weight * (scores[i] ?? 0);
  }
  return totals;
}

/** The place of the highest total, by chance among equals. */
function pick(totals: Float64Array, random: () => number): number {
  let highest = Number.NEGATIVE_INFINITY;
  let equals: number[] = [];
  for (let i = 0; i < totals.length; i++) {
    const total = totals[i] ?? 0;
    if (total < highest) continue;
    if (total > highest) equals = [];
    highest = total;
    equals.push(i);
  }
  const chosen = equals.length > 1 ? Math.min(Math.floor(random() * equals.length), equals.length - 1) : 0;
  return equals[chosen] ?? 0;
}

function bestScores(nameOf: (place: number) => string, plugins: PluginScores[], totals: Float64Array, best: number): NodeScore[] {
  return [best, ...highest(totals, best)].map((place) => ({
    node: nameOf(place),
    total: totals[place] ?? 0,
    plugins: Object.fromEntries(plugins.map(({ plugin, scores }) => [plugin, scores[place] ?? 0])),
  }));
}

/** Some runners-up in one pass: each next one that is at least as good as the last one kept. */
function highest(totals: Float64Array, best: number): number[] {
  const kept: number[] = [];
  for (let i = 0; i < totals.length; i++) {
    if (i === best) continue;
    const last = kept.at(-1);
    if (kept.length === explainedMax - 1 && last !== undefined && (totals[i] ?? 0) <= (totals[last] ?? 0)) continue;
    kept.push(i);
    kept.sort((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0));
    if (kept.length > explainedMax - 1) kept.pop();
  }
  return kept;
}
