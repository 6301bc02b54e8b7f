// When a cron job was last due and is due next. Of several times that were missed only the latest counts.
import { type CronJob, type CronSchedule, nextTime } from '@berth/api';

/** More than these were missed: worth telling, as the clock may be wrong. */
const missedMax = 100;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Looked through for the latest time that was due, the shortest first: what lies within one that misses the former is little. */
const windowsMs = [5 * minuteMs, 60 * minuteMs, dayMs, 32 * dayMs, 366 * dayMs, 5 * 366 * dayMs];

export interface Due {
  /** Unix milliseconds of the latest time that came round and was not acted on. */
  atMs: number;
  isTooMany: boolean;
}

/**
 * Since its last job, or since it was made, but no longer ago than it may start late.
 * @param timeZone when the cron job names none
 */
export function dueTime({ metadata, spec, status }: CronJob, schedule: CronSchedule, timeZone: string, now: number): Due | undefined {
  const last = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '');
  const deadlineMs = spec.startingDeadlineSeconds === undefined ? 0 : now - Number(spec.startingDeadlineSeconds) * 1000;
  const since = Math.max(last || now, deadlineMs);
  if (schedule.type === 'every') {
    const count = Math.floor((now - since) / schedule.intervalMs);
    return count < 1 ? undefined : { atMs: since + count * schedule.intervalMs, isTooMany: count > missedMax };
  }
  const next = (after: number) => nextTime(schedule, after, spec.timeZone ?? timeZone);
  const first = next(since);
  if (first === undefined || first > now) return undefined;
  for (const windowMs of windowsMs) {
    const from = Math.max(since, now - windowMs);
    const found = latest(next, from, now);
    if (found !== undefined) return { atMs: found, isTooMany: missed(next, since, now) > missedMax };
  }
  return { atMs: first, isTooMany: false };
}

function latest(next: (after: number) => number | undefined, from: number, now: number): number | undefined {
  let found: number | undefined;
  for (let at = next(from); at !== undefined && at <= now; at = next(at)) found = at;
  return found;
}

/** Counts no further than it must. */
function missed(next: (after: number) => number | undefined, since: number, now: number): number {
  let count = 0;
  for (let at = next(since); at !== undefined && at <= now && count <= missedMax; at = next(at)) count++;
  return count;
}
