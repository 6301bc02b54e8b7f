import { ClusterRole, ClusterRoleBinding, Namespace, Node, Pod, ResourceSlice, Role, RoleBinding } from '@berth/api';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ApiServer } from '../api-server.ts';
import { startTestServer } from '../test-server.ts';
import type { User } from '../types.ts';
import { identities, rows, sets, verbs } from './authorization-cells.ts';
import { defaultClusterRoles } from './default-roles.ts';

let server: ApiServer;

beforeAll(async () => {
  const started = await startTestServer();
  server = started.server;
  const { client } = started;
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
  const group = 'rbac.authorization.k8s.io';
  for (const name of ['shop', 'other']) {
    await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
  }
  const bind = (name: string, kind: string, role: string, subject: { kind: string; name: string; namespace?: string }) => ({
    ...rbac,
    metadata: { name },
    roleRef: { apiGroup: group, kind, name: role },
    subjects: [{ ...(subject.kind !== 'ServiceAccount' && { apiGroup: group }), ...subject }],
  });
  const inShop = (role: string, user: string, kind = 'ClusterRole') => {
    const binding = bind(`${role}-${user}`, kind, role, { kind: 'User', name: user });
    return client.create(RoleBinding, { ...binding, kind: 'RoleBinding', metadata: { ...binding.metadata, namespace: 'shop' } });
  };
  await inShop('admin', 'ada');
  await inShop('edit', 'ed');
  await inShop('view', 'vi');
  const everywhere = (binding: ReturnType<typeof bind>) => client.create(ClusterRoleBinding, { ...binding, kind: 'ClusterRoleBinding' });
  await everywhere(bind('clare', 'ClusterRole', 'cluster-admin', { kind: 'User', name: 'clare' }));
  await everywhere(bind('lookouts', 'ClusterRole', 'view', { kind: 'Group', name: 'lookouts' }));
  await client.create(Role, {
    ...rbac,
    kind: 'Role',
    metadata: { name: 'reader', namespace: 'shop' },
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['settings'], verbs: ['get', 'update'] },
    ],
  });
  const reader = bind('reader', 'Role', 'reader', { kind: 'ServiceAccount', name: 'reader', namespace: 'shop' });
  await client.create(RoleBinding, { ...reader, kind: 'RoleBinding', metadata: { name: 'reader', namespace: 'shop' } });
  // What a custom kind's author adds to view; the controller that puts it in is not a part of this.
  await client.create(ClusterRole, {
    ...rbac,
    kind: 'ClusterRole',
    metadata: { name: 'extended' },
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['widgets.example.com'], resources: ['widgets'], verbs: ['get', 'list', 'watch'] },
    ],
  });
  await inShop('extended', 'ex');
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' }, spec: {} });
  await client.create(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      nodeName: 'a',
      serviceAccountName: 'web',
      containers: [{ name: 'main', image: 'x', envFrom: [{ secretRef: { name: 'used' } }, { configMapRef: { name: 'settings' } }] }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }],
    },
  });
  for (const [name, nodeName] of [
    ['own', 'a'],
    ['foreign', 'b'],
  ] as const) {
    await client.create(ResourceSlice, {
      ...{ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name } },
      spec: { driver: 'gpu.example.com', nodeName, pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
    });
  }
});

test('the table has at least 500 cells', () => {
  expect(rows.length * verbs.length).toBeGreaterThanOrEqual(500);
});

test('a node lists, watches and deletes slices of its own', async () => {
  const slices = (verb: string, value: string) => {
    const fieldSelector = [{ field: 'spec.nodeName', operator: '=' as const, value }];
    return server.isAllowed(identities.node as User, { verb, group: 'resource.k8s.io', resource: 'resourceslices', fieldSelector });
  };
  for (const verb of ['list', 'watch', 'deletecollection']) {
    expect(await slices(verb, 'a')).toMatchObject({ allowed: true });
    expect(await slices(verb, 'b')).toMatchObject({
      allowed: false,
      reason: 'can only list/watch/deletecollection resourceslices with nodeName field selector',
    });
  }
});

describe.each(Object.keys(identities))('%s', (identity) => {
  test.each(rows.filter((row) => row.identity === identity))(
    '$line',
    async ({ namespace, group, resource, subresource, name, allowed }) => {
      const user = identities[identity] as User;
      const expected = sets[allowed] ?? allowed.split(',');
      const granted = [];
      for (const verb of verbs) {
        const attributes = { verb, group, resource, subresource, namespace, name };
        if ((await server.isAllowed(user, attributes)).allowed) granted.push(verb);
      }
      expect(granted).toEqual(verbs.filter((verb) => expected.includes(verb)));
    },
  );
});

