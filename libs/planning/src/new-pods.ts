// Which pods a workload would get that it does not have yet, and which go for them.
import {
  type DaemonSet,
  type Deployment,
  hasEnded,
  type Job,
  type Node,
  Pod,
  type PodTemplateSpec,
  type ReplicaSet,
  type StatefulSet,
} from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { isWantedNode, podFacts, untolerated } from '@berth/scheduling';
import type { ClusterState } from './cluster-state.ts';

export interface PodDemand {
  /** As its change is called: `Deployment shop/web`. */
  workload: string;
  /** As it would be created. */
  pod: Pod;
  count: number;
  /** Names of pods that have their own; otherwise they are made up. */
  names?: string[];
  /** Nodes that each of them is for. */
  nodes?: string[];
  /** Pods that are replaced, in the order in which they go; those for nodes, each before the one that is for its node. */
  leaving: Pod[];
  /** How many new ones may be there before the first one goes. */
  surge: number;
  /** How many fewer than there are to be may be ready meanwhile: an old one stays until a new one has a node, but for so many. */
  missing: number;
  /** Whether all of those go before the first new one is made. */
  leavesFirst?: boolean;
  notes: string[];
}

interface Workload {
  title: string;
  before: KubeObject | undefined;
  after: KubeObject;
}

/** Labels and owner that the scheduler tells pods of one set by. */
interface SetFacts {
  labels: Record<string, string>;
  uid: string;
}

const controllerOf = ({ metadata }: KubeObject) => metadata.ownerReferences?.find(({ controller }) => controller)?.uid;

export function newPods(workload: Workload, state: ClusterState): PodDemand[] {
  const { after, before, title } = workload;
  const nothing = { workload: title, leaving: [], surge: 0, missing: 1, notes: [] };
  switch (after.kind) {
    case 'Pod':
      return before ? [] : [{ ...nothing, pod: after as Pod, count: 1, names: [after.metadata.name] }];
    case 'Deployment':
      return ofDeployment(workload, state);
    case 'ReplicaSet':
    case 'ReplicationController':
      return ofSet(workload, state, nothing);
    case 'StatefulSet':
      return ofStatefulSet(workload, state, nothing);
    case 'DaemonSet':
      return ofDaemonSet(workload, state, nothing);
    case 'Job': {
      const { parallelism = 1, completions = parallelism, suspend, template } = (after as Job).spec;
      const pod = podFrom(after, template, { labels: {}, uid: `plan-${title}` }, 'Job');
      return before || suspend ? [] : [{ ...nothing, pod, count: Math.min(parallelism, completions) }];
    }
    default:
      return [];
  }
}

type Nothing = Omit<PodDemand, 'pod' | 'count'>;

function ofDeployment({ title, before, after }: Workload, state: ClusterState): PodDemand[] {
  const { spec } = after as Deployment;
  const old = before as Deployment | undefined;
  const replicas = spec.replicas ?? 1;
  const sets = old ? state.replicaSets.filter((set) => controllerOf(set) === old.metadata.uid) : [];
  const isSame = old !== undefined && JSON.stringify(old.spec.template) === JSON.stringify(spec.template);
  const newest = sets.sort((a, b) => revisionOf(b) - revisionOf(a))[0];
  const own = (set: ReplicaSet) => state.pods.filter((pod) => controllerOf(pod) === set.metadata.uid && !hasEnded(pod));
  const base = { workload: title, surge: 0, missing: 0, notes: [] as string[], leaving: [] as Pod[] };
  if (isSame && newest) {
    const set = { labels: newest.spec?.template?.metadata?.labels ?? {}, uid: newest.metadata.uid ?? '' };
    const count = Math.max(0, replicas - own(newest).length);
    return count > 0 ? [{ ...base, pod: podFrom(after, spec.template, set, 'ReplicaSet'), count }] : [];
  }
  if (spec.paused) return [];
  const labels = { ...spec.template.metadata?.labels, 'pod-template-hash': 'plan' };
  const pod = podFrom(after, spec.template, { labels, uid: `plan-${title}` }, 'ReplicaSet');
  const leaving = sets.flatMap(own).sort((a, b) => Number(isReady(a)) - Number(isReady(b)));
  const { type = 'RollingUpdate', rollingUpdate } = spec.strategy ?? {};
  const isRolling = type === 'RollingUpdate';
  const surge = isRolling ? amountOf(rollingUpdate?.maxSurge ?? '25%', replicas, Math.ceil) : 0;
  const missing = amountOf(rollingUpdate?.maxUnavailable ?? '25%', replicas, Math.floor);
  return replicas === 0
    ? []
    : [{ ...base, pod, count: replicas, leaving, surge, missing: surge + missing === 0 ? 1 : missing, leavesFirst: !isRolling }];
}

