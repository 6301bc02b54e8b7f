// The least that would have to change for a pod to fit that fits nowhere: of the demands that it could give up and of what nodes lack,
// the fewest together that make some node take it. Asked for by people, never while scheduling: it tries every node for every
// combination, the small ones first, up to a bound.
import type { Taint, TopologySpreadConstraint } from '@berth/api';
import { devicePlan } from './device-plan.ts';
import { isCordonedFor, type NodeNeed, nodeNeeds, uncordoned } from './node-needs.ts';
import type { NodeState } from './node-state.ts';
import { tallyPlugins } from './plugins.ts';
import { type PodFacts, podFacts } from './pod-facts.ts';
import { cordonTaint, type Relaxation, type RelaxationType, relaxations, relaxed } from './pod-relaxations.ts';
import { amountText } from './resources.ts';
import type { Snapshot } from './snapshot.ts';
import { volumePlan } from './volume-plan.ts';

export interface Change {
  type: RelaxationType | NodeNeed['type'];
  /** What to do. */
  text: string;
  /** Of the pod; absent for what is the node's. */
  field?: string;
  /** Of what a node lacks. */
  resource?: string;
  /** A quantity. */
  lacks?: string;
}

export interface LeastChange {
  /** One that would take the pod then, and of how many. */
  node: string;
  nodeCount: number;
  /** All of them together. */
  changes: Change[];
}

export interface LeastChanges {
  /** Different ways of the same size. None when nothing of all that is tried would do. */
  ways: LeastChange[];
  /** Whether it is known that nothing smaller would do: with very many nodes and demands not everything is tried. */
  isLeast: boolean;
  /** What keeps it from every node alike, such as a claim that is not there: nothing can be tried before that is mended. */
  obstacle?: string;
}

/** Done before nodes are asked: each can change what a node answers that it does not name. */
type Choice = Relaxation | { type: 'Uncordon'; node: NodeState };

interface Way {
  chosen: readonly Choice[];
  node: NodeState;
  needs: NodeNeed[];
  nodeCount: number;
}

/** Demands and cordons that are looked at; what is beyond stays. */
const choicesMax = 16;
/** Questions of the kind "would this node take a pod like that": so many keep the scheduler for a tenth of a second or two. */
const questionsMax = 20_000;
const waysMax = 4;

export function leastChanges(pod: PodFacts, snapshot: Snapshot): LeastChanges {
  const obstacle = volumePlan(pod, snapshot.volumes).obstacle ?? devicePlan(pod, snapshot.devices).obstacle;
  if (obstacle !== undefined) return { ways: [], isLeast: true, obstacle };
  const nodes = snapshot.nodes.filter((node) => node?.node !== undefined) as NodeState[];
  const all = [...relaxations(pod.pod, taintsOf(nodes)), ...cordons(pod, nodes)];
  const possible = all.slice(0, choicesMax);
  const ways: Way[] = [];
  let least = Number.POSITIVE_INFINITY;
  let questions = 0;
  for (let size = 0; size <= possible.length && size <= least; size++) {
    for (const chosen of combinations(possible, size)) {
      questions += nodes.length;
      if (questions > questionsMax) return answer(ways, least, false);
      const way = wayWith(chosen, pod, snapshot, nodes);
      if (!way) continue;
      ways.push(way);
      least = Math.min(least, sizeOf(way));
    }
  }
  return answer(ways, least, all.length === possible.length);
}

function answer(ways: Way[], least: number, isLeast: boolean): LeastChanges {
  const shown = ways.filter((way) => sizeOf(way) === least).slice(0, waysMax);
  return {
    isLeast,
    ways: shown.map(({ chosen, node, needs, nodeCount }) => ({
      node: node.name,
      nodeCount,
      changes: [...chosen.map(choiceText), ...needs.map((need) => ({ type: need.type, ...needText(need, node.name) }))],
    })),
  };
}

function sizeOf({ chosen, needs }: Way): number {
  return chosen.length + needs.length;
}

