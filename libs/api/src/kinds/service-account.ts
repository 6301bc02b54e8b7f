// ServiceAccount: the identity that a pod runs as.
import { defineKind } from '@berth/machinery';
import type { ServiceAccount as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type ServiceAccount = Type;

export const ServiceAccount = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  scope: 'Namespaced',
  shortNames: ['sa'],
  schema: schemas.message('core.v1.ServiceAccount'),
});
