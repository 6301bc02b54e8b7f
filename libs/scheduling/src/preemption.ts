// Which pods of lower priority have to go so that a pod fits on a node where it does not, and on which node: as Kubernetes'
// DefaultPreemption decides. Pods that need not go are spared, the most important first, and those before all whose
// disruption budget their removal would violate.
import type { Feasibility, Refusals } from './feasibility.ts';
import { neverText, preemptionText } from './message.ts';
import type { NodeState } from './node-state.ts';
import type { PodFacts } from './pod-facts.ts';
import type { RejectionCounts } from './rejection-counts.ts';
import type { Snapshot } from './snapshot.ts';
import { Trial } from './trial.ts';

export interface Preemption {
  nodeName: string;
  /** The most important first; those that are terminating already among them. */
  victims: PodFacts[];
  /** How many of them are removed against a disruption budget. */
  violations: number;
}

export interface PreemptionOutcome {
  preemption?: Preemption;
  /** The node to nominate the pod to; empty for none, absent when that stays as it is. */
  nominatedNodeName?: string;
  /** Why it did not help, in Kubernetes' words; empty when it did. */
  text: string;
}

interface Attempt {
  pod: PodFacts;
  snapshot: Snapshot;
  feasibility: Feasibility;
  contested: Refusals | undefined;
  counts: RejectionCounts;
  random: () => number;
}

/** Of this many nodes, or of this share of all if that is more, it is known what they would cost before one is chosen. */
const candidatesMin = 100;
const candidatesPercentMin = 10;
const noVictims = 'No preemption victims found for incoming pod';
/** Larger than the amount of any priority. */
const priorityOffset = 2 ** 31;

/** @param random in [0, 1); asked once, when there are several nodes to look at */
export function preempt(attempt: Attempt): PreemptionOutcome {
  const { pod, snapshot, feasibility, contested, counts } = attempt;
  if (pod.pod.spec.preemptionPolicy === 'Never') return { text: neverText };
  const nothing = (reasons: Map<string, number>, looked: number): PreemptionOutcome => ({
    nominatedNodeName: '',
    text: preemptionText(reasons, looked, snapshot.nodeCount),
  });
  const resolvable = counts.resolvable;
  if (!snapshot.hasPodsBelow(pod.priority)) return nothing(new Map(resolvable > 0 ? [[noVictims, resolvable]] : []), resolvable);
  const refusals = feasibility.refusals(contested);
  if (awaitsVictims(pod, snapshot) && isResolvableOnNominated(pod, snapshot, refusals))
    return { text: 'not eligible due to a terminating pod on the nominated node.' };
  const nodes = [...refusals].flatMap(([slot, { rejection }]) => (rejection.isResolvable ? (snapshot.nodes[slot] ?? []) : []));
  const { candidates, reasons } = dryRun(attempt, nodes);
  const preemption = best(candidates);
  return preemption ? { preemption, nominatedNodeName: preemption.nodeName, text: '' } : nothing(reasons, nodes.length);
}

/** Whether pods that were removed for this one are still going from the node that it is nominated to. */
export function awaitsVictims(pod: PodFacts, snapshot: Snapshot): boolean {
  const node = snapshot.node(snapshot.nominations.nodeOf(pod.uid) ?? '');
  for (const other of node?.pods.values() ?? []) if (other.priority < pod.priority && isLeavingForOthers(other)) return true;
  return false;
}

function isLeavingForOthers({ isTerminating, pod }: PodFacts): boolean {
  if (!isTerminating) return false;
  const condition = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler';
}

function isResolvableOnNominated(pod: PodFacts, snapshot: Snapshot, refusals: Refusals): boolean {
  const slot = snapshot.node(snapshot.nominations.nodeOf(pod.uid) ?? '')?.slot;
  return slot !== undefined && (refusals.get(slot)?.rejection.isResolvable ?? true);
}

function dryRun(attempt: Attempt, nodes: NodeState[]): { candidates: Preemption[]; reasons: Map<string, number> } {
  const enough = Math.min(nodes.length, Math.max(candidatesMin, Math.floor((nodes.length * candidatesPercentMin) / 100)));
  const offset = nodes.length > 1 ? Math.floor(attempt.random() * nodes.length) : 0;
  const clean: Preemption[] = [];
  const violating: Preemption[] = [];
  const reasons = new Map<string, number>();
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(offset + i) % nodes.length];
    const result = node ? victimsOn(attempt, node) : [];
    if (Array.isArray(result)) {
      for (const reason of result) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      continue;
    }
    (result.violations === 0 ? clean : violating).push(result);
    // Some that violates no budget is worth looking on for.
    if (clean.length > 0 && clean.length + violating.length >= enough) break;
  }
  return { candidates: [...clean, ...violating], reasons };
}

/** Whom removing makes room on a node, or the reasons why nobody's removal does. */
function victimsOn({ pod, snapshot, feasibility }: Attempt, node: NodeState): Preemption | string[] {
  const removable = [...node.pods.values()].filter(({ priority }) => priority < pod.priority).sort(byImportance);
  if (removable.length === 0) return [noVictims];
  const trial = new Trial(pod, snapshot, feasibility, node);
  for (const other of removable) trial.remove(other);
  const refusal = trial.refusal();
  if (refusal) return refusal.rejection.reasons;
  const { violating, others } = snapshot.budgets.split(removable);
  const cannotStay = (other: PodFacts) => {
    trial.add(other);
    if (!trial.refusal()) return false;
    trial.remove(other);
    return true;
  };
  const violations = violating.filter(cannotStay);
  const victims = [...violations, ...others.filter(cannotStay)].sort(byImportance);
  return victims.length > 0 ? { nodeName: node.name, victims, violations: violations.length } : [noVictims];
}

/** By priority, then those that run for longest. */
function byImportance(a: PodFacts, b: PodFacts): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [startOfA, startOfB] = [startOf(a), startOf(b)];
  return startOfA === startOfB ? 0 : startOfA - startOfB;
}

/** Unix milliseconds; of a pod that has not started, later than all that have. */
function startOf({ pod }: PodFacts): number {
  const { startTime } = pod.status ?? {};
  return startTime ? Date.parse(startTime) : Number.POSITIVE_INFINITY;
}

/** The first of those that cost least. */
function best(candidates: Preemption[]): Preemption | undefined {
  let chosen: { candidate: Preemption; costs: number[] } | undefined;
  for (const candidate of candidates) {
    const costs = costsOf(candidate);
    if (!chosen || isLess(costs, chosen.costs)) chosen = { candidate, costs };
  }
  return chosen?.candidate;
}

/** In the order in which they count. */
function costsOf({ victims, violations }: Preemption): number[] {
  const highest = victims[0]?.priority ?? 0;
  const sum = victims.reduce((total, { priority }) => total + priority + priorityOffset, 0);
  const starts = victims.filter(({ priority }) => priority === highest).map(startOf);
  return [violations, highest, sum, victims.length, -Math.min(...starts)];
}

function isLess(costs: number[], than: number[]): boolean {
  for (const [place, cost] of costs.entries()) {
    const other = than[place] ?? 0;
    if (cost !== other) return cost < other;
  }
  return false;
}
