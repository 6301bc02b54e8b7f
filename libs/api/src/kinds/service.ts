// Service: a stable address for a set of pods.
import { defineKind } from '@berth/machinery';
import { serviceColumns } from '../columns/network.ts';
import { defaultService } from '../defaults/service.ts';
import type { Service as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { familyChangeErrors } from '../service-addresses/families.ts';
import { carryAllocations, dropTypeDependent, normalizeClusterIps } from '../strategies/service.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dns1035Label } from '../validation/names.ts';
import { validateServiceSpec } from '../validation/service.ts';
import { validateBalancingUpdate, validateServiceStatus } from '../validation/service-balancing.ts';
import { loadBalancerStatusWarnings } from '../warnings/network.ts';
import { serviceWarnings } from '../warnings/service.ts';

export type Service = Type;

export const Service = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  scope: 'Namespaced',
  shortNames: ['svc'],
  categories: ['all'],
  schema: schemas.message('core.v1.Service'),
  description: 'A lasting name and address for a changing set of pods.',
  subresources: {
    status: true,
    other: [{ name: 'proxy', kind: 'ServiceProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] }],
  },

  strategy: {
    returnsDeleted: true,
    prepareForCreate: (service) => {
      service.status = { loadBalancer: {} };
      normalizeClusterIps(service.spec);
    },
    prepareForUpdate: (next, old) => {
      carryAllocations(next, old);
      dropTypeDependent(next, old);
    },
    generationChanged: () => false,
    allowCreateOnUpdate: true,
  },
  defaults: defaultService,
  validate: (service, old) => [
    ...validateMetadata(service, { scope: 'Namespaced', name: dns1035Label }),
    ...validateServiceSpec(service, old),
  ],
  validateUpdate: (next, old) => [
    ...validateMetadataUpdate(next, old),
    ...familyChangeErrors(next, old),
    ...validateBalancingUpdate(next, old),
  ],
  validateStatusUpdate: validateServiceStatus,
  columns: serviceColumns,
  selectableFields: { 'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '', 'spec.type': ({ spec }) => spec.type ?? '' },
  warnings: serviceWarnings,
  statusWarnings: loadBalancerStatusWarnings,
});
