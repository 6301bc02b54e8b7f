// Endpoints: the addresses behind a service, the older form of endpoint slices.
import { defineKind } from '@berth/machinery';
import { endpointsColumns } from '../columns/network.ts';
import type { Endpoints as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateEndpointSubsets } from '../validation/endpoints.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { endpointsWarnings } from '../warnings/network.ts';

export type Endpoints = Type;

export const Endpoints = defineKind<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  scope: 'Namespaced',
  shortNames: ['ep'],
  singular: 'endpoints',
  schema: schemas.message('core.v1.Endpoints'),
  description: 'Addresses behind a service; EndpointSlice has taken its place.',

  strategy: { allowCreateOnUpdate: true },
  defaults: ({ subsets }) => {
    for (const subset of subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  validate: (endpoints) => [
    ...validateMetadata(endpoints, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateEndpointSubsets(endpoints),
  ],
  validateUpdate: validateMetadataUpdate,
  columns: endpointsColumns,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  warnings: endpointsWarnings,
});
