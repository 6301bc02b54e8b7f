// Who may do what, cell by cell, as Kubernetes' default policy says: identity × resource × every verb.
import { componentUsers } from '../component-users.ts';
import type { User } from '../types.ts';

export const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
export const sets: Record<string, readonly string[]> = {
  none: [],
  read: ['get', 'list', 'watch'],
  write: ['create', 'update', 'patch', 'delete', 'deletecollection'],
  all: verbs,
};

const person = (name: string, ...groups: string[]): User => ({ name, groups: [...groups, 'system:authenticated'] });
const account = (namespace: string, name: string) =>
  person(`system:serviceaccount:${namespace}:${name}`, 'system:serviceaccounts', `system:serviceaccounts:${namespace}`);

export const identities: Record<string, User> = {
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
  proxier: person('system:kube-proxy'),
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
editor       shop  resource.k8s.io/resourceclaims        x  all
editor       shop  resource.k8s.io/resourceclaims/status x  read
editor       shop  resource.k8s.io/resourceclaimtemplates x all
editor       -     resource.k8s.io/deviceclasses         x  none
viewer       shop  resource.k8s.io/resourceclaims        x  read
viewer       shop  resource.k8s.io/resourceclaims/status x  read
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
node         shop  /persistentvolumeclaims               data get
node         shop  /persistentvolumeclaims/status        data update,patch
node         shop  /pods                                 x  create,delete
node         shop  /pods                                 web get,list,watch,create,delete
node         other /pods                                 web create,delete
node         shop  /pods/log                             web none
node         shop  /pods/status                          x  update,patch
node         shop  /pods/eviction                        x  create
node         -     /nodes                                a  get,list,watch,create,update,patch
node         -     /nodes                                b  create,update,patch
node         -     /nodes/status                         a  update,patch
node         -     /services                             x  read
node         kube-node-lease coordination.k8s.io/leases  a  get,create,update,patch,delete
node         kube-node-lease coordination.k8s.io/leases  b  none
node         shop  coordination.k8s.io/leases            a  none
node         shop  /serviceaccounts/token                web create
node         shop  /serviceaccounts/token                admin none
node         -     certificates.k8s.io/certificatesigningrequests x get,list,watch,create
node         shop  resource.k8s.io/resourceclaims        gpu get
node         shop  resource.k8s.io/resourceclaims        other none
node         shop  resource.k8s.io/resourceclaims/status gpu none
node         -     resource.k8s.io/resourceslices        own get,create,update,patch,delete
node         -     resource.k8s.io/resourceslices        foreign create
node         -     resource.k8s.io/deviceclasses         x  none
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
controllers  -     networking.k8s.io/ipaddresses         x  all
controllers  -     networking.k8s.io/servicecidrs        x  all
controllers  -     networking.k8s.io/servicecidrs/status x  all
lookout      -     networking.k8s.io/servicecidrs        x  none
lookout      -     networking.k8s.io/ipaddresses         x  none
proxier      -     networking.k8s.io/servicecidrs        x  list,watch
proxier      -     networking.k8s.io/ipaddresses         x  none
gateway      -     networking.k8s.io/servicecidrs        x  none
gateway      shop  /secrets                              x  read
gateway      shop  /pods                                 x  get,list,watch,create,delete
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

export const rows = table
  .trim()
  .split('\n')
  .map((line) => {
    const [identity = '', namespace = '', path = '', name = '', allowed = ''] = line.trim().split(/\s+/);
    const [group = '', resource = '', subresource] = path.split('/');
    return { line, identity, namespace: namespace === '-' ? undefined : namespace, group, resource, subresource, name, allowed };
  });
