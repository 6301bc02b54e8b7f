// `kubectl get rolebindings` and `clusterrolebindings`; roles have a name and a time only.
import type { Column } from '@berth/machinery';
import type { ClusterRoleBinding, RoleBinding, Subject } from '../generated/rbac-v1.types.ts';
import { ageColumn, nameColumn, text, wide } from './column.ts';

export function bindingColumns<T extends RoleBinding | ClusterRoleBinding>(): Column<T>[] {
  return [
    nameColumn(),
    text('Role', 'Role that it grants', ({ roleRef }) => `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}`),
    ageColumn(),
    wide(text('Users', 'Users that it grants the role to', (binding) => named(binding, 'User'))),
    wide(text('Groups', 'Groups that it grants the role to', (binding) => named(binding, 'Group'))),
    wide(text('ServiceAccounts', 'Service accounts that it grants the role to', (binding) => named(binding, 'ServiceAccount'))),
  ];
}

function named({ subjects }: { subjects?: Subject[] }, kind: string): string {
  const found = (subjects ?? []).filter((subject) => subject.kind === kind);
  return found.map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name)).join(', ');
}
