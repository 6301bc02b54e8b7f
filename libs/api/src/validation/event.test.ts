import { describe, expect, test } from 'vitest';
import type { Event } from '../generated/core-v1.types.ts';
import { Event as Kind } from '../kinds/event.ts';
import { validateEventFields, validateNewEvent } from './event.ts';
import { messages } from './messages.ts';

const event = (change: Partial<Event>): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'a', namespace: 'web' },
  involvedObject: { kind: 'Pod', name: 'a', namespace: 'web' },
  reason: 'Started',
  type: 'Normal',
  ...change,
});
const newer = { eventTime: '2020-01-02T03:04:05.000000Z', reportingComponent: 'example.com/a', reportingInstance: 'b', action: 'Start' };
const fields = (errors: { field: string }[]) => errors.map(({ field }) => field);

describe('events', () => {
  test('of long ago stand in the namespace of what they are about, and say what they like', () => {
    expect(validateEventFields(event({ reason: '' }))).toEqual([]);
    expect(fields(validateEventFields(event({ involvedObject: { namespace: 'other' } })))).toEqual(['involvedObject.namespace']);
  });

  test('that say when they happened say who saw it, and what was done', () => {
    expect(validateEventFields(event(newer))).toEqual([]);
    const bare = { eventTime: newer.eventTime, reportingInstance: 'x'.repeat(129) };
    expect(fields(validateEventFields(event(bare)))).toEqual(expect.arrayContaining(['reportingComponent', 'reportingInstance', 'action']));
  });

  test('of events.k8s.io/v1 have no fields of the older version, and stay as they are', () => {
    expect(validateNewEvent(event(newer))).toEqual([]);
    const old = event({ count: 2, firstTimestamp: '2020-01-02T03:04:05Z', source: { component: 'a' }, type: 'Odd', series: { count: 1 } });
    expect(fields(validateNewEvent(old))).toEqual([
      ...['series.count', 'series.lastObservedTime', 'eventTime', 'type', 'firstTimestamp', 'count', 'source'],
    ]);
    expect(fields(validateNewEvent(event({ ...newer, reason: 'Other' }), event(newer)))).toEqual(['reason']);
  });
});

test('an event may have any name that fits into a path, and events.k8s.io/v1 wants one that is a domain', () => {
  const named = (metadata: Event['metadata']) => messages(Kind.validate(event({ metadata: { namespace: 'web', ...metadata } })));
  expect(named({ name: 'A_b', generateName: '..' })).toEqual([]);
  expect(named({ name: 'a%', generateName: 'b/' })).toEqual([
    `metadata.generateName: Invalid value: "b/": may not contain '/'`,
    `metadata.name: Invalid value: "a%": may not contain '%'`,
  ]);
  // Only once the rest is in order.
  expect(fields(Kind.validate(event({ metadata: { name: 'a%', namespace: 'elsewhere' } })))).toEqual(['involvedObject.namespace']);
  expect(fields(validateNewEvent(event({ ...newer, metadata: { name: 'A_b', namespace: 'web' } })))).toEqual(['metadata.name']);
});
