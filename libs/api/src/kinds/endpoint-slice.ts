// EndpointSlice: a part of the addresses behind a service.
import { defineKind } from '@berth/machinery';
import type { EndpointSlice as Type } from '../generated/discovery-v1.types.ts';
import { schemas } from '../schemas.ts';

export type EndpointSlice = Type;

export const EndpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  scope: 'Namespaced',
  schema: schemas.message('discovery.v1.EndpointSlice'),
});
