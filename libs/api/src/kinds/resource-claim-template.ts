// ResourceClaimTemplate: what claims are made from, one for each pod that names it.
import { defineKind } from '@berth/machinery';
import { claimTemplateColumns } from '../columns/devices.ts';
import { defaultClaimSpec } from '../defaults/devices.ts';
import { claimSpecDisabledFields } from '../disabled-fields.ts';
import type { ResourceClaimTemplate as Type } from '../generated/resource-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateClaimTemplate, validateClaimTemplateUpdate } from '../validation/devices/claim.ts';

export type ResourceClaimTemplate = Type;

export const ResourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  scope: 'Namespaced',
  schema: schemas.message('resource.v1.ResourceClaimTemplate'),
  description: 'What claims are made from, one for each pod that names it.',

  strategy: { returnsDeleted: true, hasGeneration: false },
  disabledFields: claimSpecDisabledFields('spec.spec'),
  defaults: ({ spec }) => {
    if (spec?.spec) defaultClaimSpec(spec.spec);
  },
  validate: (object) => validateClaimTemplate(object),
  validateUpdate: validateClaimTemplateUpdate,
  columns: claimTemplateColumns,
});
