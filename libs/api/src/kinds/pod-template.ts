// PodTemplate: a pod that others are made from; kept for old clients, and nothing makes pods of it, as in Kubernetes.
import { defineKind } from '@berth/machinery';
import { podTemplateColumns } from '../columns/workloads.ts';
import { defaultPodTemplateObject } from '../defaults/workloads.ts';
import { podSpecDisabledFields } from '../disabled-fields.ts';
import type { PodTemplate as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isSame } from '../validation/changes.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { podTemplate } from '../validation/pod-template.ts';
import { podTemplateObjectWarnings } from '../warnings/workloads.ts';

export type PodTemplate = Type;

export const PodTemplate = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  scope: 'Namespaced',
  schema: schemas.message('core.v1.PodTemplate'),
  description: 'A description of pods that others can make copies of.',

  strategy: {
    returnsDeleted: true,
    hasGeneration: true,
    generationChanged: (next, old) => !isSame('core.v1.PodTemplateSpec', next.template, old.template),
  },
  disabledFields: podSpecDisabledFields('template.spec'),
  defaults: defaultPodTemplateObject,
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }),
    ...podTemplate(object.template ?? {}, 'template'),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: podTemplateColumns,
  warnings: podTemplateObjectWarnings,
});
