// ValidatingAdmissionPolicy: refuses requests by CEL expressions.
import { defineKind, statusMetadata } from '@berth/machinery';
import { validatingPolicyColumns } from '../columns/admission.ts';
import { defaultPolicy } from '../defaults/admission.ts';
import type { ValidatingAdmissionPolicy as Type } from '../generated/admissionregistration-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateValidatingPolicy } from '../validation/admission-policies.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type ValidatingAdmissionPolicy = Type;

export const ValidatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  scope: 'Cluster',
  categories: ['api-extensions'],
  schema: schemas.message('admissionregistration.v1.ValidatingAdmissionPolicy'),
  description: 'Expressions that objects must satisfy before they are stored.',
  subresources: {
    status: true,
  },

  strategy: {
    requiresVersion: true,
    statusKeeps: statusMetadata,
  },
  defaults: defaultPolicy,
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain, plainFinalizers: true }),
    ...validateValidatingPolicy(object),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: validatingPolicyColumns,
});
