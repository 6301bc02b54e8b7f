// What to do about a job: count the pods that ended, decide whether it is over, have the right number of pods, say so in its
// status, and delete it when its time after the end has passed.
import { hasEnded, Job, Pod } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty, labelSelectorFrom } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { claim, isControlledBy } from '../ownership.ts';
import { isActive, isReady } from '../pod-state.ts';
import type { BackOff } from './back-off.ts';
import { isTerminating, isTracked, trackingFinalizer, untrack } from './job-pods.ts';
import { conditionOf, isFinished, type JobCondition, type Outcome, outcomeOf } from './outcome.ts';
import { tally } from './tracking.ts';
import { planWorkforce, remove } from './workforce.ts';

const ownName = 'kubernetes.io/job-controller';

export interface ObservedJob {
  job: Job;
  /** Its pods, and those of its namespace that have no controller. */
  pods: Pod[];
  /** With all of its pods that have ended. */
  backOff: BackOff;
}

export function planJob({ job, pods, backOff }: ObservedJob, now: number): Action[] {
  const { managedBy, selector } = job.spec;
  if (isFinished(job)) return [...planExpiry(job, now), ...pods.filter((pod) => isDone(pod) && isHeldBy(pod, job)).map(untrack)];
  // Somebody else's: only its expiry is ours.
  if (managedBy !== undefined && managedBy !== ownName) return [];
  const { owned, actions: claims } = claim(erased(Pod), job, labelSelectorFrom(selector), pods, trackingFinalizer);
  if (claims.length > 0) return claims;
  return planRunning(started(job, now), job, owned, backOff, now);
}

function isHeldBy(pod: Pod, job: Job): boolean {
  return isControlledBy(pod, job) && isTracked(pod);
}

function isDone(pod: Pod): boolean {
  return hasEnded(pod) || pod.metadata.deletionTimestamp !== undefined;
}

/** The job with what its status says from the first look on: when it started, or that it is suspended. */
function started(job: Job, now: number): Job {
  const { status = {}, spec } = job;
  const at = timestamp({ now: () => now });
  const suspended = status.conditions?.find(({ type }) => type === 'Suspended');
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Suspended');
  if (spec.suspend) {
    if (suspended?.status === 'True') return job;
    const { startTime: _startTime, ...rest } = status;
    const condition = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' };
    return { ...job, status: { ...rest, conditions: [...others, { ...condition, lastProbeTime: at, lastTransitionTime: at }] } };
  }
  const startTime = status.startTime ?? at;
  if (suspended?.status !== 'True') return { ...job, status: { ...status, startTime } };
  const condition = { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' };
  const conditions = [...others, { ...condition, lastProbeTime: at, lastTransitionTime: at }];
  return { ...job, status: { ...status, startTime: at, conditions } };
}

function planRunning(job: Job, stored: Job, pods: Pod[], backOff: BackOff, now: number): Action[] {
  const active = pods.filter(isActive);
  const isLeaving = job.metadata.deletionTimestamp !== undefined;
  const isEnding = isLeaving || conditionOf(job, 'FailureTarget') !== undefined || conditionOf(job, 'SuccessCriteriaMet') !== undefined;
  const counted = tally(job, pods, isEnding);
  const outcome = isLeaving ? undefined : outcomeOf(job, active, counted, now);
  const terminating = pods.filter(isTerminating).length;
  const isOver = outcome !== undefined && counted.isSettled && active.length === 0 && terminating === 0;
  const status: Job['status'] = {
    ...(job.status?.conditions && { conditions: job.status.conditions }),
    ...(outcome && { conditions: conditionsWith(job, outcome, isOver, now) }),
    ...(job.status?.startTime && { startTime: job.status.startTime }),
    ...(isOver && outcome.type === 'Complete' && { completionTime: timestamp({ now: () => now }) }),
    ...(active.length > 0 && { active: active.length }),
    terminating,
    ...counted.counts,
    ready: active.filter(isReady).length,
  };
  const actions = writeStatus(stored, status, outcome && isOver ? outcome : undefined);
  actions.push(...counted.toUntrack.map(untrack));
  if (outcome) return [...actions, ...active.map((pod) => remove(stored, pod))];
  if (isLeaving) return actions;
  return [...actions, ...planWorkforce({ job, pods, active, tally: counted, backOff }, now), ...deadline(job, now)];
}

function writeStatus(stored: Job, status: NonNullable<Job['status']>, outcome: Outcome | undefined): Action[] {
  if (equalButForEmpty(status, stored.status)) return [];
  const actions: Action[] = [{ type: 'updateStatus', kind: erased(Job), object: { ...stored, status } as Job }];
  const event = (eventType: 'Normal' | 'Warning', reason: string, message: string): Action => ({
    type: 'event',
    event: { about: stored, eventType, reason, message },
  });
  const before = stored.status?.conditions?.find(({ type }) => type === 'Suspended')?.status;
  const after = status.conditions?.find(({ type }) => type === 'Suspended')?.status;
  if (after === 'True' && before !== 'True') actions.push(event('Normal', 'Suspended', 'Job suspended'));
  if (after === 'False' && before === 'True') actions.push(event('Normal', 'Resumed', 'Job resumed'));
  const wasFailing = conditionOf(stored, 'FailureTarget') !== undefined;
  const failing = status.conditions?.find(({ type }) => type === 'FailureTarget');
  if (failing && !wasFailing) actions.push(event('Warning', failing.reason ?? '', failing.message ?? ''));
  if (outcome?.type === 'Complete') actions.push(event('Normal', 'Completed', 'Job completed'));
  return actions;
}

function conditionsWith(job: Job, { type, reason, message }: Outcome, isOver: boolean, now: number): JobCondition[] {
  const at = timestamp({ now: () => now });
  const conditions = [...(job.status?.conditions ?? [])];
  const add = (name: string) => {
    if (conditions.some((condition) => condition.type === name)) return;
    conditions.push({ type: name, status: 'True', lastProbeTime: at, lastTransitionTime: at, reason, message });
  };
  add(type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget');
  if (isOver) add(type);
  return conditions;
}

/** Looks again when the deadline comes. */
function deadline({ spec, status }: Job, now: number): Action[] {
  if (spec.activeDeadlineSeconds === undefined || spec.suspend) return [];
  const leftMs = Date.parse(status?.startTime ?? '') + Number(spec.activeDeadlineSeconds) * 1000 - now;
  return leftMs > 0 ? [{ type: 'requeue', afterMs: leftMs }] : [];
}

function planExpiry(job: Job, now: number): Action[] {
  const { spec, metadata } = job;
  if (spec.ttlSecondsAfterFinished === undefined || metadata.deletionTimestamp) return [];
  const end = conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed');
  const leftMs = Date.parse(end?.lastTransitionTime ?? '') + spec.ttlSecondsAfterFinished * 1000 - now;
  // Whoever ended it did not say when: nobody knows when its time is over.
  if (Number.isNaN(leftMs)) return [];
  if (leftMs > 0) return [{ type: 'requeue', afterMs: leftMs }];
  return [{ type: 'delete', kind: erased(Job), key: metadata, uid: metadata.uid ?? '', propagationPolicy: 'Foreground' }];
}
