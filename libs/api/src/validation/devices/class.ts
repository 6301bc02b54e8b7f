// Classes of devices: which devices belong to one, and how they are set up.
import type { DeviceClass } from '../../generated/resource-v1.types.ts';
import { isEqual } from '../changes.ts';
import { type FieldError, invalid } from '../errors.ts';
import { validateMetadata } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { isExtendedResource } from '../resources.ts';
import { listOf } from './lists.ts';
import { configurationsMax, deviceConfiguration, type ExpressionCheck, selectors } from './selectors.ts';

export function validateDeviceClass(deviceClass: DeviceClass, old?: DeviceClass, check?: ExpressionCheck): FieldError[] {
  const { selectors: list, config, extendedResourceName: name } = deviceClass.spec ?? {};
  const isStored = old !== undefined && isEqual(config, old.spec?.config);
  return [
    ...validateMetadata(deviceClass, { scope: 'Cluster', name: dnsSubdomain, anyGenerateName: true }),
    ...selectors(list, 'spec.selectors', check),
    ...listOf(config, configurationsMax, 'spec.config', (one, at) => deviceConfiguration(one, at, isStored)),
    ...(name === undefined || isExtendedResource(name)
      ? []
      : [invalid('spec.extendedResourceName', name, 'must be a valid extended resource name')]),
  ];
}
