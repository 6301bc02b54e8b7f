// Counts each ended pod once. A pod that ended is first written down in the job's status as uncounted, then loses its
// finalizer, and is counted in the write after that, once it is seen without it: whatever dies in between, the next plan
// knows from status and pods where it was.
import { formatIndexes, hasEnded, type Job, type Pod, parseIndexes } from '@berth/api';
import { judge } from './failure-policy.ts';
import { failuresOf, hasFailed, indexOf, isIndexed, isTracked } from './job-pods.ts';

/** Uids written down in one status; the rest waits for the next. */
const uncountedMax = 500;

export interface Tally {
  /** Counters and lists for the new status. */
  counts: Pick<NonNullable<Job['status']>, 'succeeded' | 'failed' | 'completedIndexes' | 'failedIndexes' | 'uncountedTerminatedPods'>;
  /** All that ended so far, counted or not. */
  succeeded: number;
  failed: number;
  completed: Set<number>;
  failedIndexes: Set<number>;
  /** Pods to take the finalizer from, once the new status is written. */
  toUntrack: Pod[];
  /** Whether pods are still to be counted. */
  isSettled: boolean;
  /** Why the failure policy ends the job. */
  failJob: string | undefined;
}

export function tally(job: Job, pods: Pod[], isEnding: boolean): Tally {
  const { status = {}, spec } = job;
  const byUid = new Map(pods.map((pod) => [pod.metadata.uid ?? '', pod]));
  const before = { succeeded: status.uncountedTerminatedPods?.succeeded ?? [], failed: status.uncountedTerminatedPods?.failed ?? [] };
  const isWaiting = (uid: string) => isTrackedPod(byUid.get(uid));
  const uncounted = { succeeded: before.succeeded.filter(isWaiting), failed: before.failed.filter(isWaiting) };
  let succeeded = (status.succeeded ?? 0) + (isIndexed(job) ? 0 : before.succeeded.length - uncounted.succeeded.length);
  const failed = (status.failed ?? 0) + before.failed.length - uncounted.failed.length;
  const completed = indexSet(status.completedIndexes, spec.completions);
  const failedIndexes = indexSet(status.failedIndexes, spec.completions);
  const known = new Set([...before.succeeded, ...before.failed]);
  const toUntrack = [...known].flatMap((uid) => (isWaiting(uid) ? [byUid.get(uid)].filter((pod) => pod !== undefined) : []));
  let failJob: string | undefined;
  let left = uncountedMax - uncounted.succeeded.length - uncounted.failed.length;
  let isComplete = true;
  for (const pod of pods) {
    const uid = pod.metadata.uid ?? '';
    if (!isTracked(pod) || known.has(uid)) continue;
    const index = indexOf(pod);
    const isFailure = hasFailed(pod, job) || (isEnding && pod.metadata.deletionTimestamp !== undefined && !hasEnded(pod));
    if (!isFailure && pod.status?.phase !== 'Succeeded') continue;
    if (left-- <= 0) {
      isComplete = false;
      continue;
    }
    if (isFailure) {
      const verdict = judge(pod, job);
      if (verdict.action === 'FailJob') failJob ??= verdict.message;
      if (index !== undefined && isLastOfIndex(job, pod, verdict.action)) failedIndexes.add(index);
      // The pod that comes next for its index takes over how often it failed; until then it is not let go.
      else if (!isEnding && keepsCount(job, pod, pods)) continue;
      if (verdict.action !== 'Ignore') uncounted.failed.push(uid);
    } else if (!isIndexed(job)) uncounted.succeeded.push(uid);
    else if (index !== undefined && index < (spec.completions ?? 0)) completed.add(index);
    toUntrack.push(pod);
  }
  if (isIndexed(job)) succeeded = completed.size;
  return {
    counts: {
      ...(succeeded > 0 && { succeeded }),
      ...(failed > 0 && { failed }),
      ...(isIndexed(job) && completed.size > 0 && { completedIndexes: formatIndexes(completed) }),
      ...(spec.backoffLimitPerIndex !== undefined && { failedIndexes: formatIndexes(failedIndexes) }),
      uncountedTerminatedPods: {
        ...(uncounted.succeeded.length > 0 && { succeeded: uncounted.succeeded }),
        ...(uncounted.failed.length > 0 && { failed: uncounted.failed }),
      },
    },
    succeeded: succeeded + uncounted.succeeded.length,
    failed: failed + uncounted.failed.length,
    completed,
    failedIndexes,
    toUntrack,
    isSettled: isComplete && uncounted.succeeded.length + uncounted.failed.length === 0 && toUntrack.length === 0,
    failJob,
  };
}

function isTrackedPod(pod: Pod | undefined): boolean {
  return pod !== undefined && isTracked(pod);
}

/** Failures that the policy ignores never bring an index to its end. */
function isLastOfIndex({ spec: { backoffLimitPerIndex: limit } }: Job, pod: Pod, action: string): boolean {
  if (limit === undefined) return false;
  return action === 'FailIndex' || (action !== 'Ignore' && failuresOf(pod).counted >= limit);
}

function keepsCount({ spec }: Job, pod: Pod, pods: Pod[]): boolean {
  if (spec.backoffLimitPerIndex === undefined) return false;
  const index = indexOf(pod);
  const before = (of: Pod) => failuresOf(of).counted + failuresOf(of).ignored;
  return !pods.some((other) => other !== pod && indexOf(other) === index && before(other) > before(pod));
}

export function indexSet(text: string | undefined, completions: number | undefined): Set<number> {
  // A job that shrank meanwhile forgets the indexes that it does not have any more.
  const intervals = parseIndexes(text ?? '', Number.POSITIVE_INFINITY);
  const end = (completions ?? 0) - 1;
  const indexes = new Set<number>();
  for (const [first, last] of typeof intervals === 'string' ? [] : intervals) {
    for (let index = first; index <= Math.min(last, end); index++) indexes.add(index);
  }
  return indexes;
}
