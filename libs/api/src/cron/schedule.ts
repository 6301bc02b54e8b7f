// Reads the schedule of a cron job: five fields, `@hourly` and its like, or `@every` with a duration. What is accepted, and
// the words about what is not, are those of the cron dialect that Kubernetes documents for CronJob.

export interface CronFields {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
  /** Days must meet both the day of month and the weekday; otherwise either is enough. */
  isEveryDayField: boolean;
}

export type CronSchedule = { type: 'fields'; fields: CronFields } | { type: 'every'; intervalMs: number };

interface Bounds {
  min: number;
  max: number;
  names: readonly string[];
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const bounds = {
  minutes: { min: 0, max: 59, names: [] },
  hours: { min: 0, max: 23, names: [] },
  days: { min: 1, max: 31, names: [] },
  months: { min: 1, max: 12, names: monthNames },
  weekdays: { min: 0, max: 6, names: weekdayNames },
} as const satisfies Record<string, Bounds>;

const descriptors: Record<string, string | undefined> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const durationUnitsMs: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Why a schedule is not one. */
export class CronSyntaxError extends Error {}

/** @throws CronSyntaxError */
export function parseCron(text: string): CronSchedule {
  if (text === '') throw new CronSyntaxError('empty spec string');
  if (!text.startsWith('@')) return { type: 'fields', fields: parseFields(text) };
  const every = '@every ';
  if (text.startsWith(every)) return { type: 'every', intervalMs: parseInterval(text, text.slice(every.length)) };
  const meaning = Object.hasOwn(descriptors, text) ? descriptors[text] : undefined;
  if (meaning === undefined) throw new CronSyntaxError(`unrecognized descriptor: ${text}`);
  return { type: 'fields', fields: parseFields(meaning) };
}

/** Whole seconds, one at least. */
function parseInterval(text: string, duration: string): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== duration) {
    throw new CronSyntaxError(`failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`);
  }
  const totalMs = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (durationUnitsMs[unit ?? ''] ?? 0), 0);
  return Math.max(Math.floor(totalMs / 1000), 1) * 1000;
}

function parseFields(text: string): CronFields {
  const parts = text.trim().split(/\s+/);
  const [minutes = '', hours = '', days = '', months = '', weekdays = ''] = parts;
  if (parts.length !== 5) throw new CronSyntaxError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`);
  const day = parseField(days, bounds.days);
  const weekday = parseField(weekdays, bounds.weekdays);
  return {
    minutes: parseField(minutes, bounds.minutes).values,
    hours: parseField(hours, bounds.hours).values,
    days: day.values,
    months: parseField(months, bounds.months).values,
    weekdays: weekday.values,
    isEveryDayField: day.isStar || weekday.isStar,
  };
}

function parseField(text: string, limits: Bounds): { values: Set<number>; isStar: boolean } {
  const values = new Set<number>();
  let isStar = false;
  for (const part of text.split(',').filter((item) => item !== '')) {
    const { first, last, step, star } = parseRange(part, limits);
    isStar ||= star;
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return { values, isStar };
}

function parseRange(text: string, limits: Bounds): { first: number; last: number; step: number; star: boolean } {
  const [range = '', stepText, ...moreSlashes] = text.split('/');
  const [low = '', high, ...moreHyphens] = range.split('-');
  if (moreHyphens.length > 0) throw new CronSyntaxError(`too many hyphens: ${text}`);
  if (moreSlashes.length > 0) throw new CronSyntaxError(`too many slashes: ${text}`);
  const isWild = low === '*' || low === '?';
  const first = isWild ? limits.min : parseValue(low, limits);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  // `5/15` goes on to the end.
  const openEnd = stepText === undefined ? first : limits.max;
  const last = isWild ? limits.max : high === undefined ? openEnd : parseValue(high, limits);
  if (first < limits.min) throw new CronSyntaxError(`beginning of range (${first}) below minimum (${limits.min}): ${text}`);
  if (last > limits.max) throw new CronSyntaxError(`end of range (${last}) above maximum (${limits.max}): ${text}`);
  if (first > last) throw new CronSyntaxError(`beginning of range (${first}) beyond end of range (${last}): ${text}`);
  if (step === 0) throw new CronSyntaxError(`step of range should be a positive number: ${text}`);
  return { first, last, step, star: isWild && step === 1 };
}

function parseValue(text: string, { names, min }: Bounds): number {
  const named = names.indexOf(text.toLowerCase());
  return named >= 0 ? named + min : parseNumber(text);
}

function parseNumber(text: string): number {
  if (/^\+?\d{1,9}$/.test(text)) return Number(text);
  if (/^-\d+$/.test(text)) throw new CronSyntaxError(`negative number (${text}) not allowed: ${text}`);
  throw new CronSyntaxError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}
