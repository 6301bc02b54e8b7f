// Declares nodes lost that gave no sign of life, and taints nodes by their conditions. While a node is lost, and only then,
// this writes the readiness of its pods, as nobody else can. Silence counts from when this process saw the last sign, never
// from the times that stand in it: other clocks may differ, and while the control plane is away nobody can give a sign.
// The taint that makes pods leave is put on as fast as the node's zone allows.
import { Lease, Node, type NodeCondition, Pod, type Taint } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { isReady } from '../pod-state.ts';
import type { Attendance } from './attended-time.ts';
import { SignsOfLife } from './signs-of-life.ts';
import { ZoneDisruption, type ZoneMetrics } from './zone-disruption.ts';

/** Without a renewed Lease or a heartbeat for so long a node is lost. */
const graceMs = 40_000;
/** A node that is not ready is looked at so often: its zone may be in another state by then. */
const lookAgainMs = 5_000;
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
const readinessKeys = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);
const unschedulableKey = 'node.kubernetes.io/unschedulable';
const ownKeys = new Set([...taintsByCondition.map(({ key }) => key), unschedulableKey]);

export interface ObservedNode {
  node: Node;
  /** For how long nothing came from the node; milliseconds. */
  silentMs: number;
  /** Seen for the first time. */
  isNew: boolean;
  /** Whether its zone allows that pods leave it, if it is not ready. */
  mayEvict: boolean;
  pods(): Pod[];
}

/** What is left of a node that was deleted. */
export interface RemovedNode {
  removed: Node;
}

export function nodeLifecycleController(attendance: Attendance, metrics: ZoneMetrics): Controller<ObservedNode | RemovedNode> {
  const signs = new SignsOfLife(attendance);
  const zones = new ZoneDisruption(metrics);
  /** Nodes that are registered, as events name them. */
  const registered = new Map<string, Node>();
  return {
    name: 'node-controller',
    owns: ['Node.spec.taints[conditions]', 'Node.status.conditions[lost]'],
    writes: ['nodes', 'nodes/status', 'pods/status'],
    reads: [erased(Pod)],
    watches: [
      watches(Node, (node, caches) => {
        const { name } = node.metadata;
        const current = caches.of(Node).get(name);
        if (current) {
          signs.see(name, 'status', heartbeatOf(node));
          zones.see(current, isNodeReady(current) && signs.silentMs(name) < graceMs);
        } else {
          signs.forget(name);
          zones.forget(name);
        }
        return [name];
      }),
      // A lease that is renewed changes nothing; one that is not is found when the node was silent for too long.
      watches(Lease, ({ metadata, spec }, caches) => {
        if (metadata.namespace === leaseNamespace && caches.of(Node).get(metadata.name)) signs.see(metadata.name, 'lease', spec?.renewTime);
        return [];
      }),
    ],
    prepare(caches) {
      caches.of(Pod).addIndex(nodeIndex, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []));
    },
    observe(key, caches) {
      const node = caches.of(Node).get(key);
      const known = registered.get(key);
      const nowMs = attendance.nowMs();
      if (!node) {
        registered.delete(key);
        if (zones.assess(nowMs) === 'left') signs.renew();
        return known && { removed: known };
      }
      const { apiVersion, kind, metadata } = node;
      registered.set(key, { apiVersion, kind, metadata: { name: key, uid: metadata.uid }, spec: {} });
      const silentMs = signs.silentMs(key);
      const isReady = isNodeReady(node) && silentMs < graceMs;
      zones.see(node, isReady);
      if (zones.assess(nowMs) === 'left') signs.renew();
      const mayEvict = !isReady && zones.permits(key, isEvicting(node), nowMs);
      const isNew = known?.metadata.uid !== metadata.uid;
      return { node, silentMs, isNew, mayEvict, pods: () => caches.of(Pod).byIndex(nodeIndex, key) };
    },
    plan: (observed, now) => ('removed' in observed ? [registration(observed.removed, 'RemovingNode')] : planNode(observed, now)),
  };
}

function isNodeReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Whether its pods may leave already. */
function isEvicting({ spec }: Node): boolean {
  return spec.taints?.some(({ key, effect }) => effect === 'NoExecute' && readinessKeys.has(key)) ?? false;
}

function registration(about: Node, reason: 'RegisteredNode' | 'RemovingNode'): Action {
  const { name } = about.metadata;
  const what = reason === 'RegisteredNode' ? `Registered Node ${name} in Controller` : `Removing Node ${name} from Controller`;
  return { type: 'event', event: { about, eventType: 'Normal', reason, message: `Node ${name} event: ${what}` } };
}

function heartbeatOf({ metadata, status }: Node): string {
  const heartbeat = status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
  return `${metadata.uid} ${heartbeat}`;
}

export function planNode({ node, silentMs, isNew, mayEvict, pods }: ObservedNode, now: number): Action[] {
  const greeting = isNew ? [registration(node, 'RegisteredNode')] : [];
  if (node.metadata.deletionTimestamp) return greeting;
  const isLost = silentMs >= graceMs;
  const conditions = isLost ? lostConditions(node, now) : [];
  const known = [...(node.status?.conditions ?? []).filter(({ type }) => !conditions.some((lost) => lost.type === type)), ...conditions];
  const ready = known.find(({ type }) => type === 'Ready')?.status;
  const isReady = ready === 'True';
  const again: Action = {
    type: 'requeue',
    afterMs: isReady ? graceMs - silentMs : Math.min(lookAgainMs, isLost ? graceMs : graceMs - silentMs),
  };
  const tainted = taint(node, known, { isAsSeen: conditions.length === 0, mayEvict }, now);
  const actions = [...greeting, ...markLost(node, conditions), ...tainted];
  return [...actions, ...(ready === 'Unknown' ? pods().flatMap((pod) => markUnready(pod, now)) : []), again];
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
 * @param how whether the same plan has not written the node before, and whether pods may have to leave
 */
function taint(
  { metadata, spec }: Node,
  conditions: NodeCondition[],
  how: { isAsSeen: boolean; mayEvict: boolean },
  now: number,
): Action[] {
  const { isAsSeen, mayEvict } = how;
  const wanted: Taint[] = taintsByCondition.flatMap(({ type, status, key, effects }) =>
    conditions.some((condition) => condition.type === type && condition.status === status)
      ? effects.filter((effect) => mayEvict || effect !== 'NoExecute').map((effect) => ({ key, effect }))
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
