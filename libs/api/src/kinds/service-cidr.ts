// ServiceCIDR: a range that services get their addresses from.
import { defineKind, statusMetadata } from '@berth/machinery';
import { serviceCidrColumns } from '../columns/networking.ts';
import type { ServiceCIDR as Type } from '../generated/networking-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateServiceCidrSpec, validateServiceCidrUpdate } from '../validation/network-policy.ts';
import { serviceCidrWarnings } from '../warnings/service-cidr.ts';

export type ServiceCIDR = Type;

export const ServiceCIDR = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  scope: 'Cluster',
  schema: schemas.message('networking.v1.ServiceCIDR'),
  description: 'A range that addresses of services are taken from.',
  subresources: {
    status: true,
  },

  strategy: { hasGeneration: false, statusKeeps: statusMetadata, writesStatus: 'always' },
  validate: (object, old) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
    // What changes is checked with what may change.
    ...(old ? [] : validateServiceCidrSpec(object)),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateServiceCidrUpdate(next, old)],
  columns: serviceCidrColumns,
  warnings: ({ spec }) => serviceCidrWarnings(spec),
});
