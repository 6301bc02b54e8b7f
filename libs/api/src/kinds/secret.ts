// Secret: confidential keys and values, base64 in JSON.
import { defineKind } from '@berth/machinery';
import { secretColumns } from '../columns/configuration.ts';
import { defaultSecret } from '../defaults/secret.ts';
import type { Secret as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateSecretData, validateSecretUpdate } from '../validation/configuration.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type Secret = Type;

export const Secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  scope: 'Namespaced',
  schema: schemas.message('core.v1.Secret'),
  description: 'Small data that must stay secret, such as passwords and keys; encrypted where it is stored.',

  defaults: defaultSecret,
  validate: (secret) => [...validateMetadata(secret, { scope: 'Namespaced', name: dnsSubdomain }), ...validateSecretData(secret)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateSecretUpdate(next, old)],
  columns: secretColumns,
  selectableFields: { type: ({ type }) => type ?? '' },
});
