// Service: a stable address for a set of pods.
import { defineKind } from '@berth/machinery';
import type { Service as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type Service = Type;

export const Service = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  scope: 'Namespaced',
  shortNames: ['svc'],
  categories: ['all'],
  schema: schemas.message('core.v1.Service'),
  subresources: { status: true },
});
