// Who may do what, cell by cell, against what Kubernetes' default policy says: identity × resource × every verb.
import { ClusterRole, ClusterRoleBinding, Namespace, Node, Pod, Role, RoleBinding } from '@berth/api';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ApiServer } from '../api-server.ts';
import { componentUsers } from '../component-users.ts';
import { startTestServer } from '../test-server.ts';
import type { User } from '../types.ts';
import { defaultClusterRoles } from './default-roles.ts';

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
const sets: Record<string, readonly string[]> = {
  none: [],
  read: ['get', 'list', 'watch'],
  write: ['create', 'update', 'patch', 'delete', 'deletecollection'],
  all: verbs,
};

const person = (name: string, ...groups: string[]): User => ({ name, groups: [...groups, 'system:authenticated'] });
const account = (namespace: string, name: string) =>
  person(`system:serviceaccount:${namespace}:${name}`, 'system:serviceaccounts', `system:serviceaccounts:${namespace}`);

const identities: Record<string, User> = {
  root: person('root', 'system:masters'),
  clusterAdmin: person('clare'),
  admin: person('ada'),
  editor: person('ed'),
  viewer: person('vi'),
  lookout: person('lou', 'lookouts'),
  nobody: person('bob'),
  anonymous: { name: 'system:anonymous', groups: ['system:unauthenticated'] },
  reader: account('shop', 'reader'),
  stranger: account('other', 'reader'),
  node: person('system:node:a', 'system:nodes'),
  impostor: person('system:node:a'),
  scheduler: componentUsers.scheduler,
  controllers: componentUsers.controllerManager,
  gateway: componentUsers.gateway,
  monitor: person('mo', 'system:monitoring'),
  berthViewer: person('dashboard', 'berth:viewers'),
  extended: person('ex'),
};

