// MutatingWebhookConfiguration: lets other servers change objects on their way in.
import { defineKind } from '@berth/machinery';
import { webhookColumns } from '../columns/admission.ts';
import { defaultMutatingWebhooks } from '../defaults/admission.ts';
import type { MutatingWebhookConfiguration as Type } from '../generated/admissionregistration-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isEqual } from '../validation/changes.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateWebhooks } from '../validation/webhooks.ts';

export type MutatingWebhookConfiguration = Type;

export const MutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  scope: 'Cluster',
  categories: ['api-extensions'],
  schema: schemas.message('admissionregistration.v1.MutatingWebhookConfiguration'),
  description: 'Servers that may change objects before they are stored.',

  strategy: {
    requiresVersion: true,
    hasGeneration: true,
    generationChanged: (next, old) => !isEqual(next.webhooks, old.webhooks),
  },
  defaults: defaultMutatingWebhooks,
  validate: (object, old) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain, plainFinalizers: true }),
    ...validateWebhooks(object, old),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: webhookColumns(),
});
