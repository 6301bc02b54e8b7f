// The roles that every cluster has: those of Kubernetes, so that its users find what they know (kubernetes.io/docs, "Using RBAC
// Authorization", Default roles and role bindings), and one for each of Berth's own parts.

import { controllerManagerRules, gatewayRules, metricHistoryRule, schedulerRules, viewerRules } from './component-roles.ts';
import type { PolicyRule } from './policy-rules.ts';
import { eventRules, read, rule, write } from './rule-shorthand.ts';

const paths = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });

export interface DefaultRole {
  name: string;
  rules?: PolicyRule[];
  /** Label of the roles whose rules it takes over. */
  aggregates?: string;
  labels?: Record<string, string>;
}

const aggregateTo = (role: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' });

const workloads = ['daemonsets', 'deployments', 'replicasets', 'statefulsets'];
const scales = ['deployments/scale', 'replicasets/scale', 'statefulsets/scale'];
const statusOf = (resources: string[]) => resources.map((resource) => `${resource}/status`);

const view: PolicyRule[] = [
  rule(read, '', ['configmaps', 'endpoints', 'persistentvolumeclaims', 'persistentvolumeclaims/status', 'pods', 'replicationcontrollers']),
  rule(read, '', ['replicationcontrollers/scale', 'serviceaccounts', 'services', 'services/status']),
  rule(read, '', ['bindings', 'events', 'limitranges', 'namespaces/status', 'pods/log', 'pods/status', 'replicationcontrollers/status']),
  rule(read, '', ['resourcequotas', 'resourcequotas/status', 'namespaces']),
  rule(read, 'discovery.k8s.io', ['endpointslices']),
  rule(read, 'apps', ['controllerrevisions', ...workloads, ...scales, ...statusOf(workloads)]),
  rule(read, 'autoscaling', ['horizontalpodautoscalers', 'horizontalpodautoscalers/status']),
  rule(read, 'batch', ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status']),
  rule(read, 'policy', ['poddisruptionbudgets', 'poddisruptionbudgets/status']),
  rule(read, 'networking.k8s.io', ['ingresses', 'ingresses/status', 'networkpolicies']),
  rule(read, 'resource.k8s.io', ['resourceclaims', 'resourceclaims/status', 'resourceclaimtemplates']),
];

const connections = ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'];

const edit: PolicyRule[] = [
  rule(read, '', [...connections, 'secrets', 'services/proxy']),
  rule(['impersonate'], '', ['serviceaccounts']),
  rule(write, '', ['pods', ...connections]),
  rule(['create'], '', ['pods/eviction', 'serviceaccounts/token']),
  rule(write, '', ['configmaps', 'events', 'persistentvolumeclaims', 'replicationcontrollers', 'replicationcontrollers/scale']),
  rule(write, '', ['secrets', 'serviceaccounts', 'services', 'services/proxy']),
  rule(write, 'apps', [...workloads, 'deployments/rollback', ...scales]),
  rule(write, 'autoscaling', ['horizontalpodautoscalers']),
  rule(write, 'batch', ['cronjobs', 'jobs']),
  rule(write, 'policy', ['poddisruptionbudgets']),
  rule(write, 'networking.k8s.io', ['ingresses', 'networkpolicies']),
  rule(write, 'resource.k8s.io', ['resourceclaims', 'resourceclaimtemplates']),
  rule([...write, 'get', 'list', 'watch'], 'coordination.k8s.io', ['leases']),
];

const admin: PolicyRule[] = [
  rule(['create'], 'authorization.k8s.io', ['localsubjectaccessreviews']),
  rule([...write, ...read], 'rbac.authorization.k8s.io', ['roles', 'rolebindings']),
];

const reviews = [
  rule(['create'], 'authentication.k8s.io', ['tokenreviews']),
  rule(['create'], 'authorization.k8s.io', ['subjectaccessreviews']),
];

const node: PolicyRule[] = [
  ...reviews,
  rule(['create'], 'authorization.k8s.io', ['localsubjectaccessreviews']),
  rule(read, '', ['services']),
  rule(['create', ...read], '', ['nodes']),
  rule(['patch', 'update'], '', ['nodes', 'nodes/status']),
  ...eventRules,
  rule([...read, 'create', 'delete'], '', ['pods']),
  rule(['patch', 'update'], '', ['pods/status']),
  rule(['create'], '', ['pods/eviction']),
  rule(['create', ...read], 'certificates.k8s.io', ['certificatesigningrequests']),
  rule(read, 'storage.k8s.io', ['csidrivers']),
  rule(read, 'node.k8s.io', ['runtimeclasses']),
  rule(['get'], 'resource.k8s.io', ['resourceclaims']),
  rule(['deletecollection'], 'resource.k8s.io', ['resourceslices']),
];

const probes = ['/healthz', '/livez', '/readyz'];

export const defaultClusterRoles: DefaultRole[] = [
  {
    name: 'cluster-admin',
    rules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ],
  },
  { name: 'admin', aggregates: 'admin' },
  { name: 'edit', aggregates: 'edit', labels: aggregateTo('admin') },
  { name: 'view', aggregates: 'view', labels: aggregateTo('edit') },
  { name: 'system:aggregate-to-admin', rules: admin, labels: aggregateTo('admin') },
  { name: 'system:aggregate-to-edit', rules: edit, labels: aggregateTo('edit') },
  { name: 'system:aggregate-to-view', rules: view, labels: aggregateTo('view') },
  {
    name: 'system:aggregated-metrics-reader',
    rules: [rule(read, 'metrics.k8s.io', ['pods', 'nodes'])],
    labels: { ...aggregateTo('view'), ...aggregateTo('edit'), ...aggregateTo('admin') },
  },
  {
    name: 'berth:aggregated-decisions-reader',
    rules: [rule(read, 'decisions.scheduling.berth.io', ['decisions'])],
    labels: { ...aggregateTo('view'), ...aggregateTo('edit'), ...aggregateTo('admin') },
  },
  {
    name: 'berth:aggregated-history-reader',
    rules: [rule(['get', 'list'], 'history.berth.io', ['changes', 'moments'])],
    labels: { ...aggregateTo('view'), ...aggregateTo('edit'), ...aggregateTo('admin') },
  },
  {
    name: 'system:discovery',
    rules: [paths('/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', '/version', '/version/', ...probes)],
  },
  { name: 'system:public-info-viewer', rules: [paths('/version', '/version/', ...probes)] },
  {
    name: 'system:basic-user',
    rules: [
      rule(['create'], 'authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
      rule(['create'], 'authentication.k8s.io', ['selfsubjectreviews']),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [
      paths('/metrics', '/metrics/slis', '/metrics/state', '/metrics/targets', ...probes, ...probes.map((path) => `${path}/*`)),
      metricHistoryRule,
    ],
  },
  { name: 'system:auth-delegator', rules: reviews },
  { name: 'system:service-account-issuer-discovery', rules: [paths('/.well-known/openid-configuration', '/openid/v1/jwks')] },
  { name: 'system:node', rules: node },
  {
    name: 'system:node-proxier',
    rules: [
      rule(['list', 'watch'], '', ['services', 'endpoints']),
      rule(read, '', ['nodes']),
      rule(['list', 'watch'], 'discovery.k8s.io', ['endpointslices']),
      rule(['list', 'watch'], 'networking.k8s.io', ['servicecidrs']),
      ...eventRules,
    ],
  },
  {
    name: 'system:node-problem-detector',
    rules: [rule(['get'], '', ['nodes']), rule(['patch'], '', ['nodes/status']), ...eventRules],
  },
  { name: 'system:node-bootstrapper', rules: [rule(['create', ...read], 'certificates.k8s.io', ['certificatesigningrequests'])] },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      rule(read, '', ['nodes']),
      rule(['proxy'], '', ['nodes']),
      rule(['*'], '', ['nodes/log', 'nodes/metrics', 'nodes/proxy', 'nodes/stats']),
    ],
  },
  {
    name: 'system:kube-dns',
    rules: [rule(['list', 'watch'], '', ['endpoints', 'services'])],
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      rule([...read, 'create', 'delete'], '', ['persistentvolumes']),
      rule([...read, 'update'], '', ['persistentvolumeclaims']),
      rule(read, 'storage.k8s.io', ['storageclasses']),
      rule(['watch'], '', ['events']),
      ...eventRules,
    ],
  },
  {
    name: 'system:volume-scheduler',
    rules: [
      rule([...read, 'patch', 'update'], '', ['persistentvolumes', 'persistentvolumeclaims']),
      rule(read, 'storage.k8s.io', ['storageclasses']),
    ],
  },
  { name: 'system:kube-aggregator', rules: [rule(read, '', ['endpoints', 'services'])] },
  {
    name: 'system:heapster',
    rules: [rule(read, '', ['events', 'namespaces', 'nodes', 'pods']), rule(read, 'extensions', ['deployments'])],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    rules: [rule(['create'], 'certificates.k8s.io', ['certificatesigningrequests/nodeclient'])],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    rules: [rule(['create'], 'certificates.k8s.io', ['certificatesigningrequests/selfnodeclient'])],
  },
  ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map((signer) => ({
    name: `system:certificates.k8s.io:${signer}-approver`,
    rules: [{ ...rule(['approve'], 'certificates.k8s.io', ['signers']), resourceNames: [`kubernetes.io/${signer}`] }],
  })),
  { name: 'system:kube-scheduler', rules: schedulerRules },
  { name: 'system:kube-controller-manager', rules: controllerManagerRules },
  { name: 'system:berth-gateway', rules: gatewayRules },
  { name: 'berth:viewer', rules: viewerRules },
];

