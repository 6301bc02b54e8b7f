// Role: what may be done in one namespace.
import { defineKind } from '@berth/machinery';
import { createdAtColumn, nameColumn } from '../columns/column.ts';
import type { Role as Type } from '../generated/rbac-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';
import { validateRoleRules } from '../validation/rbac.ts';

export type Role = Type;

export const Role = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  scope: 'Namespaced',
  schema: schemas.message('rbac.v1.Role'),
  description: 'A set of rights within one namespace.',

  strategy: { allowCreateOnUpdate: true },
  validate: (object) => [...validateMetadata(object, { scope: 'Namespaced', name: pathSegment }), ...validateRoleRules(object)],
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), createdAtColumn()],
});
