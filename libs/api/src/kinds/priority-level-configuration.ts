// PriorityLevelConfiguration: how much of the server’s attention a kind of requests gets.
import { defineKind } from '@berth/machinery';
import { ageColumn, nameColumn } from '../columns/column.ts';
import type { PriorityLevelConfiguration as Type } from '../generated/flowcontrol-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type PriorityLevelConfiguration = Type;

export const PriorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  scope: 'Cluster',
  schema: schemas.message('flowcontrol.v1.PriorityLevelConfiguration'),
  subresources: {
    status: true,
  },

  validate: (object) => validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), ageColumn()],
});
