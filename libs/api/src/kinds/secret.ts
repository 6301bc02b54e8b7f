// Secret: confidential keys and values, base64 in JSON.
import { defineKind } from '@berth/machinery';
import type { Secret as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type Secret = Type;

export const Secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  scope: 'Namespaced',
  schema: schemas.message('core.v1.Secret'),
});
