// Roles, users and groups belong to RBAC's own group unless a binding says otherwise; service accounts to the core group.
import type { ClusterRoleBinding, RoleBinding } from '../generated/rbac-v1.types.ts';
import { rbacGroup } from '../validation/rbac.ts';

export function defaultBinding(binding: RoleBinding | ClusterRoleBinding): void {
  binding.roleRef ??= { kind: '', name: '' };
  binding.roleRef.apiGroup ||= rbacGroup;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup;
  }
}
