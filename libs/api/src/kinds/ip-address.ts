// IPAddress: an address that a service holds.
import { defineKind } from '@berth/machinery';
import { ipAddressColumns } from '../columns/networking.ts';
import type { IPAddress as Type } from '../generated/networking-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { addressName, validateIPAddressSpec, validateIPAddressUpdate } from '../validation/network-policy.ts';

export type IPAddress = Type;

export const IPAddress = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  scope: 'Cluster',
  shortNames: ['ip'],
  schema: schemas.message('networking.v1.IPAddress'),
  description: 'Says which object an address of the cluster belongs to; kept by the server.',

  strategy: { hasGeneration: false },
  validate: (object) => [...validateMetadata(object, { scope: 'Cluster', name: addressName }), ...validateIPAddressSpec(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateIPAddressUpdate(next, old)],
  columns: ipAddressColumns,
});
