// How many pods a job has running: creates what is missing, after a pause when pods failed, and deletes what is too much.
import { type Job, type Pod, Pod as PodKind } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { inRemovalOrder } from '../pod-removal-order.ts';
import { type BackOff, indexWaitMs, waitMs } from './back-off.ts';
import { judge } from './failure-policy.ts';
import {
  endedAt,
  failuresOf,
  hasFailed,
  type IndexFailures,
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

export interface Workforce {
  job: Job;
  pods: Pod[];
  active: Pod[];
  tally: Tally;
  backOff: BackOff;
}

export function planWorkforce(workforce: Workforce, now: number): Action[] {
  const { job, pods, active, tally, backOff } = workforce;
  const wanted = job.spec.suspend ? 0 : wantedPods(job, active.length, tally);
  if (active.length > wanted) {
    const surplus = inRemovalOrder(active, active, now).slice(0, Math.min(active.length - wanted, burstMax));
    // Not failures of theirs: they are not to be counted.
    return surplus.flatMap((pod) => [...(isTracked(pod) ? [untrack(pod)] : []), remove(job, pod)]);
  }
  const leaving = replacesFailedOnly(job) ? pods.filter(isTerminating).length : 0;
  const missing = Math.min(wanted - active.length - leaving, burstMax);
  if (missing <= 0) return [];
  const pauseMs = job.spec.backoffLimitPerIndex === undefined ? waitMs(backOff, now) : 0;
  if (pauseMs > 0) return [{ type: 'requeue', afterMs: pauseMs }];
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
  const isPerIndex = job.spec.backoffLimitPerIndex !== undefined;
  const lastFailed = isPerIndex ? lastFailedByIndex(job, pods) : new Map<number, Pod>();
  const actions: Action[] = [];
  const waits: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && actions.length + waits.length < missing; index++) {
    if (busy.has(index) || tally.completed.has(index) || tally.failedIndexes.has(index)) continue;
    const last = lastFailed.get(index);
    const pauseMs = indexWaitMs(last, now);
    if (pauseMs > 0) waits.push(pauseMs);
    else actions.push(create(job, newPod(job, { index, failures: failuresWith(job, last) })));
  }
  const later: Action[] = waits.length > 0 ? [{ type: 'requeue', afterMs: Math.min(...waits) }] : [];
  return actions.length > 0 ? [...later, { type: 'slowStart', actions }] : later;
}

/** The pod of each index that failed after the most failures, the latest of these. */
function lastFailedByIndex(job: Job, pods: Pod[]): Map<number, Pod> {
  const last = new Map<number, Pod>();
  const before = (pod: Pod) => failuresOf(pod).counted + failuresOf(pod).ignored;
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index === undefined || !hasFailed(pod, job)) continue;
    const known = last.get(index);
    if (!known || before(pod) > before(known) || (before(pod) === before(known) && endedAt(pod) >= endedAt(known))) last.set(index, pod);
  }
  return last;
}

/** What the next pod of an index is told of those before it. */
function failuresWith(job: Job, last: Pod | undefined): IndexFailures {
  if (!last) return { counted: 0, ignored: 0 };
  const { counted, ignored } = failuresOf(last);
  return judge(last, job).action === 'Ignore' ? { counted, ignored: ignored + 1 } : { counted: counted + 1, ignored };
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
