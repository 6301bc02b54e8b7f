// Whether a job is over, and why. First comes a condition that says what it will end as, while its last pods stop; the one
// that clients wait for follows when every pod has stopped and is counted.
import type { Job, Pod } from '@berth/api';
import { metSuccessRule } from './failure-policy.ts';
import { isIndexed } from './job-pods.ts';
import type { Tally } from './tracking.ts';

export type JobCondition = NonNullable<NonNullable<Job['status']>['conditions']>[number];

export interface Outcome {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

const allSucceeded = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };

export function conditionOf({ status }: Job, type: string): JobCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

export function isFinished(job: Job): boolean {
  return conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined;
}

/** What the job ends as, from now on or already decided; undefined while it goes on. */
export function outcomeOf(job: Job, active: Pod[], tally: Tally, now: number): Outcome | undefined {
  const failing = conditionOf(job, 'FailureTarget');
  if (failing) return { type: 'Failed', reason: failing.reason ?? '', message: failing.message ?? '' };
  const succeeding = conditionOf(job, 'SuccessCriteriaMet');
  if (succeeding) return { type: 'Complete', reason: succeeding.reason ?? '', message: succeeding.message ?? '' };
  return failure(job, active, tally, now) ?? success(job, active, tally);
}

function failure(job: Job, active: Pod[], tally: Tally, now: number): Outcome | undefined {
  const { spec, status } = job;
  const failed = (reason: string, message: string): Outcome => ({ type: 'Failed', reason, message });
  if (tally.failJob !== undefined) return failed('PodFailurePolicy', tally.failJob);
  const limit = spec.backoffLimit ?? 6;
  if (tally.failed > limit || restartsExceed(job, active, limit)) {
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const startedAt = Date.parse(status?.startTime ?? '');
  const isSuspended = spec.suspend ?? false;
  if (!isSuspended && spec.activeDeadlineSeconds !== undefined && now - startedAt >= Number(spec.activeDeadlineSeconds) * 1000) {
    return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  const { failedIndexes, completed } = tally;
  if (spec.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes) {
    return failed('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  if (failedIndexes.size > 0 && failedIndexes.size + completed.size >= (spec.completions ?? 0)) {
    return failed('FailedIndexes', 'Job has failed indexes');
  }
  return undefined;
}

/** Containers that the agent restarts count as failures too. */
function restartsExceed({ spec }: Job, active: Pod[], limit: number): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = active.flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]);
  const total = restarts.reduce((sum, { restartCount }) => sum + restartCount, 0);
  return limit === 0 ? total > 0 : total >= limit;
}

function success(job: Job, active: Pod[], tally: Tally): Outcome | undefined {
  const { completions } = job.spec;
  if (isIndexed(job)) {
    const rule = metSuccessRule(job, tally.completed);
    if (rule !== undefined) return { type: 'Complete', reason: 'SuccessPolicy', message: rule };
  }
  // Without a number of completions, one success means that the work is done, and the other pods come to their end.
  const isReached = completions === undefined ? tally.succeeded > 0 : tally.succeeded >= completions;
  // Pods too many are taken away first, and are no failures.
  return isReached && active.length === 0 ? { type: 'Complete', ...allSucceeded } : undefined;
}
