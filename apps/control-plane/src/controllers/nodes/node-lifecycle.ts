// Declares nodes lost that gave no sign of life, and taints nodes by their conditions. While a node is lost, and only then,
// this writes the readiness of its pods, as nobody else can.
import { Lease, Node, type NodeCondition, Pod, type Taint } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { isReady } from '../pod-state.ts';

/** Without a renewed Lease for so long a node is lost. */
const graceMs = 40_000;
const leaseNamespace = 'kube-node-lease';
export const nodeIndex = 'node';

const heartbeatConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

const taintsByCondition: { type: string; status: string; key: string; effects: string[] }[] = [
  { type: 'Ready', status: 'False', key: 'node.kubernetes.io/not-ready', effects: ['NoSchedule', 'NoExecute'] },
  { type: 'Ready', status: 'Unknown', key: 'node.kubernetes.io/unreachable', effects: ['NoSchedule', 'NoExecute'] },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure', effects: ['NoSchedule'] },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure', effects: ['NoSchedule'] },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure', effects: ['NoSchedule'] },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable', effects: ['NoSchedule'] },
];
const unschedulableKey = 'node.kubernetes.io/unschedulable';
const ownKeys = new Set([...taintsByCondition.map(({ key }) => key), unschedulableKey]);

export interface ObservedNode {
  node: Node;
  lease: Lease | undefined;
  pods(): Pod[];
}

/** @param startedAt Unix milliseconds; nobody could renew anything while the control plane was down */
export function nodeLifecycleController(startedAt: number): Controller<ObservedNode> {
  return {
    name: 'node-controller',
    owns: ['Node.spec.taints[conditions]', 'Node.status.conditions[lost]'],
    // A lease that is renewed changes nothing; one that is not is found when it runs out.
    watches: [watches(Node, ({ metadata }) => [metadata.name])],
    prepare(caches) {
      caches.of(Lease);
      caches.of(Pod).addIndex(nodeIndex, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []));
    },
    observe(key, caches) {
      const node = caches.of(Node).get(key);
      if (!node) return undefined;
      return { node, lease: caches.of(Lease).get(`${leaseNamespace}/${key}`), pods: () => caches.of(Pod).byIndex(nodeIndex, key) };
    },
    plan: (observed, now) => planNode(observed, startedAt, now),
  };
}

export function planNode({ node, lease, pods }: ObservedNode, startedAt: number, now: number): Action[] {
  if (node.metadata.deletionTimestamp) return [];
  const since = lastSign(node, lease, startedAt);
  const isLost = now - since >= graceMs;
  const conditions = isLost ? lostConditions(node, now) : [];
  const known = [...(node.status?.conditions ?? []).filter(({ type }) => !conditions.some((lost) => lost.type === type)), ...conditions];
  const ready = known.find(({ type }) => type === 'Ready')?.status;
  const again: Action = { type: 'requeue', afterMs: isLost ? graceMs : since + graceMs - now };
  const actions = [...markLost(node, conditions), ...taint(node, known, conditions.length === 0, now)];
  return [...actions, ...(ready === 'Unknown' ? pods().flatMap((pod) => markUnready(pod, now)) : []), again];
}

function lastSign({ metadata, status }: Node, lease: Lease | undefined, startedAt: number): number {
  const heartbeat = status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
  const times = [metadata.creationTimestamp, lease?.spec?.renewTime, lease ? undefined : heartbeat];
  return Math.max(startedAt, ...times.map((time) => Date.parse(time ?? '') || 0));
}

function lostConditions({ metadata, status }: Node, now: number): NodeCondition[] {
  const at = timestamp({ now: () => now });
  return heartbeatConditions.flatMap((type) => {
    const known = status?.conditions?.find((condition) => condition.type === type);
    if (known?.status === 'Unknown') return [];
    if (known) {
      const message = 'Kubelet stopped posting node status.';
      return [{ ...known, status: 'Unknown', reason: 'NodeStatusUnknown', message, lastTransitionTime: at }];
    }
    const lastHeartbeatTime = metadata.creationTimestamp ?? at;
    const message = 'Kubelet never posted node status.';
    return [{ type, status: 'Unknown', reason: 'NodeStatusNeverUpdated', message, lastHeartbeatTime, lastTransitionTime: at }];
  });
}

function markLost(node: Node, conditions: NodeCondition[]): Action[] {
  if (conditions.length === 0) return [];
  const { name } = node.metadata;
  const patch = { status: { conditions } };
  const message = `Node ${name} status is now: NodeNotReady`;
  return [
    { type: 'patch', kind: erased(Node), key: { name }, patchType: 'strategic', patch, subresource: 'status' },
    { type: 'event', event: { about: node, eventType: 'Normal', reason: 'NodeNotReady', message } },
  ];
}

/**
 * Adds and removes only taints of its own; those of others stay.
 * @param isAsSeen whether the same plan has not written the node before
 */
function taint({ metadata, spec }: Node, conditions: NodeCondition[], isAsSeen: boolean, now: number): Action[] {
  const wanted: Taint[] = taintsByCondition.flatMap(({ type, status, key, effects }) =>
    conditions.some((condition) => condition.type === type && condition.status === status)
      ? effects.map((effect) => ({ key, effect }))
      : [],
  );
  if (spec.unschedulable) wanted.push({ key: unschedulableKey, effect: 'NoSchedule' });
  const known = spec.taints ?? [];
  const at = timestamp({ now: () => now });
  const isSame = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const added = wanted.filter((one) => !known.some((other) => isSame(one, other))).map((one) => ({ ...one, timeAdded: at }));
  const kept = known.filter((one) => !ownKeys.has(one.key) || wanted.some((other) => isSame(one, other)));
  const taints = [...kept, ...added];
  if (deepEqual(taints, known)) return [];
  const { name, uid, resourceVersion } = metadata;
  const patch = { metadata: { uid, ...(isAsSeen && { resourceVersion }) }, spec: { taints } };
  return [{ type: 'patch', kind: erased(Node), key: { name }, patchType: 'merge', patch }];
}

function markUnready(pod: Pod, now: number): Action[] {
  if (!isReady(pod) || pod.metadata.deletionTimestamp) return [];
  const { uid } = pod.metadata;
  const condition = { type: 'Ready', status: 'False', lastTransitionTime: timestamp({ now: () => now }) };
  const patch = { metadata: { uid }, status: { conditions: [condition] } };
  return [
    { type: 'patch', kind: erased(Pod), key: pod.metadata, patchType: 'strategic', patch, subresource: 'status' },
    { type: 'event', event: { about: pod, eventType: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' } },
  ];
}
