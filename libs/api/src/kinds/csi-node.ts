// CSINode: the CSI drivers that run on a node.
import { defineKind } from '@berth/machinery';
import { csiNodeColumns } from '../columns/csi.ts';
import type { CSINode as Type } from '../generated/storage-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateCsiNodeSpec, validateCsiNodeUpdate } from '../validation/csi.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type CSINode = Type;

export const CSINode = defineKind<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  scope: 'Cluster',
  schema: schemas.message('storage.v1.CSINode'),
  description: 'The storage drivers that a node has.',

  strategy: {
    requiresVersion: true,
    returnsDeleted: true,
    hasGeneration: false,
  },
  validate: (object) => [...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }), ...validateCsiNodeSpec(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateCsiNodeUpdate(next, old)],
  columns: csiNodeColumns,
});
