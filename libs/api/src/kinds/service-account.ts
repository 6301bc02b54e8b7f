// ServiceAccount: the identity that a pod runs as.
import { defineKind } from '@berth/machinery';
import { serviceAccountColumns } from '../columns/configuration.ts';
import type { ServiceAccount as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { serviceAccountWarnings } from '../warnings/configuration.ts';

export type ServiceAccount = Type;

/** Of the secrets that belong to an account only the names are kept: they are in its namespace. */
function keepSecretNames(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name = '' }) => (name ? { name } : {}));
}

export const ServiceAccount = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  scope: 'Namespaced',
  shortNames: ['sa'],
  schema: schemas.message('core.v1.ServiceAccount'),
  description: 'An identity for what runs in pods.',
  subresources: { other: [{ name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] }] },

  strategy: { returnsDeleted: true, prepareForCreate: keepSecretNames, prepareForUpdate: keepSecretNames },
  validate: (account) => validateMetadata(account, { scope: 'Namespaced', name: dnsSubdomain }),
  validateUpdate: validateMetadataUpdate,
  columns: serviceAccountColumns,
  warnings: serviceAccountWarnings,
});
