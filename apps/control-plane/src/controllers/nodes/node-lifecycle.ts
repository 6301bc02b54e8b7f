// Declares nodes lost that gave no sign of life, and taints nodes by their conditions. While a node is lost, and only then,
// this writes the readiness of its pods, as nobody else can. Silence counts from when this process saw the last sign, never
// from the times that stand in it: other clocks may differ, and while the control plane is away nobody can give a sign.
import { Lease, Node, type NodeCondition, Pod, type Taint } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { isReady } from '../pod-state.ts';
import type { Attendance } from './attended-time.ts';

/** Without a renewed Lease or a heartbeat for so long a node is lost. */
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
  /** For how long nothing came from the node; milliseconds. */
  silentMs: number;
  pods(): Pod[];
}

export function nodeLifecycleController(attendance: Attendance): Controller<ObservedNode> {
  const signs = new SignsOfLife(attendance);
  return {
    name: 'node-controller',
    owns: ['Node.spec.taints[conditions]', 'Node.status.conditions[lost]'],
    watches: [
      watches(Node, (node, caches) => {
        const { name } = node.metadata;
        if (caches.of(Node).get(name)) signs.see(name, 'status', heartbeatOf(node));
        else signs.forget(name);
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
      if (!node) return undefined;
      return { node, silentMs: signs.silentMs(key), pods: () => caches.of(Pod).byIndex(nodeIndex, key) };
    },
    plan: planNode,
  };
}

/** When each node was last heard of. A sign is a value that differs from the one before, whatever it says. */
class SignsOfLife {
  readonly #attendance: Attendance;
  readonly #last = new Map<string, { atMs: number; status?: string | undefined; lease?: string | undefined }>();

  constructor(attendance: Attendance) {
    this.#attendance = attendance;
  }

  see(name: string, what: 'status' | 'lease', value: string | undefined): void {
    const last = this.#last.get(name);
    if (last && last[what] === value) return;
    this.#last.set(name, { ...last, [what]: value, atMs: this.#attendance.nowMs() });
  }

  forget(name: string): void {
    this.#last.delete(name);
  }

  silentMs(name: string): number {
    return this.#attendance.nowMs() - (this.#last.get(name)?.atMs ?? 0);
  }
}

function heartbeatOf({ metadata, status }: Node): string {
  const heartbeat = status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
  return `${metadata.uid} ${heartbeat}`;
}

export function planNode({ node, silentMs, pods }: ObservedNode, now: number): Action[] {
  if (node.metadata.deletionTimestamp) return [];
  const isLost = silentMs >= graceMs;
  const conditions = isLost ? lostConditions(node, now) : [];
  const known = [...(node.status?.conditions ?? []).filter(({ type }) => !conditions.some((lost) => lost.type === type)), ...conditions];
  const ready = known.find(({ type }) => type === 'Ready')?.status;
  const again: Action = { type: 'requeue', afterMs: isLost ? graceMs : graceMs - silentMs };
  const actions = [...markLost(node, conditions), ...taint(node, known, conditions.length === 0, now)];
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
