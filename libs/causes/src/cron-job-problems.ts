// CronJobs that should have started a run and have not: held up by a run that does not end, refused, or for a reason that nobody gives.
import { type batchV1, CronSyntaxError, nextTime, parseCron } from '@berth/api';
import { humanDuration } from '@berth/machinery';
import type { Problem } from './problem.ts';

/** Its controller needs a moment; a busy one more. */
const lateMs = 60_000;
/** The controllers' own time zone counts where a CronJob names none, and is not known here: no two differ by more. */
const zonesMs = 26 * 3_600_000;
/** One start that a long run outlasts is what `Forbid` is for. */
const skippedMin = 2;
const countedMax = 100;

type Observed = { cronJobs?: batchV1.CronJob[]; jobs?: batchV1.Job[] };

export function cronJobProblems({ cronJobs = [], jobs = [] }: Observed, now: number): Problem[] {
  return cronJobs.flatMap((cronJob) => {
    const missed = missedStarts(cronJob, now);
    if (!missed) return [];
    const { namespace, name } = cronJob.metadata;
    const mark = `CronJob/${namespace}/${name}`;
    const base = { kind: 'CronJob' as const, namespace, name, severity: 'warning' as const, group: mark, since: iso(missed.firstMs) };
    const running = runningOf(cronJob, jobs);
    const times = missed.count > 1 ? `${missed.count >= countedMax ? `${countedMax} or more` : missed.count} starts` : 'a start';
    if (running) {
      if (missed.count < skippedMin) return [];
      const forMs = now - Date.parse(running.metadata.creationTimestamp ?? '');
      const message = `it has missed ${times}: job ${running.metadata.name} has been running for ${humanDuration(forMs)}, and concurrencyPolicy is Forbid`;
      return [{ ...base, reason: 'RunStillActive', message, explainedBy: [`Job/${namespace}/${running.metadata.name}`] }];
    }
    const message = `it has missed ${times}, the first at ${iso(missed.firstMs)}, and no run of it is there that would hold it up`;
    return [{ ...base, reason: 'MissedSchedule', message, explainedBy: [mark] }];
  });
}

/** The run that keeps others from starting. */
export function runningOf({ spec, status }: batchV1.CronJob, jobs: batchV1.Job[]): batchV1.Job | undefined {
  if (spec.concurrencyPolicy !== 'Forbid') return undefined;
  const active = new Set(status?.active?.map(({ uid }) => uid));
  return jobs.find(({ metadata }) => active.has(metadata.uid));
}

function missedStarts({ metadata, spec, status }: batchV1.CronJob, now: number): { firstMs: number; count: number } | undefined {
  if (spec.suspend || metadata.deletionTimestamp) return undefined;
  const last = status?.lastScheduleTime === undefined ? undefined : Date.parse(status.lastScheduleTime);
  const since = last ?? Date.parse(metadata.creationTimestamp ?? '');
  if (Number.isNaN(since)) return undefined;
  const next = startsOf(spec, last);
  if (!next) return undefined;
  const until = now - (next.isExact ? lateMs : zonesMs);
  let count = 0;
  const firstMs = next.after(since);
  for (let at = firstMs; at !== undefined && at <= until && count < countedMax; at = next.after(at)) count++;
  return firstMs === undefined || count === 0 ? undefined : { firstMs, count };
}

interface Starts {
  after(ms: number): number | undefined;
  /** Whether the time zone is known to be right. */
  isExact: boolean;
}

function startsOf({ schedule: text, timeZone }: batchV1.CronJob['spec'], last: number | undefined): Starts | undefined {
  const schedule = parsed(text);
  if (!schedule) return undefined;
  if (schedule.type === 'every') return { after: (ms) => ms + schedule.intervalMs, isExact: true };
  const after = (ms: number) => nextTime(schedule, ms, timeZone ?? 'UTC');
  // Where the last start is one of its times in UTC, that is the zone.
  return { after, isExact: timeZone !== undefined || (last !== undefined && after(last - 1) === last) };
}

function parsed(text: string) {
  try {
    return parseCron(text);
  } catch (error) {
    // Written before it was checked: its controller says so itself.
    if (error instanceof CronSyntaxError) return undefined;
    throw error;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
