import type { Event } from '@berth/api';
import { expect, test } from 'vitest';
import { groupWarnings, recentWarnings } from './events.ts';

const now = Date.parse('2026-11-23T03:00:00Z');
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const event = (name: string, seconds: number, more: Omit<Partial<Event>, 'kind' | 'apiVersion'> = {}): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name, namespace: 'd' },
  involvedObject: { kind: 'Pod', namespace: 'd', name },
  type: 'Warning',
  reason: 'BackOff',
  message: `pod ${name} failed`,
  lastTimestamp: ago(seconds),
  ...more,
});

test('both ways of writing events are understood, and old ones are left out', () => {
  const series = event('s', 9_999, { lastTimestamp: undefined, series: { count: 4, lastObservedTime: ago(5) } });
  const found = recentWarnings([event('old', 901), event('new', 30), event('fine', 1, { type: 'Normal' }), series], now, 900_000);
  expect(found.map(({ metadata }) => metadata.name)).toEqual(['s', 'new']);
});

test('the same warning for many objects is told once', () => {
  const groups = groupWarnings([event('web-a', 30, { count: 3 }), event('web-b', 10), event('web-b', 20, { reason: 'Failed' })]);
  expect(groups.map(({ newest, objects, times }) => [newest.metadata.name, newest.reason, objects, times])).toEqual([
    ['web-b', 'BackOff', 2, 4],
    ['web-b', 'Failed', 1, 1],
  ]);
});
