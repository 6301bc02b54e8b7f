// `kubectl get` of the resource group.
import type { Column } from '@berth/machinery';
import type { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from '../generated/resource-v1.types.ts';
import { ageColumn, nameColumn, text } from './column.ts';

export const deviceClassColumns: Column<DeviceClass>[] = [nameColumn(), ageColumn()];

export const resourceClaimColumns: Column<ResourceClaim>[] = [
  nameColumn(),
  text('State', 'Whether devices are allocated, and for users that run', stateOf),
  ageColumn(),
];

export const claimTemplateColumns: Column<ResourceClaimTemplate>[] = [nameColumn(), ageColumn()];

export const resourceSliceColumns: Column<ResourceSlice>[] = [
  nameColumn(),
  text('Node', 'Node that has the devices', ({ spec }) => spec?.nodeName),
  text('Driver', 'Driver that offers them', ({ spec }) => spec?.driver),
  text('Pool', 'Pool that the slice is a part of', ({ spec }) => spec?.pool?.name),
  ageColumn(),
];

function stateOf({ metadata, status }: ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ['deleted'] : [];
  if (status?.allocation) states.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []));
  else if (!metadata.deletionTimestamp) states.push('pending');
  return states.join(',');
}
