// What happened, newest first.
import { useMemo } from 'react';
import { sources, useListing } from '../live/listings.ts';
import { EventTable } from '../parts/event-table.tsx';
import { FilterBar, namespacesOf } from '../parts/filter-bar.tsx';
import { ListingNotice } from '../parts/small.tsx';
import { useRoute } from '../route.ts';

export function EventsPage() {
  const events = useListing(sources.events);
  const { query } = useRoute();
  const [type, namespace, name, reason] = ['type', 'namespace', 'name', 'reason'].map((key) => query.get(key));
  const rows = useMemo(
    () =>
      events.items.filter(
        (event) =>
          (!type || event.type === type) &&
          (!reason || event.reason === reason) &&
          (!namespace || event.metadata.namespace === namespace) &&
          (!name || (event.involvedObject.name ?? '').includes(name)),
      ),
    [events.items, type, namespace, name, reason],
  );
  const choices = [
    { name: 'namespace', label: 'Namespace', options: namespacesOf(events.items) },
    { name: 'type', label: 'Type', options: ['Normal', 'Warning'] },
    { name: 'reason', label: 'Reason', options: [...new Set(events.items.map((event) => event.reason ?? ''))] },
  ];
  return (
    <>
      <h1>Events</h1>
      <FilterBar choices={choices} count={rows.length} total={events.items.length} />
      <ListingNotice listings={[events]} />
      <EventTable events={events} shown={rows} />
    </>
  );
}
