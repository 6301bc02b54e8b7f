// MutatingAdmissionPolicy: changes objects by CEL expressions before they are stored.
import { defineKind } from '@berth/machinery';
import { mutatingPolicyColumns } from '../columns/admission.ts';
import { defaultPolicy } from '../defaults/admission.ts';
import type { MutatingAdmissionPolicy as Type } from '../generated/admissionregistration-v1beta1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { validateMutatingPolicy } from '../validation/mutating-policies.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type MutatingAdmissionPolicy = Type;

export const MutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1beta1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  scope: 'Cluster',
  categories: ['api-extensions'],
  schema: schemas.message('admissionregistration.v1beta1.MutatingAdmissionPolicy'),
  description: 'Expressions that change objects before they are stored.',
  deprecation: 'admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy is deprecated in v1.37+, unavailable in v1.40+',
  removedRelease: '1.40',

  strategy: { requiresVersion: true },
  defaults: defaultPolicy,
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain, plainFinalizers: true }),
    ...validateMutatingPolicy(object),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: mutatingPolicyColumns,
});
