// CSIDriver: what a CSI volume driver needs and can do.
import { defineKind } from '@berth/machinery';
import { ageColumn, nameColumn } from '../columns/column.ts';
import type { CSIDriver as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { idleKind } from '../warnings/idle-kind.ts';

export type CSIDriver = Type;

export const CSIDriver = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  scope: 'Cluster',
  schema: schemas.message('storage.v1.CSIDriver'),

  validate: (object) => validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), ageColumn()],
  warnings: () => idleKind('csidrivers'),
});
