// Lease: a claim that its holder renews: node heartbeats and leader election.
import { defineKind } from '@berth/machinery';
import { leaseColumns } from '../columns/configuration.ts';
import { leaseDisabledFields } from '../disabled-fields.ts';
import type { Lease as Type } from '../generated/coordination-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateLeaseSpec } from '../validation/cluster.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type Lease = Type;

export const Lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  scope: 'Namespaced',
  schema: schemas.message('coordination.v1.Lease'),
  description: 'Says who holds something, and until when it has to be renewed; nodes and leaders show with it that they live.',

  strategy: {
    requiresVersion: true,
    hasGeneration: false,
    allowCreateOnUpdate: true,
  },
  disabledFields: leaseDisabledFields,
  validate: (lease) => [
    ...validateMetadata(lease, { scope: 'Namespaced', name: dnsSubdomain, plainFinalizers: true }),
    ...validateLeaseSpec(lease),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: leaseColumns,
});
