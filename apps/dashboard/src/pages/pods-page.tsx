// All pods, filtered by namespace, name, state and node.
import { type Pod, podReadyText, podRestartsText, podStatusText } from '@berth/api';
import { useMemo } from 'react';
import { sources, useListing } from '../live/listings.ts';
import { absent } from '../model/known.ts';
import { selectedBy } from '../model/selected-by.ts';
import { useNow } from '../now.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { FilterBar, namespacesOf, passes } from '../parts/filter-bar.tsx';
import { Age, ListingNotice, ObjectLink, State, toneOf } from '../parts/small.tsx';
import { useRoute } from '../route.ts';

const columns: Column<Pod>[] = [
  {
    title: 'Namespace',
    className: 'w-namespace wide',
    sort: ({ metadata }) => metadata.namespace ?? '',
    cell: (pod) => pod.metadata.namespace,
  },
  {
    title: 'Name',
    className: 'w-name',
    sort: ({ metadata }) => metadata.name ?? '',
    cell: ({ metadata }) => <ObjectLink kind="Pod" namespace={metadata.namespace} name={metadata.name} />,
  },
  { title: 'Ready', className: 'w-short', sort: podReadyText, cell: podReadyText },
  {
    title: 'Status',
    className: 'w-status',
    sort: podStatusText,
    cell: (pod) => {
      const word = podStatusText(pod);
      return <State tone={toneOf(word)}>{word}</State>;
    },
  },
  { title: 'Restarts', className: 'w-restarts wide', sort: restarts, cell: (pod) => <Restarts pod={pod} /> },
  {
    title: 'Age',
    className: 'w-short',
    sort: ({ metadata }) => -Date.parse(metadata.creationTimestamp ?? ''),
    cell: (pod) => <Age of={pod.metadata.creationTimestamp} />,
  },
  {
    title: 'Node',
    className: 'w-node wide',
    sort: ({ spec }) => spec.nodeName ?? '',
    cell: ({ spec }) => <ObjectLink kind="Node" name={spec.nodeName} />,
  },
  { title: 'IP', className: 'w-ip wide', cell: ({ status }) => status?.podIP },
];

export function PodsPage() {
  const pods = useListing(sources.pods);
  const { query } = useRoute();
  const key = query.toString();
  const rows = useMemo(() => filtered(pods.items, new URLSearchParams(key)), [pods.items, key]);
  const states = useMemo(() => [...new Set(pods.items.map(podStatusText))], [pods.items]);
  const namespaces = useMemo(() => namespacesOf(pods.items), [pods.items]);
  const choices = [
    { name: 'namespace', label: 'Namespace', options: namespaces },
    { name: 'state', label: 'State', options: states },
    { name: 'selector', label: 'Labels', options: [] },
  ];
  return (
    <>
      <h1>Pods</h1>
      <FilterBar choices={choices} count={rows.length} total={pods.items.length} />
      <ListingNotice listings={[pods]} />
      <DataTable label="Pods" columns={columns} rows={rows} rowKey={podKey} empty={absent('No pods.', pods)} />
    </>
  );
}

/** The same table, for the pods of one node. */
export function PodTable({ pods, empty }: { pods: Pod[]; empty: string }) {
  return <DataTable label="Pods" columns={columns} rows={pods} rowKey={podKey} empty={empty} />;
}

function filtered(pods: Pod[], query: URLSearchParams): Pod[] {
  const state = query.get('state');
  const node = query.get('node');
  const selects = selectedBy(query.get('selector'));
  return pods
    .filter(({ metadata }) => passes(metadata, query))
    .filter((pod) => (!state || podStatusText(pod) === state) && (!node || pod.spec.nodeName === node))
    .filter(({ metadata }) => selects(metadata.labels))
    .map((pod) => ({ pod, key: podKey(pod) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ pod }) => pod);
}

/** Plain order, of keys that were made once: collation is slow for ten thousand. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function podKey({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function restarts(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + (status.restartCount ?? 0), 0);
}

function Restarts({ pod }: { pod: Pod }) {
  const now = useNow();
  return podRestartsText(pod, now);
}
