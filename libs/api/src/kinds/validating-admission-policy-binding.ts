// ValidatingAdmissionPolicyBinding: puts a validating admission policy into effect.
import { defineKind } from '@berth/machinery';
import { policyBindingColumns } from '../columns/admission.ts';
import { defaultPolicyBinding } from '../defaults/admission.ts';
import type { ValidatingAdmissionPolicyBinding as Type } from '../generated/admissionregistration-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateValidatingBinding } from '../validation/admission-policies.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type ValidatingAdmissionPolicyBinding = Type;

export const ValidatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  scope: 'Cluster',
  categories: ['api-extensions'],
  schema: schemas.message('admissionregistration.v1.ValidatingAdmissionPolicyBinding'),
  description: 'Says where a ValidatingAdmissionPolicy holds, and what becomes of violations.',

  strategy: { requiresVersion: true },
  defaults: defaultPolicyBinding,
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain, plainFinalizers: true }),
    ...validateValidatingBinding(object),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: policyBindingColumns,
});
