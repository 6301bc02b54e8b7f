// PersistentVolumeClaim: a request for a persistent volume.
import { defineKind } from '@berth/machinery';
import { claimColumns } from '../columns/storage.ts';
import { claimDisabledFields } from '../disabled-fields.ts';
import type { PersistentVolumeClaim as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { preparePersistentVolumeClaim } from '../strategies/claim.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateClaimSpec, validateClaimStatus, validateClaimUpdate } from '../validation/storage.ts';
import { claimWarnings } from '../warnings/storage.ts';

export type PersistentVolumeClaim = Type;

export const PersistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  scope: 'Namespaced',
  shortNames: ['pvc'],
  schema: schemas.message('core.v1.PersistentVolumeClaim'),
  description: 'Asks for storage; once it is bound to a volume, pods mount it by the name of the claim.',
  subresources: { status: true },

  strategy: {
    returnsDeleted: true,
    prepareForCreate: (claim) => {
      claim.status = { phase: 'Pending' };
      preparePersistentVolumeClaim(claim);
    },
    prepareForUpdate: preparePersistentVolumeClaim,
    generationChanged: () => false,
  },
  disabledFields: claimDisabledFields,
  defaults: (claim) => {
    claim.spec ??= {};
    claim.spec.volumeMode ??= 'Filesystem';
  },
  validate: (claim, old) => [
    ...validateMetadata(claim, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateClaimSpec(claim.spec, old === undefined),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateClaimUpdate(next, old)],
  validateStatusUpdate: validateClaimStatus,
  columns: claimColumns,
  warnings: claimWarnings,
});
