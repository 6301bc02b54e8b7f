// Removes pods that nobody else will: those on nodes that do not exist, those that were never placed and are being deleted,
// those on nodes declared out of service, and the oldest of too many that have ended.
import { hasEnded, Node, Pod } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import type { Attendance } from './attended-time.ts';
import { nodeIndex } from './node-lifecycle.ts';
import type { NodeMetrics, RemovalReason } from './node-metrics.ts';
import { markDisrupted } from './taint-eviction.ts';

/** A node that is made again within this time keeps its pods. */
const quarantineMs = 40_000;
/** Ended pods that are kept for people to look at. */
const endedPodsMax = 12_500;
const endedKey = 'ended pods';
const endedIndex = 'ended';
const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

export type ObservedGarbage = { pod: Pod; node: Node | undefined; missingMs: number } | { ended: Pod[] };

export function podGcController(attendance: Attendance, metrics: NodeMetrics, limit = endedPodsMax): Controller<ObservedGarbage> {
  /** Nodes that are missing, and since when; no more than pods refer to. */
  const missingSince = new Map<string, number>();
  return {
    name: 'pod-garbage-collector-controller',
    owns: ['Pod.status[of nodes that are gone]'],
    writes: ['pods', 'pods/status'],
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
      if ('ended' in observed) {
        const excess = excessOf(observed.ended, limit);
        for (const pod of excess) metrics.podForceDeleted(pod.metadata.namespace ?? '', 'terminated');
        return excess.length > 0 ? [{ type: 'slowStart', actions: excess.map(remove) }] : [];
      }
      const { pod, node, missingMs } = observed;
      const { nodeName } = pod.spec;
      const isMissing = nodeName !== undefined && nodeName !== '' && !node;
      if (isMissing && missingMs < quarantineMs) return [{ type: 'requeue', afterMs: quarantineMs - missingMs }];
      const reason = removalReason(pod, node);
      if (!reason) return [];
      metrics.podForceDeleted(pod.metadata.namespace ?? '', reason);
      const actions = planPod(pod, reason, now);
      return isMissing ? [{ type: 'ifAbsent', kind: erased(Node), key: { name: nodeName }, actions }] : actions;
    },
  };
}

function isOutOfService({ spec, status }: Node): boolean {
  const isUp = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  return !isUp && (spec.taints ?? []).some(({ key }) => key === outOfServiceTaint);
}

/** Why a pod is to be removed without its node; undefined when it is not. */
export function removalReason({ metadata, spec }: Pod, node: Node | undefined): RemovalReason | undefined {
  const isTerminating = metadata.deletionTimestamp !== undefined;
  if (!spec.nodeName) return isTerminating ? 'unscheduled' : undefined;
  if (!node) return 'orphaned';
  return isTerminating && isOutOfService(node) ? 'out-of-service' : undefined;
}

/** Nobody else says of it that it has ended. */
export function planPod(pod: Pod, reason: RemovalReason, now: number): Action[] {
  if (hasEnded(pod)) return [remove(pod)];
  if (reason === 'orphaned') return [markDisrupted(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', now, 'Failed'), remove(pod)];
  const patch = { metadata: { uid: pod.metadata.uid }, status: { phase: 'Failed' } };
  return [{ type: 'patch', kind: erased(Pod), key: pod.metadata, patchType: 'strategic', patch, subresource: 'status' }, remove(pod)];
}

/** Those beyond the limit: evicted ones first, then the oldest. */
function excessOf(ended: Pod[], limit: number): Pod[] {
  if (ended.length <= limit) return [];
  const rank = ({ metadata, status }: Pod) => `${status?.reason === 'Evicted' ? 0 : 1} ${metadata.creationTimestamp} ${metadata.name}`;
  const ranked = ended.map((pod) => ({ pod, rank: rank(pod) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, ended.length - limit).map(({ pod }) => pod);
}

function remove({ metadata }: Pod): Action {
  return { type: 'delete', kind: erased(Pod), key: metadata, uid: metadata.uid ?? '', gracePeriodSeconds: 0 };
}
