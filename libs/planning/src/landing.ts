// Where new pods would land: the scheduler's own decisions on a snapshot of what there is, by priority, one after the other. Pods that
// have to be removed for others are still there while the rest is decided, as they are in a cluster.
import type { Pod } from '@berth/api';
import { type Decision, type PodFacts, podFacts, type Snapshot, schedule } from '@berth/scheduling';
import type { PodDemand } from './new-pods.ts';
import type { QuotaRoom } from './quota-room.ts';

export interface Landing {
  workload: string;
  /** Of a pod that has one beforehand. */
  pod?: string;
  /** Absent for a pod that would wait. */
  node?: string;
  /** Nodes that are as good: which one it is, chance decides. */
  orElse?: string[];
  /** Why it has no node, or is not made at all. */
  message?: string;
  /** What keeps it from being made: a quota or a policy. */
  isRefused?: true;
  /** `namespace/name` of pods that would be removed for it. */
  victims?: string[];
}

interface Nominated {
  facts: PodFacts;
  landing: Landing;
  victims: PodFacts[];
}

interface Later {
  nominated: Nominated[];
  refused: { pod: Pod; landing: Landing }[];
}

export interface LandingPorts {
  snapshot: Snapshot;
  /** In [0, 1): chooses among equals. */
  random: () => number;
  room(namespace: string): QuotaRoom;
}

/** Pods that a quota refuses are made once those are gone that are removed for others; each time fewer are. */
const roundsMax = 16;

/** @param demands with the pods as they are admitted */
export function landings(demands: readonly PodDemand[], ports: LandingPorts): Landing[] {
  const ordered = demands.map((demand, index) => ({ demand, index, priority: demand.pod.spec.priority ?? 0 }));
  ordered.sort((a, b) => b.priority - a.priority || a.index - b.index);
  const later: Later = { nominated: [], refused: [] };
  const landed = ordered.map(({ demand, index }) => ({ index, found: landingsOf(demand, index, ports, later) }));
  for (let round = 0; round < roundsMax && later.nominated.length > 0; round++) {
    settle(later.nominated.splice(0), ports);
    for (const { pod, landing } of later.refused.splice(0)) make(pod, landing, ports, later);
  }
  return landed.sort((a, b) => a.index - b.index).flatMap(({ found }) => found);
}

function landingsOf(demand: PodDemand, index: number, ports: LandingPorts, later: Later): Landing[] {
  const { snapshot } = ports;
  const room = ports.room(demand.pod.metadata.namespace ?? '');
  const leaving = [...demand.leaving];
  const found: Landing[] = [];
  for (let made = 0; made < demand.count; made++) {
    const going = goingBefore(demand, made, leaving);
    for (const gone of going) {
      snapshot.removePod(gone.metadata.uid ?? '');
      room.giveBack(gone);
    }
    const name = demand.names?.[made];
    const landing: Landing = { workload: demand.workload, ...(name && { pod: name }) };
    const hasRoom = mayBeMade(demand, found, leaving);
    found.push(landing);
    if (!hasRoom) landing.message = 'it is not made before those ahead of it are ready: the rollout stops there';
    else make(numbered(demand, `plan-${index}-${made}`, made), landing, ports, later);
  }
  return found;
}

function make(pod: Pod, landing: Landing, ports: LandingPorts, later: Later): void {
  const refusal = ports.room(pod.metadata.namespace ?? '').take(pod);
  if (refusal !== undefined) {
    Object.assign(landing, { message: refusal, isRefused: true });
    later.refused.push({ pod, landing });
    return;
  }
  delete landing.isRefused;
  delete landing.message;
  place(podFacts(pod), landing, ports, later.nominated);
}

/** Whether as many as must be ready are, without the old ones that have gone. */
function mayBeMade({ nodes, leavesFirst, count, missing, leaving: old }: PodDemand, found: Landing[], leaving: Pod[]): boolean {
  if (nodes || leavesFirst || old.length === leaving.length) return true;
  const landed = found.filter(({ node, victims }) => node !== undefined || victims !== undefined).length;
  return leaving.length + landed >= Math.min(count, old.length) - missing;
}

/** Takes out of `leaving` those that are gone when a new one is made. */
function goingBefore({ nodes, leavesFirst, count, surge }: PodDemand, made: number, leaving: Pod[]): Pod[] {
  if (nodes) return leaving.filter(({ spec }) => spec.nodeName === nodes[made]);
  if (leavesFirst) return leaving.splice(0);
  return leaving.splice(0, Math.max(0, leaving.length + made + 1 - (count + surge)));
}

function place(facts: PodFacts, landing: Landing, { snapshot, random }: LandingPorts, nominated: Nominated[]): void {
  const gates = facts.pod.spec.schedulingGates?.map(({ name }) => name) ?? [];
  if (gates.length > 0) {
    landing.message = `it waits for its scheduling gates: ${gates.join(', ')}`;
    return;
  }
  if (facts.pod.spec.nodeName) {
    landing.node = facts.pod.spec.nodeName;
    snapshot.addPod(facts, landing.node);
    return;
  }
  const decision = schedule(facts, snapshot, random);
  const { nodeName, preemption, nominatedNodeName, message } = decision;
  if (nodeName !== undefined) {
    Object.assign(landing, { node: nodeName, ...equals(decision) });
    snapshot.addPod(facts, nodeName);
    return;
  }
  landing.message = message;
  if (!preemption || !nominatedNodeName) return;
  landing.victims = preemption.victims.map(({ key }) => key);
  snapshot.nominations.set(facts, nominatedNodeName);
  nominated.push({ facts, landing, victims: preemption.victims });
}

function equals({ nodeName, scores }: Decision): Pick<Landing, 'orElse'> {
  const best = scores.find(({ node }) => node === nodeName)?.total;
  const others = scores.filter(({ node, total }) => node !== nodeName && total === best).map(({ node }) => node);
  return others.length > 0 ? { orElse: others } : {};
}

/** Those for which others go get their nodes once these are gone. */
function settle(nominated: Nominated[], { snapshot, random, room }: LandingPorts): void {
  for (const { uid, namespace, pod } of new Set(nominated.flatMap(({ victims }) => victims))) {
    snapshot.removePod(uid);
    room(namespace).giveBack(pod);
  }
  for (const { facts, landing } of nominated) {
    const { nodeName } = schedule(facts, snapshot, random);
    snapshot.nominations.remove(facts.uid);
    if (nodeName === undefined) continue;
    landing.node = nodeName;
    delete landing.message;
    snapshot.addPod(facts, nodeName);
  }
}

function numbered({ pod, names, nodes }: PodDemand, uid: string, made: number): Pod {
  const metadata = { ...pod.metadata, uid, name: names?.[made] ?? uid };
  const node = nodes?.[made];
  return node === undefined ? { ...pod, metadata } : { ...pod, metadata, spec: boundFor(pod.spec, node) };
}

/** As a DaemonSet's controller does it. */
function boundFor(spec: Pod['spec'], node: string): Pod['spec'] {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  const nodeSelectorTerms = terms.map((term) => ({ ...term, matchFields }));
  const nodeAffinity = { ...spec.affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  const passing = ['not-ready', 'unreachable'].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoExecute',
  }));
  const others = ['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'];
  const lasting = others.map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoSchedule' }));
  return { ...spec, affinity: { ...spec.affinity, nodeAffinity }, tolerations: [...(spec.tolerations ?? []), ...passing, ...lasting] };
}