function ofSet({ title, before, after }: Workload, { pods }: ClusterState, nothing: Nothing): PodDemand[] {
  const { replicas = 1, template } = (after as ReplicaSet).spec ?? {};
  const has = before ? pods.filter((pod) => controllerOf(pod) === before.metadata.uid && !hasEnded(pod)).length : 0;
  if (!template || replicas <= has) return [];
  const set = { labels: template.metadata?.labels ?? {}, uid: before?.metadata.uid ?? `plan-${title}` };
  return [{ ...nothing, pod: podFrom(after, template, set, after.kind), count: replicas - has }];
}

function ofStatefulSet({ title, before, after }: Workload, { pods }: ClusterState, nothing: Nothing): PodDemand[] {
  const { replicas = 1, template, ordinals, volumeClaimTemplates = [] } = (after as StatefulSet).spec;
  const { name } = after.metadata;
  const first = ordinals?.start ?? 0;
  const own = before ? pods.filter((pod) => controllerOf(pod) === before.metadata.uid) : [];
  const isSame = before !== undefined && JSON.stringify((before as StatefulSet).spec.template) === JSON.stringify(template);
  const taken = new Set(isSame || !before ? own.map(({ metadata }) => metadata.name) : []);
  const names = Array.from({ length: replicas }, (_, index) => `${name}-${first + index}`).filter((one) => !taken.has(one));
  if (names.length === 0) return [];
  // An update goes from the last one to the first.
  if (before && !isSame) {
    names.reverse();
    own.sort((a, b) => names.indexOf(a.metadata.name) - names.indexOf(b.metadata.name));
  }
  const set = { labels: template.metadata?.labels ?? {}, uid: before?.metadata.uid ?? `plan-${title}` };
  const pod = podFrom(after, template, set, 'StatefulSet');
  const notes = volumeClaimTemplates.length > 0 ? ['where its claims bring the pods is not foreseen: their volumes are made later'] : [];
  return [{ ...nothing, pod, names, count: names.length, leaving: isSame ? [] : own, notes }];
}

function ofDaemonSet({ title, before, after }: Workload, { nodes, pods }: ClusterState, nothing: Nothing): PodDemand[] {
  const { template } = (after as DaemonSet).spec;
  const set = { labels: template.metadata?.labels ?? {}, uid: before?.metadata.uid ?? `plan-${title}` };
  const pod = podFrom(after, template, set, 'DaemonSet');
  const own = before ? pods.filter((one) => controllerOf(one) === before.metadata.uid && !hasEnded(one)) : [];
  const isSame = before !== undefined && JSON.stringify((before as DaemonSet).spec.template) === JSON.stringify(template);
  const has = new Set(isSame ? own.map(({ spec }) => spec.nodeName) : []);
  const wanted = nodes.filter((node) => takes(pod, node) && !has.has(node.metadata.name)).map(({ metadata }) => metadata.name);
  return wanted.length === 0 ? [] : [{ ...nothing, pod, nodes: wanted, count: wanted.length, leaving: isSame ? [] : own }];
}

/** Whatever is wrong with a node for a while does not keep a DaemonSet's pods away. */
const tolerated = ['not-ready', 'unreachable', 'disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'];

function takes(pod: Pod, { metadata, spec }: Node): boolean {
  const node = { name: metadata.name, labels: metadata.labels ?? {} };
  const taints = (spec?.taints ?? []).filter(({ key }) => !tolerated.includes(key.replace('node.kubernetes.io/', '')));
  return isWantedNode(podFacts(pod), node) && !untolerated(taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
}

function podFrom({ metadata }: KubeObject, template: PodTemplateSpec, { labels, uid }: SetFacts, kind: string): Pod {
  const owner = { apiVersion: 'apps/v1', kind, name: metadata.name, uid, controller: true };
  return {
    apiVersion: 'v1',
    kind: Pod.kind,
    metadata: {
      ...(template.metadata?.annotations && { annotations: template.metadata.annotations }),
      ...{ name: '', generateName: `${metadata.name}-`, namespace: metadata.namespace, ownerReferences: [owner] },
      labels: { ...template.metadata?.labels, ...labels },
    },
    spec: template.spec ?? { containers: [] },
  };
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

function amountOf(value: string | number, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return value.endsWith('%') ? round((Number(value.slice(0, -1)) * of) / 100) : Number(value);
}
