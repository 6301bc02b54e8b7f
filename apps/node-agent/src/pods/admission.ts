// Whether this node takes a pod that is bound to it, as the kubelet decides: whoever bound the pod may have known less of the node,
// or have asked nobody. Reasons and messages are the kubelet's, as clients read them. Pure.
import type { Pod, Taint } from '@berth/api';
import { hostPortsClash, isWantedNode, podFacts, podRequests, type Resources, untolerated } from '@berth/scheduling';
import { forbiddenSysctl } from './allowed-sysctls.ts';
import { isCritical } from './critical-pods.ts';
import { qosClass } from './resources.ts';

export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

/** This node, as admission sees it. */
export interface AdmittingNode {
  name: string;
  labels: Record<string, string>;
  taints: Taint[];
  /** In thousandths of cpu, bytes and counts. */
  allocatable: Resources;
  /** Those that hold now. */
  pressures: readonly PressureCondition[];
  allowedSysctls: readonly string[];
  hasAppArmor: boolean;
  /** Its runtime leaves out the groups of an image where a pod asks for that. */
  hasStrictGroups: boolean;
  /** The machine is about to be switched off. */
  isShuttingDown: boolean;
}

export interface Rejection {
  reason: string;
  message: string;
  /** Some of a resource that the node lacks. */
  missing?: { resource: string; amount: number }[];
  /** It follows from the node's labels or taints alone, of which this node may not have heard the newest yet. */
  isByNode?: true;
}

/** @param others the pods that this node has taken and that have not ended, as granted */
export function admit(pod: Pod, node: AdmittingNode, others: Pod[]): Rejection | undefined {
  return (
    shuttingDown(node) ??
    underPressure(pod, node) ??
    sysctls(pod, node) ??
    otherSystem(pod, node) ??
    strictGroups(pod, node) ??
    general(pod, node, others) ??
    appArmor(pod, node)
  );
}

function shuttingDown({ isShuttingDown }: AdmittingNode): Rejection | undefined {
  return isShuttingDown ? { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' } : undefined;
}

/** Under memory pressure alone, pods that ask for something are taken; critical pods always. */
function underPressure(pod: Pod, { pressures }: AdmittingNode): Rejection | undefined {
  if (pressures.length === 0 || isCritical(pod)) return undefined;
  if (pressures.length === 1 && pressures[0] === 'MemoryPressure') {
    const taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' };
    if (qosClass(pod) !== 'BestEffort' || !untolerated([taint], pod.spec.tolerations, ['NoSchedule'])) return undefined;
  }
  return { reason: 'Evicted', message: `The node had condition: [${pressures.join(' ')}]. ` };
}

function sysctls({ spec }: Pod, { allowedSysctls }: AdmittingNode): Rejection | undefined {
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    const why = forbiddenSysctl(name, allowedSysctls, { network: spec.hostNetwork === true, ipc: spec.hostIPC === true });
    if (why) return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${why}` };
  }
  return undefined;
}

function otherSystem({ metadata, spec }: Pod, { labels }: AdmittingNode): Rejection | undefined {
  const wanted = metadata.labels?.['kubernetes.io/os'];
  if (wanted !== undefined && wanted !== (labels['kubernetes.io/os'] ?? 'linux')) {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message };
  }
  if (spec.os === undefined || spec.os.name === 'linux') return undefined;
  return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
}

/** A runtime that drops the field would give a container groups of its image that it is not to have. */
function strictGroups({ spec }: Pod, { hasStrictGroups }: AdmittingNode): Rejection | undefined {
  if (hasStrictGroups || spec.securityContext?.supplementalGroupsPolicy !== 'Strict') return undefined;
  return {
    reason: 'SupplementalGroupsPolicyNotSupported',
    message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
  };
}

/** What a scheduler would have found. For a critical pod, room is made: what is missing counts for it only when nothing else does. */
function general(pod: Pod, node: AdmittingNode, others: Pod[]): Rejection | undefined {
  const shortage = shortages(pod, node, others);
  const failure = predicates(pod, node, others);
  return isCritical(pod) ? (failure ?? shortage) : (shortage ?? failure);
}

function shortages(pod: Pod, { allocatable }: AdmittingNode, others: Pod[]): Rejection | undefined {
  const found: { resource: string; requested: number; used: number; capacity: number }[] = [];
  const podsMax = allocatable.get('pods') ?? 0;
  if (others.length + 1 > podsMax) found.push({ resource: 'pods', requested: 1, used: others.length, capacity: podsMax });
  const used = others.map(({ spec }) => podRequests(spec));
  for (const [resource, requested] of inOrder(podRequests(pod.spec))) {
    const capacity = allocatable.get(resource) ?? 0;
    // One that this node does not know is somebody else's to count, such as a resource of the whole cluster.
    if (requested === 0 || (resource.includes('/') && !allocatable.has(resource))) continue;
    const usedAmount = used.reduce((sum, amounts) => sum + (amounts.get(resource) ?? 0), 0);
    if (requested > capacity - usedAmount) found.push({ resource, requested, used: usedAmount, capacity });
  }
  const [first] = found;
  if (!first) return undefined;
  const { resource, requested, used: taken, capacity } = first;
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${taken}, capacity: ${capacity}`,
    missing: found.map((short) => ({ resource: short.resource, amount: short.requested - (short.capacity - short.used) })),
  };
}

function inOrder(requests: Resources): [string, number][] {
  const first = ['cpu', 'memory', 'ephemeral-storage'];
  const place = (name: string) => (first.indexOf(name) + first.length + 1) % (first.length + 1);
  return [...requests].sort(([a], [b]) => place(a) - place(b));
}

function predicates(pod: Pod, node: AdmittingNode, others: Pod[]): Rejection | undefined {
  const facts = podFacts(pod);
  const used = others.flatMap((other) => podFacts(other).hostPorts);
  if (!isWantedNode(facts, node)) return { ...failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector"), isByNode: true };
  if (pod.spec.nodeName !== node.name) return failed('NodeName', "node(s) didn't match the requested node name");
  if (facts.hostPorts.some((port) => used.some((other) => hostPortsClash(port, other))))
    return failed('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  if (untolerated(node.taints, pod.spec.tolerations, ['NoExecute']))
    return { ...failed('TaintToleration', "node(s) had taints that the pod didn't tolerate"), isByNode: true };
  return undefined;
}

function failed(predicate: string, why: string): Rejection {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${why}` };
}

function appArmor({ spec }: Pod, { hasAppArmor }: AdmittingNode): Rejection | undefined {
  if (hasAppArmor) return undefined;
  const containers = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  const isWanted = [spec, ...containers].some(({ securityContext }) => {
    const type = securityContext?.appArmorProfile?.type;
    return type !== undefined && type !== 'Unconfined';
  });
  if (!isWanted) return undefined;
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
}
