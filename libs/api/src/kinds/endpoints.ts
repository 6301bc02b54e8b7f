// Endpoints: the addresses behind a service, the older form of endpoint slices.
import { defineKind } from '@berth/machinery';
import type { Endpoints as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

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
});
