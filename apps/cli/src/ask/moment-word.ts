// Moments as they are typed: how long ago (`10m`, `2h`, `1d`), a time of the day, which is the last one there was, or RFC 3339.
import { UsageError } from '@berth/telemetry/command-line';
import { readSince } from './since.ts';

const dayMs = 86_400_000;
const ofDay = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const withDate = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?$/;
const words = 'a time is such as 10m or 2h (ago), 14:30, or 2026-01-31T14:30:00Z';

/** In milliseconds. @param option what it was given for @throws UsageError for what is no time, or in the future */
export function readMoment(text: string, option: string, now = Date.now()): number {
  const atMs = momentOf(text, now);
  if (atMs === undefined) throw new UsageError(`${option}: ${JSON.stringify(text)} is no time: ${words}`);
  if (atMs > now) throw new UsageError(`${option}: ${JSON.stringify(text)} is in the future: ${words}`);
  return atMs;
}

function momentOf(text: string, now: number): number | undefined {
  const time = ofDay.exec(text);
  if (time)
    return lastTimeOfDay(
      time.slice(1).map((part) => Number(part ?? 0)),
      now,
    );
  if (withDate.test(text)) return dateOf(text);
  try {
    const agoMs = readSince(text);
    return agoMs === undefined ? undefined : now - agoMs;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** Today's, or yesterday's where today's is still to come. */
function lastTimeOfDay([hours = 0, minutes = 0, seconds = 0]: number[], now: number): number | undefined {
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const at = new Date(now).setHours(hours, minutes, seconds, 0);
  return at <= now ? at : new Date(at - dayMs).setHours(hours, minutes, seconds, 0);
}

/** Without a zone it is of this machine's. Days that a month does not have are none. */
function dateOf(text: string): number | undefined {
  const atMs = Date.parse(text.replace(' ', 'T'));
  const [year = 0, month = 1, day = 1] = text.slice(0, 10).split('-').map(Number);
  return Number.isNaN(atMs) || day > new Date(year, month, 0).getDate() ? undefined : atMs;
}
