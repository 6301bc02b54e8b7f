// Binding: the older way to give a pod its node, which names the pod in the body. Nothing is stored.
import { defineKind } from '@berth/machinery';
import type { Binding as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type Binding = Type;

export const Binding = defineKind<Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  scope: 'Namespaced',
  schema: schemas.message('core.v1.Binding'),
  verbs: ['create'],
});
