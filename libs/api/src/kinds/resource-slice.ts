// ResourceSlice: devices that a driver offers, on one node or several.
import { defineKind } from '@berth/machinery';
import { resourceSliceColumns } from '../columns/devices.ts';
import { resourceSliceDisabledFields } from '../disabled-fields.ts';
import type { ResourceSlice as Type } from '../generated/resource-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateResourceSlice, validateResourceSliceUpdate } from '../validation/devices/slice.ts';
import { idleKind } from '../warnings/idle-kind.ts';

export type ResourceSlice = Type;

export const ResourceSlice = defineKind<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  scope: 'Cluster',
  schema: schemas.message('resource.v1.ResourceSlice'),
  description: 'Devices that a driver offers, on one node or several.',
  strategy: { returnsDeleted: true, countsDisabledFields: true },

  disabledFields: resourceSliceDisabledFields,
  validate: validateResourceSlice,
  validateUpdate: validateResourceSliceUpdate,
  columns: resourceSliceColumns,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.driver': ({ spec }) => spec?.driver ?? '',
  },
  warnings: (slice) => [...driverCase(slice), ...idleKind('resourceslices')],
});

function driverCase({ spec }: ResourceSlice): string[] {
  const { driver = '' } = spec ?? {};
  if (driver === driver.toLowerCase()) return [];
  return [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`];
}