function taintsOf(nodes: NodeState[]): Taint[] {
  // What cordons a node is not for pods to tolerate.
  return nodes.flatMap(({ taints, node }) => taints.filter(({ key }) => !(node?.spec?.unschedulable && key === cordonTaint)));
}

/** Cordoned nodes, if a constraint leaves them out of its count: then uncordoning one changes what is counted for all. */
function cordons(pod: PodFacts, nodes: NodeState[]): Choice[] {
  return countsCordons(pod) ? nodes.filter((node) => isCordonedFor(pod, node)).map((node) => ({ type: 'Uncordon', node })) : [];
}

function countsCordons({ pod }: PodFacts): boolean {
  const isSo = ({ whenUnsatisfiable, nodeTaintsPolicy }: TopologySpreadConstraint) =>
    whenUnsatisfiable === 'DoNotSchedule' && nodeTaintsPolicy === 'Honor';
  return pod.spec.topologySpreadConstraints?.some(isSo) ?? false;
}

/** The node that needs least after what was chosen; undefined when none would do. */
function wayWith(chosen: readonly Choice[], pod: PodFacts, snapshot: Snapshot, asTheyAre: NodeState[]): Way | undefined {
  const facts = podFacts(relaxed(pod.pod, chosen.filter(isRelaxation)));
  const lifted = new Set(chosen.flatMap((choice) => (isRelaxation(choice) ? [] : choice.node)));
  const nodes = lifted.size === 0 ? asTheyAre : asTheyAre.map((node) => (lifted.has(node) ? uncordoned(node) : node));
  const tallies = tallyPlugins.flatMap((plugin) => plugin.tally(facts, snapshot) ?? []).filter(({ filter }) => filter);
  for (const tally of tallies) for (const node of nodes) tally.update(node.slot, node);
  let best: Way | undefined;
  for (const node of nodes) {
    if (tallies.some((tally) => !tally.isIdle && tally.filter?.(node))) continue;
    const needs = nodeNeeds(facts, node, snapshot);
    // A cordon that decides what is counted is lifted by choice only.
    if (countsCordons(pod) && needs?.some(({ type }) => type === 'Uncordon')) continue;
    if (!needs || (best && needs.length > best.needs.length)) continue;
    if (!best || needs.length < best.needs.length) best = { chosen, node, needs, nodeCount: 1 };
    else {
      best.nodeCount++;
      if (shortage(needs, node) < shortage(best.needs, best.node)) Object.assign(best, { node, needs });
    }
  }
  return best;
}

/** The sum of shares that are lacking. */
function shortage(needs: NodeNeed[], { allocatable }: NodeState): number {
  return needs.reduce((sum, need) => {
    if (need.type !== 'Resource') return sum;
    const has = allocatable.get(need.resource) ?? 0;
    return sum + (has > 0 ? need.amount / has : 1 + need.amount);
  }, 0);
}

function needText(need: NodeNeed | (Choice & { type: 'Uncordon' }), name: string): Omit<Change, 'type'> {
  if (need.type === 'Uncordon') return { text: `node ${name} is cordoned: kubectl uncordon ${name}` };
  if (need.type === 'Pods') return { text: `node ${name} runs as many pods as it may (${need.podsMax}): remove one from it` };
  const { resource, amount, requestMax } = need;
  const lacks = amountText(resource, amount);
  const instead = requestMax > 0 ? `ask for at most ${amountText(resource, requestMax)}` : `ask for no ${resource}`;
  return { text: `node ${name} lacks ${lacks} ${resource}: free it there, or ${instead}`, resource, lacks };
}

function isRelaxation(choice: Choice): choice is Relaxation {
  return choice.type !== 'Uncordon';
}

function choiceText(choice: Choice): Change {
  if (!isRelaxation(choice)) return { type: choice.type, ...needText(choice, choice.node.name) };
  const { type, field, text } = choice;
  return { type, field, text };
}

/** Of this size, in their order. */
function* combinations<T>(items: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= items.length - size; i++) {
    for (const rest of combinations(items, size - 1, i + 1)) yield [items[i] as T, ...rest];
  }
}
