// `kubectl get events`.
import type { Column } from '@berth/machinery';
import type { Event } from '../generated/core-v1.types.ts';
import { ago, count, shownAsText, text, wide } from './column.ts';

export const eventColumns: Column<Event>[] = [
  text('Last Seen', 'Time since it happened last', (event, now) =>
    ago(event.series?.lastObservedTime || event.lastTimestamp || firstSeen(event), now),
  ),
  text('Type', 'Normal or Warning', ({ type }) => type),
  text('Reason', 'What happened, in one word', ({ reason }) => reason),
  text('Object', 'What it happened to', ({ involvedObject: about }) =>
    about.name ? `${(about.kind ?? '').toLowerCase()}/${about.name}` : (about.kind ?? '').toLowerCase(),
  ),
  wide(text('Subobject', 'Part of the object that it happened to', ({ involvedObject }) => involvedObject.fieldPath)),
  wide(text('Source', 'Who reported it', source)),
  text('Message', 'What happened, in a sentence', ({ message }) => message?.trim()),
  wide(text('First Seen', 'Time since it happened first', (event, now) => ago(firstSeen(event), now))),
  wide(shownAsText(count('Count', 'How often it happened', (event) => event.series?.count ?? (event.count || 1)))),
  wide({ name: 'Name', type: 'string', format: 'name', description: 'Name of the event', value: (event) => event.metadata.name }),
];

function firstSeen(event: Event): string | undefined {
  return event.firstTimestamp || event.eventTime;
}

function source(event: Event): string {
  const component = event.source?.component || event.reportingComponent || '';
  const host = event.source?.host || (event.source?.component ? '' : event.reportingInstance);
  return host ? `${component}, ${host}` : component;
}
