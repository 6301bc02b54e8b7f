// Events, in the two ways they are written (a count on one object, or a series), put in one order.
import type { Event } from '@berth/api';
import { ageMs } from './age.ts';

export function eventTime(event: Event): string | undefined {
  return (
    event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp
  );
}

export function eventCount(event: Event): number {
  return event.series?.count ?? event.count ?? 1;
}

export function newestFirst(events: Event[]): Event[] {
  return events
    .map((event) => ({ event, time: Date.parse(eventTime(event) ?? '') || 0 }))
    .sort((a, b) => b.time - a.time)
    .map(({ event }) => event);
}

export function recentWarnings(events: Event[], now: number, withinMs: number): Event[] {
  return newestFirst(events.filter((event) => event.type === 'Warning' && (ageMs(eventTime(event), now) ?? withinMs) < withinMs));
}
