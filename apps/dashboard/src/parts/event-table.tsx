// Events, newest first, with their whole text.
import type { Event } from '@berth/api';
import { useMemo } from 'react';
import type { Listing } from '../live/watch-store.ts';
import { eventCount, eventTime, newestFirst } from '../model/events.ts';
import { absent } from '../model/known.ts';
import { type Column, DataTable } from './data-table.tsx';
import { Age, ObjectLink, State } from './small.tsx';

const object: Column<Event> = {
  title: 'Object',
  className: 'w-object',
  cell: ({ involvedObject: { kind, namespace, name, apiVersion } }) => (
    <ObjectLink kind={kind} namespace={namespace} name={name} apiVersion={apiVersion}>
      {kind} {namespace ? `${namespace}/${name}` : name}
    </ObjectLink>
  ),
};

const columns: Column<Event>[] = [
  { title: 'Last', className: 'w-short', cell: (event) => <Age of={eventTime(event)} /> },
  {
    title: 'Reason',
    className: 'w-status',
    cell: ({ type, reason }) => <State tone={type === 'Warning' ? 'warn' : 'quiet'}>{reason}</State>,
  },
  object,
  { title: 'Message', className: 'text', cell: ({ message }) => message },
  { title: 'Count', className: 'w-short wide', cell: eventCount },
  { title: 'From', className: 'w-node wide', cell: (event) => event.source?.component || event.reportingComponent },
];
const columnsOfOne = columns.filter((column) => column !== object);

interface Props {
  events: Listing<Event>;
  /** Those of the listing that are shown; all when absent. */
  shown?: Event[];
  isOfOneObject?: boolean;
}

export function EventTable({ events, shown = events.items, isOfOneObject = false }: Props) {
  const rows = useMemo(() => newestFirst(shown), [shown]);
  return (
    <DataTable
      label="Events"
      wrap
      columns={isOfOneObject ? columnsOfOne : columns}
      rows={rows}
      rowKey={({ metadata }) => `${metadata.namespace}/${metadata.name}`}
      empty={absent('No events: they are kept for a limited time.', events)}
    />
  );
}
