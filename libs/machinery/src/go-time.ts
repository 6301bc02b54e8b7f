// What Go says of a text that is no time (time.Parse): which part of it could not be read as which part of the layout.

const parts: [string, RegExp][] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d(?:[.,]\d+)?/],
  ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/],
];
const microseconds: typeof parts = [...parts.slice(0, -2), ['05', /^\d\d/], ['.000000', /^[.,]\d{6}/], ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/]];
const ranges: Record<string, [number, number, string]> = {
  '01': [1, 12, 'month'],
  '15': [0, 23, 'hour'],
  '04': [0, 59, 'minute'],
  '05': [0, 59, 'second'],
};

/** Undefined for a time. @param hasMicroseconds whether the layout has them: then they must be there */
export function goTimeError(text: string, hasMicroseconds: boolean): string | undefined {
  const layout = hasMicroseconds ? microseconds : parts;
  const prefix = `parsing time ${JSON.stringify(text)}`;
  let rest = text;
  for (const [element, pattern] of layout) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) {
      return `${prefix} as ${JSON.stringify(layout.map(([name]) => name).join(''))}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`;
    }
    const [min, max, name] = ranges[element] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, ''];
    const number = Number.parseInt(found, 10);
    if (number < min || number > max) return `${prefix}: ${name} out of range`;
    rest = rest.slice(found.length);
  }
  if (rest !== '') return `${prefix}: extra text: ${JSON.stringify(rest)}`;
  return isDay(text) ? undefined : `${prefix}: day out of range`;
}

function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day >= 1 && day <= days;
}

const fractionPattern = /\.(\d+)(?:Z|[+-]\d\d:\d\d)$/;
const secondsLength = '2006-01-02T15:04:05'.length;

/** In UTC, as Go writes it: whole seconds, or microseconds. */
export function canonicalTime(scalar: 'Time' | 'MicroTime', text: string): string {
  const isUtc = text.endsWith('Z');
  if (isUtc && scalar === 'Time' && text.length === secondsLength + 1) return text;
  const seconds = (isUtc ? text : new Date(Date.parse(text)).toISOString()).slice(0, secondsLength);
  const fraction = fractionPattern.exec(text)?.[1] ?? '';
  return scalar === 'Time' ? `${seconds}Z` : `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}
