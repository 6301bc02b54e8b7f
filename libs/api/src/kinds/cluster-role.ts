// ClusterRole: what may be done in all namespaces and to what has none.
import { defineKind } from '@berth/machinery';
import { createdAtColumn, nameColumn } from '../columns/column.ts';
import type { ClusterRole as Type } from '../generated/rbac-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';
import { validateClusterRoleRules } from '../validation/rbac.ts';

export type ClusterRole = Type;

export const ClusterRole = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  scope: 'Cluster',
  schema: schemas.message('rbac.v1.ClusterRole'),
  description: 'A set of rights, to be granted in the whole cluster or in single namespaces.',

  strategy: { allowCreateOnUpdate: true },
  validate: (object) => [...validateMetadata(object, { scope: 'Cluster', name: pathSegment }), ...validateClusterRoleRules(object)],
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), createdAtColumn()],
});
