// How many of a budget's pods may be evicted. What evictions took and this controller has not seen yet is written down in
// the budget by whoever evicts, and counts as unavailable until the pod goes or two minutes have passed.
import { type Pod, PodDisruptionBudget } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { isReady } from '../pod-state.ts';

/** An eviction whose pod is still there after this time did not happen. */
const evictionMsMax = 120_000;

export interface ObservedBudget {
  budget: PodDisruptionBudget;
  /** Those that it selects. */
  pods: Pod[];
  /** How many pods their controllers want; undefined when one of them does not say. */
  scale: number | undefined;
}

type Status = NonNullable<PodDisruptionBudget['status']>;

export function planBudget({ budget, pods, scale }: ObservedBudget, now: number): Action[] {
  const disrupted = stillDisrupted(budget, pods, now);
  const due = Object.values(disrupted).map((time) => Date.parse(time) + evictionMsMax - now);
  const later: Action[] = due.length > 0 ? [{ type: 'requeue', afterMs: Math.max(Math.min(...due), 1) }] : [];
  const status = statusOf(budget, pods, scale, disrupted, now);
  if (equalButForEmpty(status, budget.status)) return later;
  return [...later, { type: 'updateStatus', kind: erased(PodDisruptionBudget), object: { ...budget, status } as PodDisruptionBudget }];
}

function stillDisrupted({ status }: PodDisruptionBudget, pods: Pod[], now: number): Record<string, string> {
  const present = new Set(pods.filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name));
  const kept = Object.entries(status?.disruptedPods ?? {}).filter(
    ([name, time]) => present.has(name) && Date.parse(time) + evictionMsMax > now,
  );
  return Object.fromEntries(kept);
}

function statusOf(
  budget: PodDisruptionBudget,
  pods: Pod[],
  scale: number | undefined,
  disrupted: Record<string, string>,
  now: number,
): Status {
  const observedGeneration = budget.metadata.generation ?? 0;
  const kept = Object.keys(disrupted).length > 0 && { disruptedPods: disrupted };
  const bounds = boundsOf(budget, pods.length, scale);
  if (!bounds) {
    const message = 'found no controller with a scale for some of the pods; use minAvailable with a number';
    const conditions = conditionsOf(budget, 'SyncFailed', message, now);
    const counts = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...budget.status };
    return { ...counts, ...kept, disruptionsAllowed: 0, conditions };
  }
  const healthy = pods.filter((pod) => !pod.metadata.deletionTimestamp && !Object.hasOwn(disrupted, pod.metadata.name) && isReady(pod));
  const allowed = bounds.expected > 0 ? Math.max(healthy.length - bounds.desired, 0) : 0;
  return {
    observedGeneration,
    disruptionsAllowed: allowed,
    currentHealthy: healthy.length,
    desiredHealthy: bounds.desired,
    expectedPods: bounds.expected,
    ...kept,
    conditions: conditionsOf(budget, allowed > 0 ? 'SufficientPods' : 'InsufficientPods', '', now),
  };
}

function boundsOf(
  { spec }: PodDisruptionBudget,
  count: number,
  scale: number | undefined,
): { expected: number; desired: number } | undefined {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) {
    if (scale === undefined) return undefined;
    return { expected: scale, desired: Math.max(scale - share(maxUnavailable, scale), 0) };
  }
  if (typeof minAvailable !== 'string') return { expected: count, desired: minAvailable ?? 0 };
  return scale === undefined ? undefined : { expected: scale, desired: share(minAvailable, scale) };
}

/** Percentages are rounded up, both ways. */
function share(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);
}

function conditionsOf(
  { metadata, status }: PodDisruptionBudget,
  reason: string,
  message: string,
  now: number,
): NonNullable<Status['conditions']> {
  const known = status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionAllowed');
  const value = reason === 'SufficientPods' ? 'True' : 'False';
  const lastTransitionTime = known?.status === value ? known.lastTransitionTime : timestamp({ now: () => now });
  const observedGeneration = metadata.generation ?? 0;
  return [...others, { type: 'DisruptionAllowed', status: value, observedGeneration, lastTransitionTime, reason, message }];
}
