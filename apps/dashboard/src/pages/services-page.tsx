// Services and whether anything stands behind them.
import type { EndpointSlice, Service } from '@berth/api';
import { useMemo } from 'react';
import { sources, useListing } from '../live/listings.ts';
import { absent } from '../model/known.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { FilterBar, namespacesOf, passes } from '../parts/filter-bar.tsx';
import { Age, ListingNotice, State } from '../parts/small.tsx';
import { useRoute } from '../route.ts';

interface Row {
  service: Service;
  ready: number;
  all: number;
}

const columns: Column<Row>[] = [
  {
    title: 'Namespace',
    className: 'w-namespace wide',
    sort: (row) => row.service.metadata.namespace ?? '',
    cell: (row) => row.service.metadata.namespace,
  },
  { title: 'Name', className: 'w-name', sort: (row) => row.service.metadata.name ?? '', cell: (row) => row.service.metadata.name },
  { title: 'Type', className: 'w-status wide', sort: (row) => row.service.spec?.type ?? '', cell: (row) => row.service.spec?.type },
  { title: 'Cluster IP', className: 'w-ip', cell: (row) => row.service.spec?.clusterIP },
  { title: 'Ports', cell: (row) => ports(row.service) },
  { title: 'Behind it', className: 'w-status', sort: (row) => row.ready, cell: endpoints },
  { title: 'Age', className: 'w-short', cell: (row) => <Age of={row.service.metadata.creationTimestamp} /> },
];

export function ServicesPage() {
  const services = useListing(sources.services);
  const slices = useListing(sources.endpointSlices);
  const { query } = useRoute();
  const rows = useMemo(() => rowsOf(services.items, slices.items, query), [services.items, slices.items, query]);
  const choices = [{ name: 'namespace', label: 'Namespace', options: namespacesOf(services.items) }];
  return (
    <>
      <h1>Services</h1>
      <FilterBar choices={choices} count={rows.length} total={services.items.length} />
      <ListingNotice listings={[services]} />
      <DataTable
        label="Services"
        columns={columns}
        rows={rows}
        rowKey={({ service }) => keyOf(service.metadata)}
        empty={absent('No services.', services)}
      />
    </>
  );
}

function rowsOf(services: Service[], slices: EndpointSlice[], query: URLSearchParams): Row[] {
  const counts = new Map<string, { ready: number; all: number }>();
  for (const { metadata, endpoints: members } of slices) {
    const key = `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`;
    const count = counts.get(key) ?? { ready: 0, all: 0 };
    count.all += members?.length ?? 0;
    count.ready += (members ?? []).filter(({ conditions }) => conditions?.ready !== false).length;
    counts.set(key, count);
  }
  return services
    .filter(({ metadata }) => passes(metadata, query))
    .sort((a, b) => (keyOf(a.metadata) < keyOf(b.metadata) ? -1 : 1))
    .map((service) => ({ service, ...(counts.get(keyOf(service.metadata)) ?? { ready: 0, all: 0 }) }));
}

function endpoints({ service, ready, all }: Row) {
  if (service.spec?.type === 'ExternalName') return service.spec.externalName;
  return <State tone={ready > 0 ? 'good' : 'bad'}>{ready === all ? `${ready} ready` : `${ready} of ${all} ready`}</State>;
}

function ports({ spec }: Service): string {
  return (spec?.ports ?? [])
    .map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol ?? 'TCP'}`)
    .join(', ');
}

function keyOf({ namespace, name }: { namespace?: string; name?: string }): string {
  return `${namespace}/${name}`;
}
