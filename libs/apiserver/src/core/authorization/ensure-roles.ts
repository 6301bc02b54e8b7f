// Makes the default roles and bindings, and gives them back what somebody took away, unless they are annotated otherwise.
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding, type rbacV1 } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';
import { controllerRoleBindings, controllerRoles } from './controller-roles.ts';
import { type DefaultBinding, type DefaultRole, defaultClusterRoleBindings, defaultClusterRoles } from './default-roles.ts';
import { namespacedRoleBindings, namespacedRoles } from './namespaced-roles.ts';
import { notCovered } from './policy-rules.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;
const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';
const bootstrapping = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

export async function ensureDefaultRoles(client: Client): Promise<void> {
  await Promise.all([
    ...[...defaultClusterRoles, ...controllerRoles].map((role) => ensureRole(client, ClusterRole, clusterRoleOf(role))),
    ...namespacedRoles.map(({ namespace, ...role }) =>
      ensureRole(client, Role, { ...head('Role', role.name, namespace), rules: role.rules }),
    ),
  ]);
  await Promise.all([
    ...[...defaultClusterRoleBindings, ...controllerRoleBindings].map((binding) => {
      return ensureBinding(client, ClusterRoleBinding, bindingOf(binding, 'ClusterRole'));
    }),
    ...namespacedRoleBindings.map((binding) => ensureBinding(client, RoleBinding, bindingOf(binding, 'Role', binding.namespace))),
  ]);
}

function head(kind: string, name: string, namespace?: string, labels?: Record<string, string>) {
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace && { namespace }), labels: { ...bootstrapping, ...labels }, annotations: { [autoUpdate]: 'true' } },
  };
}

function clusterRoleOf({ name, rules, aggregates, labels }: DefaultRole): ClusterRole {
  const selector = { matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${aggregates}`]: 'true' } };
  return {
    ...head('ClusterRole', name, undefined, labels),
    rules: rules ?? aggregated(aggregates ?? ''),
    ...(aggregates && { aggregationRule: { clusterRoleSelectors: [selector] } }),
  };
}

/** What the aggregation controller will find at first: roles are right from the first moment on. */
function aggregated(target: string): rbacV1.PolicyRule[] {
  const label = `rbac.authorization.k8s.io/aggregate-to-${target}`;
  return defaultClusterRoles
    .filter(({ labels }) => labels?.[label])
    .flatMap(({ rules, aggregates }) => rules ?? aggregated(aggregates ?? ''));
}

function bindingOf(binding: DefaultBinding, roleKind: 'ClusterRole' | 'Role', namespace?: string): ClusterRoleBinding & RoleBinding {
  const { role, name = role, users = [], groups = [], accounts = [] } = binding;
  const subjects: rbacV1.Subject[] = [
    ...users.map((user) => ({ kind: 'User', apiGroup: group, name: user })),
    ...groups.map((item) => ({ kind: 'Group', apiGroup: group, name: item })),
    ...accounts.map((account) => ({ kind: 'ServiceAccount', namespace: 'kube-system', name: account })),
  ];
  return {
    ...head(`${roleKind}Binding`, name, namespace),
    roleRef: { apiGroup: group, kind: roleKind, name: role },
    ...(subjects.length > 0 && { subjects }),
  };
}

async function ensureRole<T extends ClusterRole | Role>(client: Client, kind: KindDefinition<T>, role: T): Promise<void> {
  const found = await existing(client, kind, role);
  // An aggregated role's rules are its controller's affair.
  if (!found || 'aggregationRule' in role) return;
  const missing = notCovered(found.rules ?? [], role.rules ?? []);
  if (missing.length > 0) await client.update(kind, { ...found, rules: [...(found.rules ?? []), ...(role.rules ?? [])] });
}

async function ensureBinding<T extends ClusterRoleBinding | RoleBinding>(
  client: Client,
  kind: KindDefinition<T>,
  binding: T,
): Promise<void> {
  const found = await existing(client, kind, binding);
  if (!found) return;
  const has = (subject: rbacV1.Subject) => found.subjects?.some((known) => known.kind === subject.kind && known.name === subject.name);
  const missing = (binding.subjects ?? []).filter((subject) => !has(subject));
  if (missing.length > 0) await client.update(kind, { ...found, subjects: [...(found.subjects ?? []), ...missing] });
}

/** What is there already and may be mended; undefined after it was made. */
async function existing<T extends KubeObject>(client: Client, kind: KindDefinition<T>, object: T): Promise<T | undefined> {
  try {
    await client.create(kind, object);
    return undefined;
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
  const found = await client.get(kind, object.metadata);
  return found.metadata.annotations?.[autoUpdate] === 'false' ? undefined : found;
}
