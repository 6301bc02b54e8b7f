// ResourceQuota: bounds what a namespace may use in all.
import { defineKind } from '@berth/machinery';
import { resourceQuotaColumns } from '../columns/resource-quota.ts';
import type { ResourceQuota as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateResourceQuotaFields, validateResourceQuotaUpdate } from '../validation/resource-quota.ts';
import { resourceQuotaWarnings } from '../warnings/configuration.ts';

export type ResourceQuota = Type;

export const ResourceQuota = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  scope: 'Namespaced',
  shortNames: ['quota'],
  schema: schemas.message('core.v1.ResourceQuota'),
  description: 'Bounds what a namespace may use and hold in sum.',
  subresources: {
    status: true,
  },

  strategy: { returnsDeleted: true },
  validate: (object) => [...validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }), ...validateResourceQuotaFields(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateResourceQuotaUpdate(next, old)],
  validateStatusUpdate: validateResourceQuotaFields,
  columns: resourceQuotaColumns,
  warnings: resourceQuotaWarnings,
});
