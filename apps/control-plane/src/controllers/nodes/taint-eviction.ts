// Moves pods off nodes with a NoExecute taint, once the time that they tolerate it for is over (Kubernetes, "Taints and
// Tolerations"). The time counts from when the taint was put on, so it does not start again when the control plane does.
import { Node, Pod, type Taint, type Toleration } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { nodeIndex } from './node-lifecycle.ts';

export interface ObservedTainted {
  pod: Pod;
  taints: Taint[];
}

export const taintEvictionController: Controller<ObservedTainted> = {
  name: 'taint-eviction-controller',
  owns: ['Pod.status.conditions[DisruptionTarget by taints]'],
  watches: [
    watches(Pod, (pod, caches, old) => {
      if (old && old.spec.nodeName === pod.spec.nodeName && deepEqual(old.spec.tolerations, pod.spec.tolerations)) return [];
      return executing(caches.of(Node).get(pod.spec.nodeName ?? '')).length > 0 ? [keyOf(pod)] : [];
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
    return pod && { pod, taints: executing(caches.of(Node).get(pod.spec.nodeName ?? '')) };
  },
  plan: planEviction,
};

function executing(node: Node | undefined): Taint[] {
  return (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

export function planEviction({ pod, taints }: ObservedTainted, now: number): Action[] {
  if (pod.metadata.deletionTimestamp) return [];
  const dueMs = Math.min(...taints.map((taint) => dueAt(taint, pod.spec.tolerations ?? [], now)));
  if (dueMs === Number.POSITIVE_INFINITY) return [];
  if (dueMs > now) return [{ type: 'requeue', afterMs: dueMs - now }];
  const message = `Marking for deletion Pod ${keyOf(pod)}`;
  return [
    { type: 'event', event: { about: pod, eventType: 'Normal', reason: 'TaintManagerEviction', message } },
    markDisrupted(pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint', now),
    { type: 'delete', kind: erased(Pod), key: pod.metadata, uid: pod.metadata.uid ?? '' },
  ];
}

/** The shortest toleration counts; one without a time lasts for ever. */
function dueAt(taint: Taint, tolerations: Toleration[], now: number): number {
  const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return now;
  const seconds = Math.min(...matching.map(({ tolerationSeconds }) => tolerationSeconds ?? Number.POSITIVE_INFINITY));
  return (Date.parse(taint.timeAdded ?? '') || now) + Math.max(seconds, 0) * 1000;
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
