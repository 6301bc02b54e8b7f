// EndpointSlice: a part of the addresses behind a service.
import { defineKind } from '@berth/machinery';
import { endpointSliceColumns } from '../columns/network.ts';
import type { EndpointSlice as Type } from '../generated/discovery-v1.types.ts';
import { schemas } from '../schemas.ts';
import { dropTopology } from '../strategies/endpoint-slice.ts';
import { isEqual } from '../validation/changes.ts';
import { validateSliceFields, validateSliceUpdate } from '../validation/endpoint-slice.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { endpointSliceWarnings } from '../warnings/network.ts';

export type EndpointSlice = Type;

export const EndpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  scope: 'Namespaced',
  schema: schemas.message('discovery.v1.EndpointSlice'),
  description: 'Some of the addresses behind a service, with their ports and whether they are ready.',

  strategy: {
    hasGeneration: true,
    prepareForCreate: (slice) => dropTopology(slice),
    prepareForUpdate: dropTopology,
    generationChanged: (next, old) =>
      !isEqual(next.endpoints, old.endpoints) || !isEqual(next.ports, old.ports) || !isEqual(next.metadata.labels, old.metadata.labels),
  },
  defaults: (slice) => {
    slice.endpoints ??= [];
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: (slice, old) => [...validateMetadata(slice, { scope: 'Namespaced', name: dnsSubdomain }), ...validateSliceFields(slice, old)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateSliceUpdate(next, old)],
  columns: endpointSliceColumns,
  warnings: endpointSliceWarnings,
});
