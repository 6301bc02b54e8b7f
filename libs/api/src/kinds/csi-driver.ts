// CSIDriver: what a CSI volume driver needs and can do.
import { deepEqual, defineKind } from '@berth/machinery';
import { csiDriverColumns } from '../columns/csi.ts';
import { defaultCsiDriver } from '../defaults/csi-driver.ts';
import type { CSIDriver as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateCsiDriverFields, validateCsiDriverUpdate } from '../validation/csi.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { csiDriverWarnings, idleDriverFields } from '../warnings/storage.ts';

export type CSIDriver = Type;

export const CSIDriver = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  scope: 'Cluster',
  schema: schemas.message('storage.v1.CSIDriver'),
  description: 'A storage driver and what it can do.',

  strategy: {
    requiresVersion: true,
    returnsDeleted: true,
    hasGeneration: false,
    // Unlike elsewhere the count starts with the first change.
    prepareForUpdate: (next, old) => {
      if (!deepEqual(next.spec, old.spec)) next.metadata.generation = Number(old.metadata.generation ?? 0) + 1;
    },
  },
  defaults: defaultCsiDriver,
  validate: (object) => [...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }), ...validateCsiDriverFields(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateCsiDriverUpdate(next, old)],
  columns: csiDriverColumns,
  warnings: (object, old) => [...csiDriverWarnings(object, old), ...idleDriverFields(object)],
});
