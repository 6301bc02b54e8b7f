// A decision as it is kept: of a cluster of thousands of pods there is one each, so that scores are plain numbers side by side, names
// are shared, and pods that were to be removed are only named.
import type { Decision as DecisionObject } from '@berth/api';
import { Decision as DecisionKind } from '@berth/api';
import { apiVersionOf } from '@berth/machinery';
import { type Decision, explainedMax, type PodFacts } from '@berth/scheduling';

/** Pods that are named of those that are removed for one. */
const victimsMax = 16;
/** Of a message that is kept; the pod's own condition has all of it. */
const messageCharactersMax = 4_096;

/** Node by node. */
interface Details {
  refused: Decision['rejected'];
  /** In the order of `nodes` and, within, of `plugins`. */
  scores: { nodes: string[]; plugins: string[]; weights: number[]; values: Float32Array };
}

export interface KeptDecision {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Record<string, string>;
  version: number;
  atMs: number;
  attempts: number;
  nodeName: string | undefined;
  nominatedNodeName: string;
  message: string;
  /** Why the binding failed that was tried then. */
  failure: string | undefined;
  total: number;
  feasible: number;
  refusedBy: [plugin: string, nodes: number][];
  reasons: [reason: string, nodes: number][];
  preemption: { nodeName: string; victimCount: number; victims: string[]; budgetViolations: number } | undefined;
  /** Absent when the room for it went to newer decisions. */
  details: Details | undefined;
}

/** By the plugins that scored: there are few such lists, and thousands of decisions. */
const sharedPlugins = new Map<string, { plugins: string[]; weights: number[] }>();
const sharedMax = 64;

export function keptDecision(
  facts: PodFacts,
  decision: Decision,
  about: { version: number; atMs: number; attempts: number },
): KeptDecision {
  const { preemption } = decision;
  const own = preemption?.victims.filter(({ namespace }) => namespace === facts.namespace) ?? [];
  return {
    ...about,
    namespace: facts.namespace,
    name: facts.pod.metadata.name,
    uid: facts.uid,
    labels: facts.labels,
    nodeName: decision.nodeName,
    nominatedNodeName: decision.nominatedNodeName ?? facts.pod.status?.nominatedNodeName ?? '',
    message: decision.message.slice(0, messageCharactersMax),
    failure: undefined,
    total: decision.nodeCount,
    feasible: decision.feasibleCount,
    refusedBy: [...decision.rejections],
    reasons: [...decision.reasons],
    preemption: preemption && {
      nodeName: preemption.nodeName,
      victimCount: preemption.victims.length,
      // Whoever may see this pod may not see those of other namespaces.
      victims: own.slice(0, victimsMax).map(({ pod }) => pod.metadata.name),
      budgetViolations: preemption.violations,
    },
    details: { refused: decision.rejected, scores: scoresOf(decision) },
  };
}

function scoresOf({ scores, weights, nodeName }: Decision): Details['scores'] {
  const names = Object.keys(weights);
  const key = names.join();
  const shared = sharedPlugins.get(key) ?? { plugins: names, weights: Object.values(weights) };
  if (sharedPlugins.size < sharedMax) sharedPlugins.set(key, shared);
  // A node that nobody was compared with has no scores.
  if (names.length === 0) return { ...shared, nodes: nodeName === undefined ? [] : [nodeName], values: new Float32Array() };
  const values = new Float32Array(scores.length * names.length);
  let place = 0;
  for (const { plugins } of scores) for (const name of names) values[place++] = plugins[name] ?? 0;
  return { ...shared, nodes: scores.map(({ node }) => node), values };
}

/** Roughly, of its own: names of pods and nodes are others'. */
export function bytesOf({ message, failure = '', refusedBy, reasons, preemption, details }: KeptDecision): number {
  const texts = message.length + failure.length + reasons.reduce((sum, [reason]) => sum + reason.length, 0);
  return (
    400 + texts + 64 * (refusedBy.length + reasons.length + (preemption?.victims.length ?? 0)) + (details ? bytesOfDetails(details) : 0)
  );
}

export function bytesOfDetails({ refused, scores }: Details): number {
  const reasons = refused.reduce((sum, refusal) => sum + 120 + refusal.reasons.reduce((length, reason) => length + reason.length, 0), 0);
  return 200 + reasons + 8 * scores.nodes.length + scores.values.byteLength;
}

export function decisionObject(kept: KeptDecision): DecisionObject {
  const { name, namespace, uid, labels, version, atMs, message, failure, details, nominatedNodeName } = kept;
  return {
    apiVersion: apiVersionOf(DecisionKind),
    kind: DecisionKind.kind,
    metadata: { name, namespace, labels, resourceVersion: String(version), creationTimestamp: seconds(atMs) },
    podUID: uid,
    ...(kept.nodeName !== undefined && { nodeName: kept.nodeName }),
    ...(nominatedNodeName && { nominatedNodeName }),
    reason: reasonOf(kept),
    ...((failure ?? message) && { message: failure ?? message }),
    attempts: kept.attempts,
    nodes: { total: kept.total, feasible: kept.feasible },
    refusedBy: kept.refusedBy.map(([plugin, nodes]) => ({ plugin, nodes })),
    reasons: kept.reasons.map(([reason, nodes]) => ({ reason, nodes })),
    ...(details && { refused: details.refused, scores: shownScores(details.scores) }),
    ...(kept.preemption && { preemption: kept.preemption }),
    notes: notesOf(kept),
  };
}

function reasonOf({ failure, nodeName, preemption }: KeptDecision): string {
  if (failure !== undefined) return 'BindingFailed';
  if (nodeName !== undefined) return 'Scheduled';
  return preemption ? 'Preempting' : 'Unschedulable';
}

function shownScores({ nodes, plugins, weights, values }: Details['scores']) {
  const rounded = (value: number) => Math.round(value * 100) / 100;
  return nodes.map((node, index) => {
    const scores = plugins.map((plugin, place) => ({
      plugin,
      score: rounded(values[index * plugins.length + place] ?? 0),
      weight: weights[place] ?? 0,
    }));
    return { node, total: rounded(scores.reduce((sum, { score, weight }) => sum + score * weight, 0)), plugins: scores };
  });
}

function notesOf({ total, feasible, details, preemption }: KeptDecision): string[] {
  const notes: string[] = [];
  if (!details) notes.push('refusals and scores node by node are not kept any more: newer decisions have taken their room');
  const refusedCount = total - feasible;
  if (details && refusedCount > explainedMax && details.refused.length > 0)
    notes.push(`refused shows ${details.refused.length} of ${refusedCount} nodes`);
  if (details && feasible > explainedMax) notes.push(`scores shows the best ${details.scores.nodes.length} of ${feasible} nodes`);
  if (feasible === 1) notes.push('one node could take the pod: there was nothing to compare');
  if (preemption && preemption.victims.length < preemption.victimCount)
    notes.push(
      `victims names ${preemption.victims.length} of ${preemption.victimCount} pods: those of the pod's own namespace, up to ${victimsMax}`,
    );
  return notes;
}

function seconds(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
