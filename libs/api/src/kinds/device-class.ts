// DeviceClass: which devices belong together, and how they are set up.
import { defineKind } from '@berth/machinery';
import { deviceClassColumns } from '../columns/devices.ts';
import { deviceClassDisabledFields } from '../disabled-fields.ts';
import type { DeviceClass as Type } from '../generated/resource-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateDeviceClass } from '../validation/devices/class.ts';
import { validateMetadataUpdate } from '../validation/metadata.ts';
import { idleKind } from '../warnings/idle-kind.ts';

export type DeviceClass = Type;

export const DeviceClass = defineKind<DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  scope: 'Cluster',
  schema: schemas.message('resource.v1.DeviceClass'),
  description: 'A sort of devices that claims can ask for, and how they are set up.',
  strategy: { returnsDeleted: true },

  disabledFields: deviceClassDisabledFields,
  validate: (object, old) => validateDeviceClass(object, old),
  validateUpdate: validateMetadataUpdate,
  columns: deviceClassColumns,
  warnings: () => idleKind('deviceclasses', 'pods wait until there are the classes that their claims name'),
});
