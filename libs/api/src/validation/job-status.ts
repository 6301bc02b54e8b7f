// What controllers, Kubernetes' own or another (`managedBy`), may write of a Job's status: a job that has ended stays so, and says
// only once how. Rules ask for what a write changes, so that the rest of a status that breaks them can be written on.
import { deepEqual } from '@berth/machinery';
import type { Job, JobStatus } from '../generated/batch-v1.types.ts';
import { parseIndexes } from '../job-indexes.ts';
import { duplicate, type FieldError, invalid, invalidWithoutValue, nonNegative, required } from './errors.ts';

interface State {
  status: JobStatus;
  isComplete: boolean;
  isFailed: boolean;
  isFinished: boolean;
  isFailing: boolean;
  hasSucceeded: boolean;
}

function stateOf({ status = {} }: Job): State {
  const isTrue = (type: string) => status.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  const [isComplete, isFailed] = [isTrue('Complete'), isTrue('Failed')];
  return {
    status,
    isComplete,
    isFailed,
    isFinished: isComplete || isFailed,
    isFailing: isTrue('FailureTarget'),
    hasSucceeded: isTrue('SuccessCriteriaMet'),
  };
}

export function validateJobStatus(job: Job, oldJob: Job): FieldError[] {
  const [next, old] = [stateOf(job), stateOf(oldJob)];
  const isChanged = (...names: (keyof JobStatus | keyof State)[]) =>
    names.some((name) => {
      if (name in next) return !deepEqual(next[name as keyof State], old[name as keyof State]);
      const [value, before] = [next, old].map(({ status }) => status[name as keyof JobStatus]);
      // Texts and numbers that are no pointers are the same when empty.
      return !deepEqual(value ?? zero[name] ?? null, before ?? zero[name] ?? null);
    });
  return [
    ...counts(next.status),
    ...conditions(job, next, isChanged),
    ...times(job, next, isChanged),
    ...whenFinished(next, isChanged),
    ...indexes(job, next.status, isChanged),
    ...change(job, oldJob, next, old),
  ];
}

const zero: Partial<Record<string, unknown>> = { active: 0, completedIndexes: '' };

type IsChanged = (...names: (keyof JobStatus | keyof State)[]) => boolean;

