// ClusterRoleBinding: gives users, groups and service accounts a cluster role everywhere.
import { defineKind } from '@berth/machinery';
import { bindingColumns } from '../columns/rbac.ts';
import { defaultBinding } from '../defaults/rbac.ts';
import type { ClusterRoleBinding as Type } from '../generated/rbac-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';
import { validateBindingUpdate, validateClusterRoleBindingFields } from '../validation/rbac.ts';

export type ClusterRoleBinding = Type;

export const ClusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  scope: 'Cluster',
  schema: schemas.message('rbac.v1.ClusterRoleBinding'),
  description: 'Grants the rights of a ClusterRole in the whole cluster.',

  strategy: { allowCreateOnUpdate: true },
  defaults: defaultBinding,
  validate: (object) => [...validateMetadata(object, { scope: 'Cluster', name: pathSegment }), ...validateClusterRoleBindingFields(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateBindingUpdate(next, old)],
  columns: bindingColumns(),
});
