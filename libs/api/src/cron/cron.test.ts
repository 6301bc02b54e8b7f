import { expect, test } from 'vitest';
import { nextTime } from './next-time.ts';
import { parseCron } from './schedule.ts';
import { timeZones } from './time-zones.ts';

function times(text: string, from: string, count: number, zone?: string): string[] {
  const schedule = parseCron(text);
  const found: string[] = [];
  for (let at: number | undefined = Date.parse(from); found.length < count; ) {
    at = nextTime(schedule, at, zone);
    if (at === undefined) return [...found, 'never'];
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

test('fields, ranges, steps and names are read as cron reads them', () => {
  expect(times('*/20 9-10 * * *', '2026-01-01T09:10:30Z', 4)).toEqual([
    '2026-01-01T09:20',
    '2026-01-01T09:40',
    '2026-01-01T10:00',
    '2026-01-01T10:20',
  ]);
  expect(times('0 0 29 feb ?', '2026-01-01T00:00:00Z', 1)).toEqual(['2028-02-29T00:00']);
  expect(times('0 0 30 2 *', '2026-01-01T00:00:00Z', 1)).toEqual(['never']);
  // The first, and every Monday.
  expect(times('5 4 1 * mon', '2026-01-01T05:00:00Z', 2)).toEqual(['2026-01-05T04:05', '2026-01-12T04:05']);
  expect(times('@hourly', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01T01:00']);
  expect(times('@every 1h30m', '2026-01-01T00:00:00Z', 2)).toEqual(['2026-01-01T01:30', '2026-01-01T03:00']);
});

test('time zones follow the clock on the wall through daylight saving', () => {
  expect(times('30 2 * * *', '2026-03-28T00:00:00Z', 2, 'Europe/Berlin')).toEqual(['2026-03-28T01:30', '2026-03-30T00:30']);
  expect(times('30 2 * * *', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual(['2026-10-25T00:30', '2026-10-25T01:30']);
  // Midnight does not exist on this day.
  expect(times('0 0 * * *', '2018-11-03T12:00:00Z', 1, 'America/Sao_Paulo')).toEqual(['2018-11-05T02:00']);
  expect(times('0 12 * * 0', '2018-11-03T12:00:00Z', 1, 'America/Sao_Paulo')).toEqual(['2018-11-04T14:00']);
});

test.each([
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-2 * * * *', 'beginning of range (5) beyond end of range (2): 5-2'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  ['@often', 'unrecognized descriptor: @often'],
])('%s is refused', (text, message) => {
  expect(() => parseCron(text)).toThrow(message);
});

test('every time zone that is accepted has a clock', () => {
  const summer = Date.parse('2026-07-01T00:00:00Z');
  for (const zone of timeZones) expect(nextTime(parseCron('30 12 * * *'), summer, zone), zone).toBeGreaterThan(summer);
  expect(timeZones.size).toBeGreaterThan(590);
});
