// When a schedule comes round next, in a time zone. Hours that daylight saving skips do not happen, those that it repeats
// happen twice, as the clock on the wall shows them.
import type { CronFields, CronSchedule } from './schedule.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A schedule that does not come round in five years never does: the 30th of February. */
const searchMsMax = 5 * 366 * 24 * hourMs;

interface WallTime {
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
}

type WallClock = (atMs: number) => WallTime;

/** The database's own placeholder for a clock that nobody has set, which no engine knows. */
const unset = 'Factory';
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * @param afterMs Unix milliseconds; the answer is later
 * @param timeZone such as `Europe/Berlin`
 * @returns undefined when there is no such time
 */
export function nextTime(schedule: CronSchedule, afterMs: number, timeZone = 'UTC'): number | undefined {
  if (schedule.type === 'every') return Math.floor(afterMs / 1000) * 1000 + schedule.intervalMs;
  const wallClock = timeZone === 'UTC' || timeZone === unset ? utc : zoned(timeZone);
  let at = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
  while (at - afterMs < searchMsMax) {
    const wall = wallClock(at);
    if (!isOnDay(schedule.fields, wall)) at = nextDay(at, wall, wallClock);
    else if (!schedule.fields.hours.has(wall.hour)) at += (60 - wall.minute) * minuteMs;
    else if (!schedule.fields.minutes.has(wall.minute)) at += minuteMs;
    else return at;
  }
  return undefined;
}

function isOnDay({ months, days, weekdays: onWeekdays, isEveryDayField }: CronFields, wall: WallTime): boolean {
  if (!months.has(wall.month)) return false;
  const isDay = days.has(wall.day);
  const isWeekday = onWeekdays.has(wall.weekday);
  return isEveryDayField ? isDay && isWeekday : isDay || isWeekday;
}

/** Midnight, or what comes nearest to it on a day that has none; never earlier than `at`. */
function nextDay(at: number, { hour, minute }: WallTime, wallClock: WallClock): number {
  const next = at + (23 - hour) * hourMs + (60 - minute) * minuteMs;
  const landed = wallClock(next);
  // A day that is shorter was overshot; one that is longer is tried again from 23 o'clock.
  const overshoot = landed.hour < 12 ? landed.hour * hourMs + landed.minute * minuteMs : 0;
  const corrected = next - overshoot;
  return overshoot > 0 && wallClock(corrected).day !== landed.day ? next : corrected;
}

function utc(atMs: number): WallTime {
  const date = new Date(atMs);
  return {
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

function zoned(timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    month: 'numeric',
    day: 'numeric',
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const weekday = weekdays.indexOf(parts.get('weekday') ?? '');
    return { month: number('month'), day: number('day'), weekday, hour: number('hour'), minute: number('minute') };
  };
}
