// RoleBinding: gives users, groups and service accounts a role in one namespace.
import { defineKind } from '@berth/machinery';
import { bindingColumns } from '../columns/rbac.ts';
import { defaultBinding } from '../defaults/rbac.ts';
import type { RoleBinding as Type } from '../generated/rbac-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';
import { validateBindingUpdate, validateRoleBindingFields } from '../validation/rbac.ts';

export type RoleBinding = Type;

export const RoleBinding = defineKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  scope: 'Namespaced',
  schema: schemas.message('rbac.v1.RoleBinding'),
  description: 'Grants the rights of a Role or ClusterRole within one namespace.',

  strategy: { allowCreateOnUpdate: true },
  defaults: defaultBinding,
  validate: (object) => [...validateMetadata(object, { scope: 'Namespaced', name: pathSegment }), ...validateRoleBindingFields(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateBindingUpdate(next, old)],
  columns: bindingColumns(),
});