function counts(status: JobStatus): FieldError[] {
  const { uncountedTerminatedPods: uncounted } = status;
  const seen = new Set<string>();
  const listed = (name: 'succeeded' | 'failed') =>
    (uncounted?.[name] ?? []).flatMap((uid, index) => {
      const field = `status.uncountedTerminatedPods.${name}[${index}]`;
      if (uid === '') return [invalid(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    });
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((name) => nonNegative(`status.${name}`, status[name])),
    ...listed('succeeded'),
    ...listed('failed'),
  ];
}

function conditions({ spec }: Job, next: State, isChanged: IsChanged): FieldError[] {
  const rules: [boolean, string][] = [
    [isChanged('isComplete', 'isFailed') && next.isComplete && next.isFailed, 'cannot set Complete=True and Failed=true conditions'],
    [
      isChanged('isComplete', 'isFailing') && next.isComplete && next.isFailing,
      'cannot set Complete=True and FailureTarget=true conditions',
    ],
    [
      isChanged('isFailed', 'failedIndexes') && next.isFailed && !next.isFailing,
      'cannot set Failed=True condition without the FailureTarget=true condition',
    ],
    [
      isChanged('isComplete', 'hasSucceeded') && next.isComplete && !next.hasSucceeded,
      'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
    [next.hasSucceeded && next.isFailed, 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [next.hasSucceeded && next.isFailing, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'],
    [
      spec?.successPolicy !== undefined && !next.hasSucceeded && next.isComplete,
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
  ];
  return rules.flatMap(([isBroken, detail]) => (isBroken ? [invalidWithoutValue('status.conditions', detail)] : []));
}

function times({ spec }: Job, { status, isComplete, isFinished }: State, isChanged: IsChanged): FieldError[] {
  const { startTime, completionTime } = status;
  const errors: FieldError[] = [];
  if (isChanged('isComplete', 'completionTime')) {
    if (completionTime && !isComplete) {
      const detail = 'cannot set completionTime when there is no Complete=True condition';
      errors.push(invalid('status.completionTime', completionTime, detail));
    }
    if (!completionTime && isComplete) errors.push(required('status.completionTime', 'completionTime is required for Complete jobs'));
  }
  if (isChanged('startTime', 'completionTime') && startTime && completionTime && Date.parse(completionTime) < Date.parse(startTime))
    errors.push(invalid('status.completionTime', completionTime, 'must be equal to or after `startTime`'));
  const neverStarts = spec?.suspend === true && spec.completions === 0;
  if (isChanged('isFinished', 'startTime') && !neverStarts && !startTime && isFinished)
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  return errors;
}

function whenFinished({ status, isFinished }: State, isChanged: IsChanged): FieldError[] {
  const { active = 0, ready, terminating, uncountedTerminatedPods: uncounted } = status;
  const errors: FieldError[] = [];
  if (isChanged('ready', 'active') && ready !== undefined && ready > active)
    errors.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  if (!isFinished) return errors;
  if (isChanged('isFinished', 'active') && active > 0)
    errors.push(invalid('status.active', active, 'active>0 is invalid for finished job'));
  const left = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if (isChanged('isFinished', 'uncountedTerminatedPods') && left > 0)
    errors.push(invalid('status.uncountedTerminatedPods', uncounted, 'must be empty for finished job'));
  if (isChanged('isFinished', 'terminating') && (terminating ?? 0) > 0)
    errors.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  return errors;
}

function indexes({ spec }: Job, status: JobStatus, isChanged: IsChanged): FieldError[] {
  const { completedIndexes: completed = '', failedIndexes: failed } = status;
  const { completions, backoffLimitPerIndex } = spec ?? {};
  const errors: FieldError[] = [];
  const parsed = (text: string) => (completions === undefined ? [] : parseIndexes(text, completions));
  if (isChanged('completedIndexes')) {
    const found = parsed(completed);
    if (typeof found === 'string') errors.push(invalid('status.completedIndexes', completed, `error parsing completedIndexes: ${found}`));
    if (completed !== '' && spec?.completionMode !== 'Indexed') {
      const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode';
      errors.push(invalid('status.completedIndexes', completed, detail));
    }
  }
  if (failed !== undefined && isChanged('failedIndexes')) {
    const found = backoffLimitPerIndex === undefined ? [] : parsed(failed);
    if (typeof found === 'string') errors.push(invalid('status.failedIndexes', failed, `error parsing failedIndexes: ${found}`));
    if (backoffLimitPerIndex === undefined)
      errors.push(invalid('status.failedIndexes', failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  }
  const both = failed !== undefined && completions !== undefined && isChanged('failedIndexes', 'completedIndexes');
  const shared = both ? firstShared(completed, failed, completions) : undefined;
  if (shared !== undefined)
    errors.push(invalid('status.failedIndexes', failed, `failedIndexes and completedIndexes overlap at index: ${shared}`));
  return errors;
}

/** Of two lists in ascending order; intervals that cannot be read are passed over. */
function firstShared(completed: string, failed: string, completions: number): number | undefined {
  const readable = (text: string) =>
    text.split(',').flatMap((part) => {
      const found = part === '' ? '' : parseIndexes(part, completions);
      return typeof found === 'string' ? [] : found;
    });
  const [a, b] = [readable(completed), readable(failed)];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [[first, last], [otherFirst, otherLast]] = [a[i] as [number, number], b[j] as [number, number]];
    if (first <= otherLast && otherFirst <= last) return Math.max(first, otherFirst);
    if (first <= otherFirst) i++;
    else j++;
  }
  return undefined;
}

const terminal = [
  ['isFailed', 'Failed'],
  ['isComplete', 'Complete'],
  ['isFailing', 'FailureTarget'],
] as const;

function change({ spec }: Job, oldJob: Job, next: State, old: State): FieldError[] {
  const errors: FieldError[] = [];
  const fixed = (detail: string) => errors.push(invalidWithoutValue('status.conditions', detail));
  for (const [state, type] of terminal) if (old[state] && !next[state]) fixed(`cannot disable the terminal ${type}=True condition`);
  const scalesDown = spec?.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const name of scalesDown ? (['failed'] as const) : (['failed', 'succeeded'] as const)) {
    const value = next.status[name] ?? 0;
    if (value < (old.status[name] ?? 0)) errors.push(invalid(`status.${name}`, value, `cannot decrease the ${name} counter`));
  }
  const { startTime, completionTime } = next.status;
  if (completionTime && old.status.completionTime && completionTime !== old.status.completionTime)
    errors.push(invalid('status.completionTime', completionTime, 'field is immutable'));
  const suspended = (job: Job) => job.status?.conditions?.find(({ type }) => type === 'Suspended')?.status;
  const isResuming = suspended(oldJob) === 'True' && next.status.conditions?.find(({ type }) => type === 'Suspended')?.status === 'False';
  if (old.status.startTime && old.status.startTime !== startTime && !spec?.suspend && !isResuming)
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'));
  if (old.hasSucceeded && !next.hasSucceeded) fixed('cannot disable the SuccessCriteriaMet=True condition');
  if (old.isComplete && !old.hasSucceeded && next.hasSucceeded)
    fixed('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
  return errors;
}
