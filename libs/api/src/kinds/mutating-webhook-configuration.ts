// MutatingWebhookConfiguration: lets other servers change objects on their way in.
import { defineKind } from '@berth/machinery';
import { ageColumn, nameColumn } from '../columns/column.ts';
import type { MutatingWebhookConfiguration as Type } from '../generated/admissionregistration-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { idleKind } from '../warnings/idle-kind.ts';

export type MutatingWebhookConfiguration = Type;

export const MutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  scope: 'Cluster',
  categories: ['api-extensions'],
  schema: schemas.message('admissionregistration.v1.MutatingWebhookConfiguration'),

  validate: (object) => validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), ageColumn()],
  warnings: () => idleKind('mutatingwebhookconfigurations'),
});
