// How many pods a job has running: creates what is missing, after a pause when pods failed, and deletes what is too much.
import type { Job, Pod } from '@berth/api';
import { Pod as PodKind } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { inRemovalOrder } from '../pod-removal-order.ts';
import {
  earlierFailures,
  endedAt,
  hasFailed,
  indexOf,
  isIndexed,
  isTerminating,
  isTracked,
  replacesFailedOnly,
  untrack,
} from './job-pods.ts';
import { newPod } from './new-pod.ts';
import type { Tally } from './tracking.ts';

/** Pods created or deleted in one plan. */
const burstMax = 500;
const backOffMsMin = 10_000;
const backOffMsMax = 600_000;

export interface Workforce {
  job: Job;
  pods: Pod[];
  active: Pod[];
  tally: Tally;
}

export function planWorkforce(workforce: Workforce, now: number): Action[] {
  const { job, pods, active, tally } = workforce;
  const wanted = job.spec.suspend ? 0 : wantedPods(job, active.length, tally);
  if (active.length > wanted) {
    const surplus = inRemovalOrder(active, active, now).slice(0, Math.min(active.length - wanted, burstMax));
    // Not failures of theirs: they are not to be counted.
    return surplus.flatMap((pod) => [...(isTracked(pod) ? [untrack(pod)] : []), remove(job, pod)]);
  }
  const leaving = replacesFailedOnly(job) ? pods.filter(isTerminating).length : 0;
  const missing = Math.min(wanted - active.length - leaving, burstMax);
  if (missing <= 0) return [];
  const waitMs = backOffMs(pods, job, now);
  if (waitMs > 0 && job.spec.backoffLimitPerIndex === undefined) return [{ type: 'requeue', afterMs: waitMs }];
  if (!isIndexed(job)) return [{ type: 'slowStart', actions: Array.from({ length: missing }, () => create(job, newPod(job))) }];
  return createIndexed(workforce, missing, now);
}

function wantedPods({ spec }: Job, active: number, { succeeded, failedIndexes }: Tally): number {
  const parallelism = spec.parallelism ?? 1;
  if (spec.completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism;
  return Math.max(Math.min(parallelism, spec.completions - succeeded - failedIndexes.size), 0);
}

function createIndexed({ job, pods, active, tally }: Workforce, missing: number, now: number): Action[] {
  const busy = new Set(active.map(indexOf));
  if (replacesFailedOnly(job)) for (const pod of pods.filter(isTerminating)) busy.add(indexOf(pod));
  const failures = new Map<number | undefined, Pod[]>();
  for (const pod of pods) if (hasFailed(pod, job)) failures.set(indexOf(pod), [...(failures.get(indexOf(pod)) ?? []), pod]);
  const actions: Action[] = [];
  const waits: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && actions.length + waits.length < missing; index++) {
    if (busy.has(index) || tally.completed.has(index) || tally.failedIndexes.has(index)) continue;
    const failed = failures.get(index) ?? [];
    const waitMs = job.spec.backoffLimitPerIndex === undefined ? 0 : backOffMs(failed, job, now);
    const count = failed.length === 0 ? 0 : Math.max(...failed.map(earlierFailures)) + 1;
    if (waitMs > 0) waits.push(waitMs);
    else actions.push(create(job, newPod(job, { index, failures: count })));
  }
  const later: Action[] = waits.length > 0 ? [{ type: 'requeue', afterMs: Math.min(...waits) }] : [];
  return actions.length > 0 ? [...later, { type: 'slowStart', actions }] : later;
}

/** Doubles with every failure since the last success. */
function backOffMs(pods: Pod[], job: Job, now: number): number {
  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded').map((pod) => endedAt(pod, now));
  const lastSuccess = Math.max(0, ...succeeded);
  const failures = pods.filter((pod) => hasFailed(pod, job)).map((pod) => endedAt(pod, now));
  const recent = failures.filter((at) => at > lastSuccess);
  if (recent.length === 0) return 0;
  const pause = Math.min(backOffMsMin * 2 ** Math.min(recent.length - 1, 16), backOffMsMax);
  return Math.max(Math.max(...recent) + pause - now, 0);
}

function create(job: Job, object: Pod): Action {
  return {
    type: 'create',
    kind: erased(PodKind),
    object,
    onSuccess: { about: job, eventType: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: {name}' },
    onFailure: { about: job, eventType: 'Warning', reason: 'FailedCreate', message: 'Error creating: {error}' },
  };
}

export function remove(job: Job, { metadata }: Pod): Action {
  return {
    type: 'delete',
    kind: erased(PodKind),
    key: metadata,
    uid: metadata.uid ?? '',
    onSuccess: { about: job, eventType: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${metadata.name}` },
    onFailure: { about: job, eventType: 'Warning', reason: 'FailedDelete', message: 'Error deleting: {error}' },
  };
}
