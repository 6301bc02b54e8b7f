// An eviction takes one from its pod's disruption budget, in the same write that notes which pod it was for: two evictions
// at once cannot take the same one. A pod that serves nobody needs no budget.
import { type Pod, PodDisruptionBudget } from '@berth/api';
import { deepClone, type KindDefinition, labelSelectorFrom, StatusError } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import type { Call } from '../types.ts';
import type { SubresourcePorts } from './subresource.ts';

/** Evictions that the controller has not confirmed. */
const unconfirmedMax = 2000;
const retryAfterSeconds = 10;
const refusal = "Cannot evict pod as it would violate the pod's disruption budget.";
const budgetKind = PodDisruptionBudget as unknown as KindDefinition;

type Status = NonNullable<PodDisruptionBudget['status']>;

export interface Spent {
  /** What must still hold of the pod when it is deleted. */
  preconditions: { uid?: string; resourceVersion?: string };
  /** What the pod goes free of while it is as it was seen. */
  budget?: string;
}

/**
 * @throws StatusError TooManyRequests while the budget has nothing left
 */
export async function spendBudget(ports: SubresourcePorts, call: Call, pod: Pod, dryRun: boolean): Promise<Spent> {
  const { uid = '', resourceVersion = '', namespace } = pod.metadata;
  const spent: Spent = { preconditions: { uid } };
  if (needsNoBudget(pod)) return spent;
  const budgets = (await ports.list(budgetKind, namespace)).map(({ object }) => object as PodDisruptionBudget);
  const [budget, ...more] = budgets.filter((candidate) => selects(candidate, pod));
  if (!budget) return spent;
  if (more.length > 0) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new StatusError(500, 'InternalError', message);
  }
  // It must still be unready when it goes.
  if (isFreeWhileUnready(budget, pod)) return { preconditions: { uid, resourceVersion }, budget: budget.metadata.name };
  const target = { ...call, kind: budgetKind, namespace, name: budget.metadata.name, subresource: 'status' };
  const at = timestamp(ports.clock);
  await ports.writes.change(target, 'internal', { dryRun }, (old) => {
    const current = old as PodDisruptionBudget;
    // A copy of its own, as the write fills its metadata in.
    return { object: { ...deepClone(current), status: statusAfter(current, pod, at) } as PodDisruptionBudget, warnings: [] };
  });
  return spent;
}

function needsNoBudget({ metadata, status }: Pod): boolean {
  const phase = status?.phase ?? 'Pending';
  return metadata.deletionTimestamp !== undefined || phase !== 'Running';
}

function selects({ spec }: PodDisruptionBudget, pod: Pod): boolean {
  return spec.selector !== undefined && labelSelectorFrom(spec.selector).matches(pod.metadata.labels);
}

function isFreeWhileUnready({ spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  const isReady = pod.status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  if (isReady) return false;
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const desired = status?.desiredHealthy ?? 0;
  return desired > 0 && (status?.currentHealthy ?? 0) >= desired;
}

function statusAfter({ metadata, status = {} }: PodDisruptionBudget, pod: Pod, at: string): Status {
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0, disruptedPods = {}, observedGeneration = 0 } = status;
  if (observedGeneration < (metadata.generation ?? 0)) {
    throw beingProcessed(metadata.name);
  }
  if (disruptionsAllowed < 0) throw StatusError.forbidden(PodDisruptionBudget, metadata.name, 'pod disruption budget is negative');
  if (Object.keys(disruptedPods).length > unconfirmedMax) {
    const detail = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw StatusError.forbidden(PodDisruptionBudget, metadata.name, detail);
  }
  if (disruptionsAllowed === 0) {
    throw refused(`The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`);
  }
  return {
    ...status,
    disruptionsAllowed: disruptionsAllowed - 1,
    disruptedPods: { ...disruptedPods, [pod.metadata.name]: at },
    ...(disruptionsAllowed === 1 && { conditions: exhausted(status.conditions, at) }),
  };
}

/** Whoever asks again soon may be let through. */
export function beingProcessed(budget: string): StatusError {
  return refused(`The disruption budget ${budget} is still being processed by the server.`, retryAfterSeconds);
}

function exhausted(conditions: Status['conditions'], lastTransitionTime: string): Status['conditions'] {
  return conditions?.map((condition) =>
    condition.type === 'DisruptionAllowed' ? { ...condition, status: 'False', reason: 'InsufficientPods', lastTransitionTime } : condition,
  );
}

function refused(cause: string, retrySeconds?: number): StatusError {
  const causes = [{ reason: 'DisruptionBudget', message: cause }];
  return new StatusError(429, 'TooManyRequests', refusal, {
    causes,
    ...(retrySeconds !== undefined && { retryAfterSeconds: retrySeconds }),
  });
}
