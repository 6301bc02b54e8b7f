// `kubectl get` of namespaces, config maps, secrets, service accounts and leases.
import type { Column } from '@berth/machinery';
import type { Lease } from '../generated/coordination-v1.types.ts';
import type { ConfigMap, Namespace, Secret, ServiceAccount } from '../generated/core-v1.types.ts';
import { ageColumn, count, nameColumn, shownAsText, text } from './column.ts';

export const namespaceColumns: Column<Namespace>[] = [
  nameColumn(),
  text('Status', 'Active or Terminating', ({ status }) => status?.phase),
  ageColumn(),
];

export const configMapColumns: Column<ConfigMap>[] = [
  nameColumn(),
  shownAsText(
    count('Data', 'How many keys it has', (map) => Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length),
  ),
  ageColumn(),
];

export const secretColumns: Column<Secret>[] = [
  nameColumn(),
  text('Type', 'What its keys mean', ({ type }) => type),
  shownAsText(count('Data', 'How many keys it has', ({ data }) => Object.keys(data ?? {}).length)),
  ageColumn(),
];

export const serviceAccountColumns: Column<ServiceAccount>[] = [nameColumn(), ageColumn()];

export const leaseColumns: Column<Lease>[] = [
  nameColumn(),
  text('Holder', 'Who holds it', ({ spec }) => spec?.holderIdentity),
  ageColumn(),
];
