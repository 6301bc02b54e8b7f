// Claims and the volumes that they are bound to.
import type { PersistentVolume, PersistentVolumeClaim } from '@berth/api';
import { useMemo } from 'react';
import { sources, useListing } from '../live/listings.ts';
import { absent } from '../model/known.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { FilterBar, namespacesOf, passes } from '../parts/filter-bar.tsx';
import { Age, ListingNotice, State, toneOf } from '../parts/small.tsx';
import { useRoute } from '../route.ts';

const claimColumns: Column<PersistentVolumeClaim>[] = [
  {
    title: 'Namespace',
    className: 'w-namespace wide',
    sort: ({ metadata }) => metadata.namespace ?? '',
    cell: ({ metadata }) => metadata.namespace,
  },
  { title: 'Name', className: 'w-name', sort: ({ metadata }) => metadata.name ?? '', cell: ({ metadata }) => metadata.name },
  { title: 'Status', className: 'w-status', sort: ({ status }) => status?.phase ?? '', cell: ({ status }) => <Phase of={status?.phase} /> },
  { title: 'Capacity', className: 'w-count', cell: ({ status, spec }) => status?.capacity?.storage ?? spec?.resources?.requests?.storage },
  { title: 'Volume', className: 'wide', cell: ({ spec }) => spec?.volumeName },
  { title: 'Class', className: 'w-node wide', cell: ({ spec }) => spec?.storageClassName },
  { title: 'Age', className: 'w-short', cell: ({ metadata }) => <Age of={metadata.creationTimestamp} /> },
];

const volumeColumns: Column<PersistentVolume>[] = [
  { title: 'Name', className: 'w-name', sort: ({ metadata }) => metadata.name ?? '', cell: ({ metadata }) => metadata.name },
  { title: 'Status', className: 'w-status', sort: ({ status }) => status?.phase ?? '', cell: ({ status }) => <Phase of={status?.phase} /> },
  { title: 'Capacity', className: 'w-count', cell: ({ spec }) => spec?.capacity?.storage },
  { title: 'Claim', cell: ({ spec }) => spec?.claimRef && `${spec.claimRef.namespace}/${spec.claimRef.name}` },
  { title: 'Reclaim', className: 'w-count wide', cell: ({ spec }) => spec?.persistentVolumeReclaimPolicy },
  { title: 'Class', className: 'w-node wide', cell: ({ spec }) => spec?.storageClassName },
  { title: 'Age', className: 'w-short', cell: ({ metadata }) => <Age of={metadata.creationTimestamp} /> },
];

export function VolumesPage() {
  const claims = useListing(sources.claims);
  const volumes = useListing(sources.volumes);
  const { query } = useRoute();
  const shownClaims = useMemo(() => claims.items.filter(({ metadata }) => passes(metadata, query)).sort(byName), [claims.items, query]);
  const shownVolumes = useMemo(() => volumes.items.filter((volume) => isVolumeShown(volume, query)).sort(byName), [volumes.items, query]);
  const choices = [{ name: 'namespace', label: 'Namespace', options: namespacesOf(claims.items) }];
  const total = claims.items.length + volumes.items.length;
  return (
    <>
      <h1>Volumes</h1>
      <FilterBar choices={choices} count={shownClaims.length + shownVolumes.length} total={total} />
      <ListingNotice listings={[claims, volumes]} />
      <h2>Claims</h2>
      <DataTable label="Claims" columns={claimColumns} rows={shownClaims} rowKey={keyOf} empty={absent('No claims.', claims)} />
      <h2>Volumes</h2>
      <DataTable label="Volumes" columns={volumeColumns} rows={shownVolumes} rowKey={keyOf} empty={absent('No volumes.', volumes)} />
    </>
  );
}

function Phase({ of: phase = 'Pending' }: { of: string | undefined }) {
  return <State tone={toneOf(phase)}>{phase}</State>;
}

/** By its own name or its claim's. */
function isVolumeShown({ metadata, spec }: PersistentVolume, query: URLSearchParams): boolean {
  const namespace = query.get('namespace');
  const name = query.get('name') ?? '';
  if (namespace && spec?.claimRef?.namespace !== namespace) return false;
  return (metadata.name ?? '').includes(name) || (spec?.claimRef?.name ?? '').includes(name);
}

function byName(a: PersistentVolume | PersistentVolumeClaim, b: PersistentVolume | PersistentVolumeClaim): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function keyOf({ metadata }: PersistentVolume | PersistentVolumeClaim): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