test.each([
  ['anonymous', '/healthz', true],
  ['anonymous', '/livez/ping', false],
  ['monitor', '/livez/ping', true],
  ['anonymous', '/version', true],
  ['anonymous', '/api', false],
  ['anonymous', '/metrics', false],
  ['nobody', '/api/v1', true],
  ['nobody', '/apis/apps/v1', true],
  ['nobody', '/openapi/v3', true],
  ['nobody', '/metrics', false],
  ['monitor', '/metrics', true],
  ['reader', '/openid/v1/jwks', true],
  ['nobody', '/openid/v1/jwks', false],
  ['clusterAdmin', '/logs/x', true],
])('%s and GET %s: %s', async (identity, path, allowed) => {
  expect((await server.isAllowed(identities[identity] as User, { verb: 'get', path })).allowed).toBe(allowed);
});

test.each([
  ['root', 'users', 'anybody', true],
  ['clusterAdmin', 'groups', 'system:masters', true],
  ['admin', 'users', 'anybody', false],
  ['editor', 'serviceaccounts', 'web', true],
  ['viewer', 'serviceaccounts', 'web', false],
])('%s and impersonating %s %s: %s', async (identity, resource, name, allowed) => {
  const attributes = { verb: 'impersonate', group: '', resource, namespace: 'shop', name };
  expect((await server.isAllowed(identities[identity] as User, attributes)).allowed).toBe(allowed);
});

const account = (name: string): User => ({ name: `system:serviceaccount:kube-system:${name}`, groups: ['system:serviceaccounts'] });

test.each([
  ['job-controller', 'patch', 'batch', 'jobs', 'shop', undefined, true],
  ['job-controller', 'create', '', 'pods', 'shop', undefined, true],
  ['job-controller', 'get', '', 'secrets', 'shop', undefined, false],
  ['certificate-controller', 'sign', 'certificates.k8s.io', 'signers', undefined, 'kubernetes.io/kubelet-serving', true],
  ['certificate-controller', 'sign', 'certificates.k8s.io', 'signers', undefined, 'example.com/own', false],
  ['token-cleaner', 'delete', '', 'secrets', 'kube-system', 'bootstrap-token-abcdef', true],
  ['token-cleaner', 'delete', '', 'secrets', 'shop', 'db', false],
  ['bootstrap-signer', 'update', '', 'configmaps', 'kube-public', 'cluster-info', true],
  ['kube-scheduler', 'create', 'coordination.k8s.io', 'leases', 'kube-system', undefined, true],
])('the account %s of kube-system may %s %s/%s in %s (%s): %s', async (name, verb, group, resource, namespace, object, allowed) => {
  const attributes = { verb, group, resource, namespace, name: object };
  expect((await server.isAllowed(account(name), attributes)).allowed).toBe(allowed);
});

test.each([
  ['list', 'spec.nodeName', '=', 'a', true],
  ['watch', 'spec.nodeName', '=', 'a', true],
  ['list', 'spec.nodeName', '=', 'b', false],
  ['list', 'spec.nodeName', '!=', 'a', false],
  ['list', 'status.phase', '=', 'a', false],
  ['deletecollection', 'spec.nodeName', '=', 'a', false],
] as const)('a node may %s pods with %s %s %s: %s', async (verb, field, operator, value, allowed) => {
  const attributes = { verb, group: '', resource: 'pods', fieldSelector: [{ field, operator, value }] };
  expect((await server.isAllowed(identities.node as User, attributes)).allowed).toBe(allowed);
});

test('a node may read no other node, and all pods and nodes by no means', async () => {
  const why = async (resource: string, name?: string) =>
    server.isAllowed(identities.node as User, { verb: 'list', group: '', resource, name });
  expect(await why('pods')).toEqual({ allowed: false, reason: 'can only list/watch pods with spec.nodeName field selector' });
  expect(await why('nodes')).toEqual({ allowed: false, reason: "node 'a' cannot read all nodes, only its own Node object" });
  expect(await why('nodes', 'b')).toEqual({ allowed: false, reason: "node 'a' cannot read 'b', only its own Node object" });
});

test('the reason names the binding, the role and the subject', async () => {
  const answer = await server.isAllowed(identities.viewer as User, { verb: 'get', group: '', resource: 'pods', namespace: 'shop' });
  expect(answer.reason).toBe('RBAC: allowed by RoleBinding "view-vi/shop" of ClusterRole "view" to User "vi"');
});

const readers = ['view', 'system:aggregate-to-view', 'berth:viewer', 'system:monitoring', 'system:basic-user', 'system:discovery'];
const publicReaders = ['system:public-info-viewer', 'system:service-account-issuer-discovery', 'system:aggregated-metrics-reader'];

test.each([...readers, ...publicReaders])('%s reaches no exec, attach, port-forward or proxy by any verb', async (name) => {
  expect(defaultClusterRoles.map((role) => role.name)).toContain(name);
  const { client } = await startTestServer();
  const role = await client.get(ClusterRole, { name });
  const doors = ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy', 'nodes/proxy'];
  for (const { resources = [] } of role.rules ?? []) {
    expect(resources.filter((resource) => doors.includes(resource) || resource.startsWith('*'))).toEqual([]);
  }
});