export interface DefaultBinding {
  role: string;
  /** Default: the role's name. */
  name?: string;
  users?: string[];
  groups?: string[];
  /** Service accounts of kube-system. */
  accounts?: string[];
}

const everybody = ['system:authenticated', 'system:unauthenticated'];

export const defaultClusterRoleBindings: DefaultBinding[] = [
  { role: 'cluster-admin', groups: ['system:masters'] },
  { role: 'system:discovery', groups: ['system:authenticated'] },
  { role: 'system:basic-user', groups: ['system:authenticated'] },
  { role: 'system:public-info-viewer', groups: everybody },
  { role: 'system:monitoring', groups: ['system:monitoring'] },
  { role: 'system:service-account-issuer-discovery', groups: ['system:serviceaccounts'] },
  { role: 'system:node', users: [] },
  { role: 'system:kube-dns', accounts: ['kube-dns'] },
  { role: 'system:node-proxier', users: ['system:kube-proxy'] },
  { role: 'system:kube-scheduler', users: ['system:kube-scheduler'] },
  { role: 'system:volume-scheduler', users: ['system:kube-scheduler'] },
  { role: 'system:kube-controller-manager', users: ['system:kube-controller-manager'] },
  { role: 'system:berth-gateway', users: ['system:berth-gateway'] },
  { role: 'berth:viewer', name: 'berth:viewers', groups: ['berth:viewers'] },
];

export const nodeRules = node;
