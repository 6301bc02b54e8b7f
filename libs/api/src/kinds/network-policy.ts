// NetworkPolicy: who may talk to selected pods, and whom they may talk to.
import { defineKind } from '@berth/machinery';
import { networkPolicyColumns } from '../columns/networking.ts';
import { defaultNetworkPolicy } from '../defaults/networking.ts';
import type { NetworkPolicy as Type } from '../generated/networking-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateNetworkPolicySpec } from '../validation/network-policy.ts';
import { networkPolicyWarnings } from '../warnings/network.ts';

export type NetworkPolicy = Type;

export const NetworkPolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  scope: 'Namespaced',
  shortNames: ['netpol'],
  schema: schemas.message('networking.v1.NetworkPolicy'),
  description: 'Says which connections the pods of a namespace may make and take.',

  defaults: defaultNetworkPolicy,
  validate: (object) => [...validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }), ...validateNetworkPolicySpec(object)],
  validateUpdate: validateMetadataUpdate,
  columns: networkPolicyColumns,
  warnings: (object) => networkPolicyWarnings(object),
});
