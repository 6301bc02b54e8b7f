// ConfigMap: configuration as keys and values.
import { defineKind } from '@berth/machinery';
import type { ConfigMap as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type ConfigMap = Type;

export const ConfigMap = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
  shortNames: ['cm'],
  schema: schemas.message('core.v1.ConfigMap'),
});
