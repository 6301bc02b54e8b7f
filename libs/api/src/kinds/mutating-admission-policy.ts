// MutatingAdmissionPolicy: changes objects by CEL expressions.
import { defineKind } from '@berth/machinery';
import { mutatingPolicyColumns } from '../columns/admission.ts';
import { defaultPolicy } from '../defaults/admission.ts';
import type { MutatingAdmissionPolicy as Type } from '../generated/admissionregistration-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMutatingPolicy } from '../validation/admission-policies.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { idleKind } from '../warnings/idle-kind.ts';

export type MutatingAdmissionPolicy = Type;

export const MutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  scope: 'Cluster',
  categories: ['api-extensions'],
  schema: schemas.message('admissionregistration.v1.MutatingAdmissionPolicy'),

  strategy: { requiresVersion: true },
  defaults: defaultPolicy,
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain, plainFinalizers: true }),
    ...validateMutatingPolicy(object),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: mutatingPolicyColumns,
  warnings: () => idleKind('mutatingadmissionpolicies'),
});
