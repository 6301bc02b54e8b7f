import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@berth/api';
import type { Client } from '@berth/client';
import { beforeEach, expect, test } from 'vitest';
import { startTestServer } from '../test-server.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;
let root: Client;
let ada: Client;

beforeEach(async () => {
  const { server, client } = await startTestServer();
  root = client;
  ada = server.localClient({ name: 'ada', groups: ['system:authenticated'] });
  await root.create(RoleBinding, binding('ada', 'ClusterRole', 'admin', 'ada'));
});

function binding(name: string, kind: string, role: string, user: string): RoleBinding {
  return {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name, namespace: 'default' },
    roleRef: { apiGroup: group, kind, name: role },
    subjects: [{ kind: 'User', apiGroup: group, name: user }],
  };
}

function role(name: string, ...rules: NonNullable<Role['rules']>): Role {
  return { apiVersion, kind: 'Role', metadata: { name, namespace: 'default' }, rules };
}

test('nobody makes a role of what they do not hold', async () => {
  await ada.create(Role, role('own', { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }));
  await expect(ada.create(Role, role('more', { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list'] }))).rejects.toThrow(
    'roles.rbac.authorization.k8s.io "more" is forbidden: user "ada" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}',
  );
  await expect(
    ada.patch(Role, { namespace: 'default', name: 'own' }, 'merge', { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] }),
  ).rejects.toThrow('permissions not currently held');
  // What changes nothing about the rules grants nothing.
  await root.create(Role, role('strong', { apiGroups: [''], resources: ['nodes'], verbs: ['get'] }));
  await ada.patch(Role, { namespace: 'default', name: 'strong' }, 'merge', { metadata: { labels: { seen: 'yes' } } });
});

test('nobody binds a role that they do not hold, unless they may bind it', async () => {
  await ada.create(RoleBinding, binding('editors', 'ClusterRole', 'edit', 'bob'));
  await expect(ada.create(RoleBinding, binding('all', 'ClusterRole', 'cluster-admin', 'bob'))).rejects.toThrow(
    'permissions not currently held',
  );
  await expect(ada.create(RoleBinding, binding('ghost', 'Role', 'none', 'bob'))).rejects.toThrow(
    'roles.rbac.authorization.k8s.io "none" not found',
  );
  const verbs = ['bind'];
  await root.create(ClusterRole, {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name: 'binder' },
    rules: [{ apiGroups: [group], resources: ['clusterroles'], resourceNames: ['cluster-admin'], verbs }],
  });
  await root.create(RoleBinding, binding('binder', 'ClusterRole', 'binder', 'ada'));
  await ada.create(RoleBinding, binding('all', 'ClusterRole', 'cluster-admin', 'bob'));
});

test('a role’s reference cannot be changed, and a grant ends with its binding', async () => {
  await expect(
    root.patch(RoleBinding, { namespace: 'default', name: 'ada' }, 'merge', { roleRef: { name: 'cluster-admin' } }),
  ).rejects.toThrow('cannot change roleRef');
  await root.delete(RoleBinding, { namespace: 'default', name: 'ada' });
  await expect(ada.create(Role, role('late'))).rejects.toThrow('cannot create resource "roles"');
});

test('an aggregated role can be made only by who holds everything', async () => {
  const aggregated: ClusterRole = {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name: 'sum' },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] },
  };
  const may = { apiGroups: [group], resources: ['clusterroles'], verbs: ['create'] };
  await root.create(ClusterRole, { apiVersion, kind: 'ClusterRole', metadata: { name: 'makers' }, rules: [may] });
  const everywhere = { ...binding('makers', 'ClusterRole', 'makers', 'ada'), kind: 'ClusterRoleBinding', metadata: { name: 'makers' } };
  await root.create(ClusterRoleBinding, everywhere);
  await expect(ada.create(ClusterRole, aggregated)).rejects.toThrow('permissions not currently held');
  await root.create(ClusterRole, aggregated);
});
