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

export interface WarningGroup {
  newest: Event;
  /** Objects it happened to. */
  objects: number;
  /** How often, over all of them. */
  times: number;
}

/** The same thing happening to many objects of a kind is told once; newest first. */
export function groupWarnings(warnings: Event[]): WarningGroup[] {
  const groups = new Map<string, WarningGroup & { names: Set<string> }>();
  for (const event of newestFirst(warnings)) {
    const { kind, namespace, name } = event.involvedObject;
    const text = (event.message ?? '').replaceAll(name || '\0', '');
    const key = `${kind}/${event.reason}/${text}`;
    const group = groups.get(key) ?? { newest: event, objects: 0, times: 0, names: new Set<string>() };
    group.names.add(`${namespace}/${name}`);
    group.objects = group.names.size;
    group.times += eventCount(event);
    groups.set(key, group);
  }
  return [...groups.values()];
}
