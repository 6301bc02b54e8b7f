// ConfigMap: configuration as keys and values.
import { defineKind } from '@berth/machinery';
import { configMapColumns } from '../columns/configuration.ts';
import type { ConfigMap as Type } from '../generated/core-v1.types.ts';
import { nameServerWarnings } from '../name-servers/name-servers.ts';
import { schemas } from '../schemas.ts';
import { validateConfigMapData, validateConfigMapUpdate } from '../validation/configuration.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type ConfigMap = Type;

export const ConfigMap = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
  shortNames: ['cm'],
  schema: schemas.message('core.v1.ConfigMap'),
  description: 'Configuration as keys and values, for pods to read from their environment or from files.',

  validate: (map) => [...validateMetadata(map, { scope: 'Namespaced', name: dnsSubdomain }), ...validateConfigMapData(map)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateConfigMapUpdate(next, old)],
  warnings: (map) => nameServerWarnings(map),
  columns: configMapColumns,
});
