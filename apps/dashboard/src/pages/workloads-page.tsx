// Deployments and the replica sets under them: how many are wanted, how many are there.
import type { Deployment, PodSpec, ReplicaSet } from '@berth/api';
import { useMemo } from 'react';
import { sources, useListing } from '../live/listings.ts';
import { absent } from '../model/known.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { FilterBar, namespacesOf, passes } from '../parts/filter-bar.tsx';
import { Age, ListingNotice, ObjectLink, State, type Tone } from '../parts/small.tsx';
import { useRoute } from '../route.ts';

type Workload = Deployment | ReplicaSet;

const namespace: Column<Workload> = {
  title: 'Namespace',
  className: 'w-namespace wide',
  sort: ({ metadata }) => metadata.namespace ?? '',
  cell: ({ metadata }) => metadata.namespace,
};
const images: Column<Workload> = {
  title: 'Images',
  className: 'wide',
  cell: ({ spec }) => <span title={imagesOf(spec?.template?.spec)}>{imagesOf(spec?.template?.spec)}</span>,
};
const age: Column<Workload> = {
  title: 'Age',
  className: 'w-short',
  sort: ({ metadata }) => -Date.parse(metadata.creationTimestamp ?? ''),
  cell: ({ metadata }) => <Age of={metadata.creationTimestamp} />,
};
const ready: Column<Workload> = {
  title: 'Ready',
  className: 'w-short',
  sort: (workload) => (workload.status?.readyReplicas ?? 0) - desired(workload),
  cell: (workload) => {
    const count = workload.status?.readyReplicas ?? 0;
    const tone: Tone = count >= desired(workload) ? 'good' : count > 0 ? 'warn' : 'bad';
    return <State tone={tone}>{`${count}/${desired(workload)}`}</State>;
  },
};

const nameOf = (kind: string) => (workload: Workload) => (
  <ObjectLink kind={kind} namespace={workload.metadata.namespace} name={workload.metadata.name} />
);

const deploymentColumns: Column<Deployment>[] = [
  namespace as Column<Deployment>,
  { title: 'Name', className: 'w-name', sort: ({ metadata }) => metadata.name ?? '', cell: nameOf('Deployment') },
  ready as Column<Deployment>,
  { title: 'Up to date', className: 'w-count', cell: ({ status }) => status?.updatedReplicas ?? 0 },
  { title: 'Available', className: 'w-count', cell: ({ status }) => status?.availableReplicas ?? 0 },
  images as Column<Deployment>,
  age as Column<Deployment>,
];
const replicaSetColumns: Column<ReplicaSet>[] = [
  namespace as Column<ReplicaSet>,
  { title: 'Name', className: 'w-name', sort: ({ metadata }) => metadata.name ?? '', cell: nameOf('ReplicaSet') },
  ready as Column<ReplicaSet>,
  images as Column<ReplicaSet>,
  age as Column<ReplicaSet>,
];

export function WorkloadsPage() {
  const deployments = useListing(sources.deployments);
  const replicaSets = useListing(sources.replicaSets);
  const { query } = useRoute();
  const shownDeployments = useMemo(() => inOrder(deployments.items, query), [deployments.items, query]);
  const shownSets = useMemo(() => inOrder(replicaSets.items, query), [replicaSets.items, query]);
  const all = [...deployments.items, ...replicaSets.items];
  const choices = [{ name: 'namespace', label: 'Namespace', options: namespacesOf(all) }];
  return (
    <>
      <h1>Workloads</h1>
      <FilterBar choices={choices} count={shownDeployments.length + shownSets.length} total={all.length} />
      <ListingNotice listings={[deployments, replicaSets]} />
      <h2>Deployments</h2>
      <DataTable
        label="Deployments"
        columns={deploymentColumns}
        rows={shownDeployments}
        rowKey={keyOf}
        empty={absent('No deployments.', deployments)}
      />
      <h2>Replica sets</h2>
      <DataTable
        label="Replica sets"
        columns={replicaSetColumns}
        rows={shownSets}
        rowKey={keyOf}
        empty={absent('No replica sets.', replicaSets)}
      />
    </>
  );
}

/** Old revisions, which want nothing and have nothing, come last. */
function inOrder<T extends Workload>(workloads: T[], query: URLSearchParams): T[] {
  const key = (workload: T) => `${desired(workload) === 0 ? 1 : 0}${keyOf(workload)}`;
  return workloads.filter(({ metadata }) => passes(metadata, query)).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function desired(workload: Workload): number {
  return workload.spec?.replicas ?? 1;
}

function keyOf({ metadata }: Workload): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function imagesOf(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map(({ image }) => image).join(', ');
}
