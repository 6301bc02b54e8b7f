// MutatingAdmissionPolicyBinding: puts a mutating admission policy into effect.
import { defineKind } from '@berth/machinery';
import { policyBindingColumns } from '../columns/admission.ts';
import { defaultPolicyBinding } from '../defaults/admission.ts';
import type { MutatingAdmissionPolicyBinding as Type } from '../generated/admissionregistration-v1beta1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { validateMutatingBinding } from '../validation/mutating-policies.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type MutatingAdmissionPolicyBinding = Type;

export const MutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1beta1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  scope: 'Cluster',
  categories: ['api-extensions'],
  schema: schemas.message('admissionregistration.v1beta1.MutatingAdmissionPolicyBinding'),
  description: 'Says where a MutatingAdmissionPolicy holds, and with which parameters.',
  deprecation: 'admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicyBinding is deprecated in v1.37+, unavailable in v1.40+',
  removedRelease: '1.40',

  strategy: { requiresVersion: true },
  defaults: defaultPolicyBinding,
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain, plainFinalizers: true }),
    ...validateMutatingBinding(object),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: policyBindingColumns,
});
