// Removes pods that nobody else will: those on nodes that do not exist, those that were never placed and are being deleted,
// those on nodes declared out of service, and the oldest of too many that have ended.
import { hasEnded, Node, Pod } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import type { Attendance } from './attended-time.ts';
import { nodeIndex } from './node-lifecycle.ts';
import { markDisrupted } from './taint-eviction.ts';

/** A node that is made again within this time keeps its pods. */
const quarantineMs = 40_000;
/** Ended pods that are kept for people to look at. */
const endedPodsMax = 12_500;
const endedKey = 'ended pods';
const endedIndex = 'ended';
const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

export type ObservedGarbage = { pod: Pod; node: Node | undefined; missingMs: number } | { ended: Pod[] };

export function podGcController(attendance: Attendance, limit = endedPodsMax): Controller<ObservedGarbage> {
  /** Nodes that are missing, and since when; no more than pods refer to. */
  const missingSince = new Map<string, number>();
  return {
    name: 'pod-garbage-collector-controller',
    owns: ['Pod.status[of nodes that are gone]'],
    watches: [
      watches(Pod, (pod, caches) => {
        if (hasEnded(pod)) return [endedKey];
        const isPlaced = pod.spec.nodeName && caches.of(Node).get(pod.spec.nodeName);
        return isPlaced && !pod.metadata.deletionTimestamp ? [] : [keyOf(pod)];
      }),
      watches(Node, ({ metadata }, caches) => {
        const node = caches.of(Node).get(metadata.name);
        if (node) missingSince.delete(metadata.name);
        const pods = caches.of(Pod).byIndex(nodeIndex, metadata.name);
        return node && !isOutOfService(node) ? [] : pods.map((pod) => keyOf(pod));
      }),
    ],
    prepare(caches) {
      caches.of(Pod).addIndex(nodeIndex, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []));
      caches.of(Pod).addIndex(endedIndex, (pod) => (hasEnded(pod) ? [''] : []));
    },
    observe(key, caches) {
      if (key === endedKey) return { ended: caches.of(Pod).byIndex(endedIndex, '') };
      const pod = caches.of(Pod).get(key);
      const { nodeName = '' } = pod?.spec ?? {};
      const node = caches.of(Node).get(nodeName);
      if (!pod || node || !nodeName) return pod && { pod, node, missingMs: 0 };
      const since = missingSince.get(nodeName) ?? attendance.nowMs();
      missingSince.set(nodeName, since);
      return { pod, node, missingMs: attendance.nowMs() - since };
    },
    plan(observed, now) {
      if ('ended' in observed) return planEnded(observed.ended, limit);
      const { pod, node, missingMs } = observed;
      const { nodeName } = pod.spec;
      const actions = planPod(pod, node, now);
      if (!nodeName || node) return actions;
      if (missingMs < quarantineMs) return [{ type: 'requeue', afterMs: quarantineMs - missingMs }];
      return [{ type: 'ifAbsent', kind: erased(Node), key: { name: nodeName }, actions }];
    },
  };
}

function isOutOfService({ spec, status }: Node): boolean {
  const isUp = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  return !isUp && (spec.taints ?? []).some(({ key }) => key === outOfServiceTaint);
}

export function planPod(pod: Pod, node: Node | undefined, now: number): Action[] {
  const isTerminating = pod.metadata.deletionTimestamp !== undefined;
  if (!pod.spec.nodeName) return isTerminating ? [remove(pod)] : [];
  const failed = hasEnded(pod) ? undefined : 'Failed';
  if (!node) return [markDisrupted(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', now, failed), remove(pod)];
  if (!isTerminating || !isOutOfService(node)) return [];
  return [markDisrupted(pod, 'DeletionByPodGC', 'PodGC: node is out of service', now, failed), remove(pod)];
}

function planEnded(ended: Pod[], limit: number): Action[] {
  const age = ({ metadata }: Pod) => metadata.creationTimestamp ?? '';
  const oldest = [...ended].sort((a, b) => age(a).localeCompare(age(b))).slice(0, Math.max(ended.length - limit, 0));
  return oldest.length > 0 ? [{ type: 'slowStart', actions: oldest.map(remove) }] : [];
}

function remove({ metadata }: Pod): Action {
  return { type: 'delete', kind: erased(Pod), key: metadata, uid: metadata.uid ?? '', gracePeriodSeconds: 0 };
}
