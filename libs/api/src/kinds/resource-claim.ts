// ResourceClaim: a request for devices, and what was allocated for it.
import { defineKind, statusMetadata } from '@berth/machinery';
import { resourceClaimColumns } from '../columns/devices.ts';
import { defaultResourceClaim } from '../defaults/devices.ts';
import { resourceClaimDisabledFields } from '../disabled-fields.ts';
import type { ResourceClaim as Type } from '../generated/resource-v1.types.ts';
import { schemas } from '../schemas.ts';
import { dropDeallocatedDevices } from '../strategies/resource-claim.ts';
import { validateResourceClaim, validateResourceClaimUpdate } from '../validation/devices/claim.ts';
import { validateResourceClaimStatus } from '../validation/devices/claim-status.ts';

export type ResourceClaim = Type;

export const ResourceClaim = defineKind<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  scope: 'Namespaced',
  schema: schemas.message('resource.v1.ResourceClaim'),
  description: 'Asks for devices, such as GPUs; once they are allocated, pods that name the claim can use them.',
  subresources: { status: true },

  strategy: { returnsDeleted: true, hasGeneration: false, statusKeeps: statusMetadata, prepareForStatusUpdate: dropDeallocatedDevices },
  disabledFields: resourceClaimDisabledFields,
  defaults: defaultResourceClaim,
  validate: (object, old) => validateResourceClaim(object, old),
  validateUpdate: validateResourceClaimUpdate,
  validateStatusUpdate: validateResourceClaimStatus,
  columns: resourceClaimColumns,
  warnings: () => ['resourceclaims: Berth allocates no devices: claims wait until somebody else does'],
});
