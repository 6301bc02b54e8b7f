// ValidatingWebhookConfiguration: asks other servers whether requests may pass.
import { defineKind } from '@berth/machinery';
import { webhookColumns } from '../columns/admission.ts';
import { defaultValidatingWebhooks } from '../defaults/admission.ts';
import type { ValidatingWebhookConfiguration as Type } from '../generated/admissionregistration-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isEqual } from '../validation/changes.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateWebhooks } from '../validation/webhooks.ts';

export type ValidatingWebhookConfiguration = Type;

export const ValidatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  scope: 'Cluster',
  categories: ['api-extensions'],
  schema: schemas.message('admissionregistration.v1.ValidatingWebhookConfiguration'),
  description: 'Servers that are asked whether objects may be stored.',

  strategy: {
    requiresVersion: true,
    hasGeneration: true,
    generationChanged: (next, old) => !isEqual(next.webhooks, old.webhooks),
  },
  defaults: defaultValidatingWebhooks,
  validate: (object, old) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain, plainFinalizers: true }),
    ...validateWebhooks(object, old),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: webhookColumns(),
});
