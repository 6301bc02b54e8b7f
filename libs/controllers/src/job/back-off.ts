// How long a job waits before it tries again: twice as long with every failure since its last success (Kubernetes, "Jobs", Pod
// back-off failure policy). What failed is noted as it is first seen, so that the wait outlasts the pods. The notes are kept in the
// controller's memory and are lost with it, as Kubernetes' are.
import type { Job, Pod } from '@berth/api';
import { endedAt, failuresOf, hasFailed, indexOf, isIndexed, isTracked } from './job-pods.ts';

const backOffMsMin = 10_000;
const backOffMsMax = 600_000;

export interface BackOff {
  /** Since the last success. */
  failures: number;
  /** Unix milliseconds of the latest failure. */
  lastFailureMs: number;
  /** Uids of ended pods that are in it already and still to be counted in the job's status. */
  noted: ReadonlySet<string>;
}

export const noBackOff: BackOff = { failures: 0, lastFailureMs: 0, noted: new Set() };

/** @param pods the job's own; the answer is the same however often they are noted */
export function noteEnds(before: BackOff, job: Job, pods: Pod[]): BackOff {
  const uncounted = job.status?.uncountedTerminatedPods;
  const known = new Set([...before.noted, ...(uncounted?.succeeded ?? []), ...(uncounted?.failed ?? [])]);
  const ended = pods.filter((pod) => isTracked(pod) && hasTask(pod, job) && (pod.status?.phase === 'Succeeded' || hasFailed(pod, job)));
  const noted = new Set(ended.map(({ metadata }) => metadata.uid ?? ''));
  const news = ended.filter(({ metadata }) => !known.has(metadata.uid ?? ''));
  const isSuccess = ({ status }: Pod) => status?.phase === 'Succeeded';
  const failures = news.filter((pod) => !isSuccess(pod)).map(endedAt);
  const successes = news.filter(isSuccess).map(endedAt);
  const latest = (times: number[]) => times.reduce((a, b) => Math.max(a, b), 0);
  if (successes.length > 0) {
    const since = failures.filter((at) => at > latest(successes));
    return { failures: since.length, lastFailureMs: latest(since), noted };
  }
  if (failures.length === 0) return { ...before, noted };
  return { failures: before.failures + failures.length, lastFailureMs: latest(failures), noted };
}

/** How long the job as a whole is to wait from now on; 0 when it need not. */
export function waitMs({ failures, lastFailureMs }: Pick<BackOff, 'failures' | 'lastFailureMs'>, now: number): number {
  if (failures === 0) return 0;
  // Beyond this many the pause is as long as it gets.
  const doublings = Math.min(failures - 1, 16);
  return Math.max(lastFailureMs + Math.min(backOffMsMin * 2 ** doublings, backOffMsMax) - now, 0);
}

/** How long one index is to wait, which failures of others do not change. @param last the index's pod that failed last */
export function indexWaitMs(last: Pod | undefined, now: number): number {
  if (!last) return 0;
  const { counted, ignored } = failuresOf(last);
  return waitMs({ failures: counted + ignored + 1, lastFailureMs: endedAt(last) }, now);
}

/** Pods of indexes that the job does not have (any more) tell nothing. */
function hasTask(pod: Pod, job: Job): boolean {
  return !isIndexed(job) || (indexOf(pod) ?? Number.POSITIVE_INFINITY) < (job.spec.completions ?? 0);
}
