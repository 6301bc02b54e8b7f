// Makes the default roles and bindings, and gives them back what somebody took away, unless they are annotated otherwise.
import { ClusterRole, ClusterRoleBinding, type rbacV1 } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';
import { type DefaultBinding, type DefaultRole, defaultClusterRoleBindings, defaultClusterRoles } from './default-roles.ts';
import { notCovered } from './policy-rules.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;
const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';
const bootstrapping = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

export async function ensureDefaultRoles(client: Client): Promise<void> {
  await Promise.all(defaultClusterRoles.map((role) => ensureRole(client, roleOf(role))));
  await Promise.all(defaultClusterRoleBindings.map((binding) => ensureBinding(client, bindingOf(binding))));
}

function roleOf({ name, rules, aggregates, labels }: DefaultRole): ClusterRole {
  const selector = { matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${aggregates}`]: 'true' } };
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name, labels: { ...bootstrapping, ...labels }, annotations: { [autoUpdate]: 'true' } },
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

function bindingOf({ role, name = role, users = [], groups = [] }: DefaultBinding): ClusterRoleBinding {
  const subjects: rbacV1.Subject[] = [
    ...users.map((user) => ({ kind: 'User', apiGroup: group, name: user })),
    ...groups.map((item) => ({ kind: 'Group', apiGroup: group, name: item })),
  ];
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: bootstrapping, annotations: { [autoUpdate]: 'true' } },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    ...(subjects.length > 0 && { subjects }),
  };
}

async function ensureRole(client: Client, role: ClusterRole): Promise<void> {
  const found = await existing(client, ClusterRole, role);
  // An aggregated role's rules are its controller's affair.
  if (!found || role.aggregationRule) return;
  const missing = notCovered(found.rules ?? [], role.rules ?? []);
  if (missing.length > 0) await client.update(ClusterRole, { ...found, rules: [...(found.rules ?? []), ...(role.rules ?? [])] });
}

async function ensureBinding(client: Client, binding: ClusterRoleBinding): Promise<void> {
  const found = await existing(client, ClusterRoleBinding, binding);
  if (!found) return;
  const has = (subject: rbacV1.Subject) => found.subjects?.some(({ kind, name }) => kind === subject.kind && name === subject.name);
  const missing = (binding.subjects ?? []).filter((subject) => !has(subject));
  if (missing.length > 0) await client.update(ClusterRoleBinding, { ...found, subjects: [...(found.subjects ?? []), ...missing] });
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