/** Identity, namespace (`-` for none), group/resource, object's name, what is allowed: a set, or verbs. */
const table = `
root         shop  /secrets                              x  all
root         -     /nodes                                x  all
clusterAdmin -     rbac.authorization.k8s.io/clusterroles x all
clusterAdmin shop  apps/deployments                      x  all
admin        shop  /pods                                 x  all
admin        shop  /secrets                              x  all
admin        shop  rbac.authorization.k8s.io/roles       x  all
admin        shop  rbac.authorization.k8s.io/rolebindings x all
admin        shop  authorization.k8s.io/localsubjectaccessreviews x create
admin        shop  /resourcequotas                       x  read
admin        shop  /limitranges                          x  read
admin        shop  /namespaces                           shop read
admin        other /pods                                 x  none
admin        other /secrets                              x  none
admin        -     /nodes                                x  none
admin        -     rbac.authorization.k8s.io/clusterroles x none
editor       shop  /pods                                 x  all
editor       shop  /pods/exec                            x  all
editor       shop  /pods/portforward                     x  all
editor       shop  /pods/eviction                        x  create
editor       shop  /pods/log                             x  read
editor       shop  /pods/status                          x  read
editor       shop  /secrets                              x  all
editor       shop  /serviceaccounts/token                x  create
editor       shop  /configmaps                           x  all
editor       shop  apps/deployments                      x  all
editor       shop  apps/deployments/scale                x  all
editor       shop  apps/deployments/status               x  read
editor       shop  apps/controllerrevisions              x  read
editor       shop  batch/jobs                            x  all
editor       shop  networking.k8s.io/ingresses           x  all
editor       shop  policy/poddisruptionbudgets           x  all
editor       shop  coordination.k8s.io/leases            x  all
editor       shop  /endpoints                            x  read
editor       shop  rbac.authorization.k8s.io/roles       x  none
editor       shop  rbac.authorization.k8s.io/rolebindings x none
editor       shop  /resourcequotas                       x  read
editor       other /configmaps                           x  none
viewer       shop  /pods                                 x  read
viewer       shop  /pods/log                             x  read
viewer       shop  /pods/exec                            x  none
viewer       shop  /pods/attach                          x  none
viewer       shop  /pods/portforward                     x  none
viewer       shop  /pods/proxy                           x  none
viewer       shop  /services/proxy                       x  none
viewer       shop  /secrets                              x  none
viewer       shop  /configmaps                           x  read
viewer       shop  apps/statefulsets                     x  read
viewer       shop  apps/statefulsets/scale               x  read
viewer       shop  discovery.k8s.io/endpointslices       x  read
viewer       shop  rbac.authorization.k8s.io/roles       x  none
viewer       shop  metrics.k8s.io/pods                   x  read
viewer       other /pods                                 x  none
lookout      shop  /pods                                 x  read
lookout      other apps/deployments                      x  read
lookout      -     /pods                                 x  read
lookout      -     /namespaces                           x  read
lookout      -     /nodes                                x  none
lookout      -     /persistentvolumes                    x  none
lookout      shop  /secrets                              x  none
nobody       shop  /pods                                 x  none
nobody       -     /namespaces                           x  none
nobody       -     authorization.k8s.io/selfsubjectaccessreviews x create
nobody       -     authorization.k8s.io/selfsubjectrulesreviews x create
nobody       -     authentication.k8s.io/selfsubjectreviews x create
nobody       -     authorization.k8s.io/subjectaccessreviews x none
nobody       -     authentication.k8s.io/tokenreviews     x  none
anonymous    shop  /pods                                 x  none
anonymous    -     /namespaces                           x  none
anonymous    -     authorization.k8s.io/selfsubjectaccessreviews x none
reader       shop  /configmaps                           settings get,update
reader       shop  /configmaps                           other none
reader       shop  /pods                                 x  get,list
reader       shop  /pods/log                             x  none
reader       shop  /pods/exec                            x  none
reader       other /configmaps                           settings none
stranger     shop  /configmaps                           settings none
stranger     shop  /pods                                 x  none
node         shop  /secrets                              used read
node         shop  /secrets                              unused none
node         other /secrets                              used none
node         shop  /configmaps                           settings read
node         shop  /configmaps                           other none
node         shop  /persistentvolumeclaims               data get,list,watch
node         shop  /pods                                 x  get,list,watch,create,delete
node         shop  /pods/status                          x  update,patch
node         shop  /pods/eviction                        x  create
node         -     /nodes                                a  get,list,watch,create,update,patch
node         -     /nodes/status                         a  update,patch
node         -     /services                             x  read
node         kube-node-lease coordination.k8s.io/leases  a  get,create,update,patch,delete
node         kube-node-lease coordination.k8s.io/leases  b  none
node         shop  coordination.k8s.io/leases            a  none
node         shop  /serviceaccounts/token                web create
node         shop  /serviceaccounts/token                admin none
node         -     certificates.k8s.io/certificatesigningrequests x get,list,watch,create
node         shop  apps/deployments                      x  none
impostor     shop  /secrets                              used none
impostor     -     /nodes                                a  none
scheduler    shop  /pods                                 x  get,list,watch,delete
scheduler    shop  /pods/binding                         x  create
scheduler    shop  /pods/status                          x  update,patch
scheduler    -     /nodes                                x  read
scheduler    shop  /secrets                              x  none
scheduler    shop  /configmaps                           x  none
scheduler    shop  /pods/exec                            x  none
controllers  shop  /pods                                 x  all
controllers  shop  apps/replicasets                      x  all
controllers  shop  /secrets                              x  all
controllers  shop  /pods/exec                            x  none
controllers  shop  /pods/attach                          x  none
controllers  shop  /pods/portforward                     x  none
controllers  shop  /pods/binding                         x  none
controllers  -     /nodes                                x  get,list,watch,update,patch,delete
gateway      shop  /secrets                              x  read
gateway      shop  /pods                                 x  get,list,watch,delete
gateway      shop  /pods/status                          x  update,patch
gateway      shop  apps/deployments                      x  none
gateway      shop  /pods/exec                            x  none
monitor      shop  /pods                                 x  none
monitor      -     /nodes                                x  none
berthViewer  shop  /pods                                 x  read
berthViewer  shop  /pods/log                             x  get
berthViewer  shop  /pods/exec                            x  none
berthViewer  shop  /pods/attach                          x  none
berthViewer  shop  /pods/portforward                     x  none
berthViewer  shop  /pods/proxy                           x  none
berthViewer  shop  /services/proxy                       x  none
berthViewer  shop  /secrets                              x  none
berthViewer  -     /nodes                                x  read
berthViewer  -     /nodes/proxy                          x  none
berthViewer  -     rbac.authorization.k8s.io/clusterroles x read
extended     shop  /pods                                 x  read
extended     shop  widgets.example.com/widgets           x  read
extended     shop  widgets.example.com/gadgets           x  none
`;

const rows = table
  .trim()
  .split('\n')
  .map((line) => {
    const [identity = '', namespace = '', path = '', name = '', allowed = ''] = line.trim().split(/\s+/);
    const [group = '', resource = '', subresource] = path.split('/');
    return { line, identity, namespace: namespace === '-' ? undefined : namespace, group, resource, subresource, name, allowed };
  });

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
    },
  });
});

test('the table has at least 500 cells', () => {
  expect(rows.length * verbs.length).toBeGreaterThanOrEqual(500);
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
