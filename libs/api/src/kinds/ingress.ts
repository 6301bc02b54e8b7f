// Ingress: routes HTTP from outside to services.
import { defineKind } from '@berth/machinery';
import { ingressColumns } from '../columns/networking.ts';
import type { Ingress as Type } from '../generated/networking-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateIngressClassOnce, validateIngressFields, validateIngressStatus } from '../validation/ingress.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { ingressWarnings } from '../warnings/ingress.ts';
import { loadBalancerStatusWarnings } from '../warnings/network.ts';

export type Ingress = Type;

export const Ingress = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  scope: 'Namespaced',
  shortNames: ['ing'],
  schema: schemas.message('networking.v1.Ingress'),
  description: 'Leads HTTP requests from outside to services, by host and path.',
  subresources: {
    status: true,
  },

  validate: (object, old) => [
    ...validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateIngressFields(object),
    ...(old ? [] : validateIngressClassOnce(object)),
  ],
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateIngressStatus,
  columns: ingressColumns,
  warnings: ingressWarnings,
  statusWarnings: loadBalancerStatusWarnings,
});
