// Moves pods off nodes with a NoExecute taint, once the time that they tolerate it for is over (Kubernetes, "Taints and
// Tolerations"). A pod's time counts from when this process first saw it on a tainted node, never from times that stand in
// objects: while the control plane was away, the node may have been back. For the same reason, taints that speak of an agent's
// silence move nobody before agents had the time to connect again.
import { Node, Pod, type Taint, type Toleration } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import type { Attendance } from './attended-time.ts';
import { nodeIndex } from './node-lifecycle.ts';
import type { NodeMetrics } from './node-metrics.ts';

/** How long after the control plane's start, or a stall of it, agents may take to connect and say that they live. */
const reconnectMs = 90_000;
const silenceTaints = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);

export interface ObservedTainted {
  pod: Pod;
  taints: Taint[];
  /** For how long the pod has been seen on a tainted node, without a break; milliseconds. */
  taintedMs: number;
  /** For how long agents could connect. */
  attendedMs: number;
  /** Whether an eviction waited for its time when this was looked at last. */
  wasDue: boolean;
}

export function taintEvictionController(attendance: Attendance, metrics: NodeMetrics): Controller<ObservedTainted> {
  /** Pods that have to leave some time, and since when they were seen so; no more than pods on tainted nodes. */
  const waiting = new Map<string, { uid: string; sinceMs: number }>();
  return {
    name: 'taint-eviction-controller',
    owns: ['Pod.status.conditions[DisruptionTarget by taints]'],
    writes: ['pods', 'pods/status'],
    watches: [
      watches(Pod, (pod, caches, old) => {
        if (old && old.spec.nodeName === pod.spec.nodeName && deepEqual(old.spec.tolerations, pod.spec.tolerations)) return [];
        const key = keyOf(pod);
        return waiting.has(key) || executing(caches.of(Node).get(pod.spec.nodeName ?? '')).length > 0 ? [key] : [];
      }),
      watches(Node, (node, caches, old) => {
        if (old && deepEqual(executing(old), executing(node))) return [];
        return caches
          .of(Pod)
          .byIndex(nodeIndex, node.metadata.name)
          .map((pod) => keyOf(pod));
      }),
    ],
    prepare(caches) {
      caches.of(Pod).addIndex(nodeIndex, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []));
    },
    observe(key, caches) {
      const pod = caches.of(Pod).get(key);
      const { uid = '', deletionTimestamp } = pod?.metadata ?? {};
      const taints = executing(caches.of(Node).get(pod?.spec.nodeName ?? ''));
      const earlier = waiting.get(key);
      const known = earlier?.uid === uid ? earlier : undefined;
      const nowMs = attendance.nowMs();
      const sinceMs = known?.sinceMs ?? nowMs;
      if (pod && !deletionTimestamp && toleratedMs(taints, pod.spec.tolerations) !== undefined) waiting.set(key, { uid, sinceMs });
      else waiting.delete(key);
      const times = { taintedMs: nowMs - sinceMs, attendedMs: attendance.sinceResumeMs(), wasDue: known !== undefined };
      return pod && { pod, taints, ...times };
    },
    plan(observed, now) {
      const actions = planEviction(observed, now);
      if (actions.some(({ type }) => type === 'delete')) metrics.podEvicted(overdueMs(observed) / 1000);
      return actions;
    },
  };
}

function executing(node: Node | undefined): Taint[] {
  return (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

export function planEviction(observed: ObservedTainted, now: number): Action[] {
  const { pod, taints, wasDue } = observed;
  if (pod.metadata.deletionTimestamp) return [];
  if (toleratedMs(taints, pod.spec.tolerations) === undefined) return wasDue ? [tell(pod, `Cancelling deletion of Pod ${keyOf(pod)}`)] : [];
  const afterMs = -overdueMs(observed);
  if (afterMs > 0) return [{ type: 'requeue', afterMs }];
  return [
    tell(pod, `Marking for deletion Pod ${keyOf(pod)}`),
    markDisrupted(pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint', now),
    { type: 'delete', kind: erased(Pod), key: pod.metadata, uid: pod.metadata.uid ?? '' },
  ];
}

/** For how long the pod should have been gone; negative until then. */
function overdueMs({ pod, taints, taintedMs, attendedMs }: ObservedTainted): number {
  const { tolerations } = pod.spec;
  const silent = taints.filter(({ key }) => silenceTaints.has(key));
  const others = taints.filter((taint) => !silent.includes(taint));
  const waits = [
    (toleratedMs(others, tolerations) ?? Number.POSITIVE_INFINITY) - taintedMs,
    Math.max((toleratedMs(silent, tolerations) ?? Number.POSITIVE_INFINITY) - taintedMs, reconnectMs - attendedMs),
  ];
  return -Math.min(...waits);
}

function tell(about: Pod, message: string): Action {
  return { type: 'event', event: { about, eventType: 'Normal', reason: 'TaintManagerEviction', message } };
}

/** For how long a pod may stay under the taints; undefined for ever. The shortest toleration counts; one without seconds has no end. */
function toleratedMs(taints: Taint[], tolerations: Toleration[] = []): number | undefined {
  const seconds = taints.map((taint) => {
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    return Math.min(...matching.map(({ tolerationSeconds }) => Math.max(Number(tolerationSeconds ?? Number.POSITIVE_INFINITY), 0)));
  });
  const least = Math.min(...seconds);
  return least === Number.POSITIVE_INFINITY ? undefined : least * 1000;
}

function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  return operator === 'Exists' || (value ?? '') === (taint.value ?? '');
}

export function markDisrupted({ metadata }: Pod, reason: string, message: string, now: number, phase?: string): Action {
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: timestamp({ now: () => now }) };
  const patch = { metadata: { uid: metadata.uid }, status: { ...(phase && { phase }), conditions: [condition] } };
  return { type: 'patch', kind: erased(Pod), key: metadata, patchType: 'strategic', patch, subresource: 'status' };
}
