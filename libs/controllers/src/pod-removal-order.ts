// Which pods a replica set gives up first, as Kubernetes ranks them: those that do least, cost least to lose, crowd a node
// or are young. Total, so that two looks at the same pods choose the same ones.
import type { Pod } from '@berth/api';
import { isReady, readySince } from './pod-state.ts';

export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/** @param related active pods of all replica sets of the same owner, whose number on a node tells how crowded it is */
export function inRemovalOrder(pods: Pod[], related: Pod[], now: number): Pod[] {
  const onNode = new Map<string, number>();
  for (const { spec } of related) onNode.set(spec.nodeName ?? '', (onNode.get(spec.nodeName ?? '') ?? 0) + 1);
  const crowd = (pod: Pod) => onNode.get(pod.spec.nodeName ?? '') ?? 0;
  return [...pods].sort(
    (a, b) =>
      Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)) ||
      phase(a) - phase(b) ||
      Number(isReady(a)) - Number(isReady(b)) ||
      deletionCost(a) - deletionCost(b) ||
      crowd(b) - crowd(a) ||
      ageRank(readySince(a), now) - ageRank(readySince(b), now) ||
      restarts(b) - restarts(a) ||
      ageRank(Date.parse(a.metadata.creationTimestamp ?? ''), now) - ageRank(Date.parse(b.metadata.creationTimestamp ?? ''), now) ||
      (a.metadata.uid ?? '').localeCompare(b.metadata.uid ?? ''),
  );
}

function phase(pod: Pod): number {
  return phaseRank[pod.status?.phase ?? 'Pending'] ?? 1;
}

function deletionCost(pod: Pod): number {
  const cost = Number(pod.metadata.annotations?.[deletionCostAnnotation] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}

/** Ages count by powers of two: among pods of about the same age, chance (their uid) decides. */
function ageRank(since: number | undefined, now: number): number {
  if (since === undefined || Number.isNaN(since)) return 0;
  return Math.ceil(Math.log2(Math.max(now - since, 1)));
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((container) => container.restartCount ?? 0));
}
