// The flow schemas and priority levels that every cluster has: those of Kubernetes, so that its users find what they know.
import type { FlowSchema, flowcontrolV1, PriorityLevelConfiguration } from '@berth/api';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
/** As long as it says true, what somebody changed is set back at the next start. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';
const annotations = { [autoUpdateAnnotation]: 'true' };

type Limited = flowcontrolV1.LimitedPriorityLevelConfiguration;
type Subject = flowcontrolV1.Subject;
type Rule = flowcontrolV1.PolicyRulesWithSubjects;

function level(name: string, limited: Limited): PriorityLevelConfiguration {
  return { apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name, annotations }, spec: { type: 'Limited', limited } };
}

function queued(name: string, shares: number, lendablePercent: number, queues: number, handSize: number): PriorityLevelConfiguration {
  const limitResponse = { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } };
  return level(name, { nominalConcurrencyShares: shares, lendablePercent, limitResponse });
}

export const defaultPriorityLevels: PriorityLevelConfiguration[] = [
  {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'exempt', annotations },
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  level('catch-all', { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } }),
  queued('global-default', 20, 50, 128, 6),
  queued('leader-election', 10, 0, 16, 4),
  queued('node-high', 40, 25, 64, 6),
  queued('system', 30, 33, 64, 6),
  queued('workload-high', 40, 50, 128, 6),
  queued('workload-low', 100, 90, 128, 6),
];

const user = (name: string): Subject => ({ kind: 'User', user: { name } });
const group = (name: string): Subject => ({ kind: 'Group', group: { name } });
const account = (name: string): Subject => ({ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name } });
const everybody = [group('system:unauthenticated'), group('system:authenticated')];
const managers = [user('system:kube-controller-manager'), user('system:kube-scheduler')];

const everything: Omit<Rule, 'subjects'> = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};

const leases = (namespaces: string[]): Omit<Rule, 'subjects'> => ({
  resourceRules: [{ verbs: ['get', 'create', 'update'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces }],
});

interface SchemaParts {
  level: string;
  precedence: number;
  by?: 'ByUser' | 'ByNamespace';
  rules: Rule[];
}

function schema(name: string, { level: levelName, precedence, by, rules }: SchemaParts): FlowSchema {
  const spec = {
    priorityLevelConfiguration: { name: levelName },
    matchingPrecedence: precedence,
    ...(by && { distinguisherMethod: { type: by } }),
    rules,
  };
  return { apiVersion, kind: 'FlowSchema', metadata: { name, annotations }, spec };
}

const probes = { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] };
const endpoints = {
  resourceRules: [
    { verbs: ['get', 'create', 'update'], apiGroups: [''], resources: ['endpoints'], namespaces: ['*'] },
    { verbs: ['get', 'create', 'update'], apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], namespaces: ['*'] },
  ],
};
const nodes = {
  resourceRules: [
    { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
    { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] },
  ],
};

const all = (...subjects: Subject[]): Rule[] => [{ subjects, ...everything }];

export const defaultFlowSchemas: FlowSchema[] = [
  schema('exempt', { level: 'exempt', precedence: 1, rules: all(group('system:masters')) }),
  schema('probes', { level: 'exempt', precedence: 2, rules: [{ subjects: everybody, ...probes }] }),
  schema('system-leader-election', {
    level: 'leader-election',
    precedence: 100,
    by: 'ByUser',
    rules: [{ subjects: managers, ...leases(['kube-system']) }],
  }),
  schema('endpoint-controller', {
    level: 'workload-high',
    precedence: 150,
    by: 'ByUser',
    rules: [{ subjects: [account('endpoint-controller'), account('endpointslice-controller')], ...endpoints }],
  }),
  schema('workload-leader-election', {
    level: 'leader-election',
    precedence: 200,
    by: 'ByUser',
    rules: [{ subjects: [account('*')], ...leases(['*']) }],
  }),
  schema('system-node-high', {
    level: 'node-high',
    precedence: 400,
    by: 'ByUser',
    rules: [{ subjects: [group('system:nodes')], ...nodes }],
  }),
  schema('system-nodes', { level: 'system', precedence: 500, by: 'ByUser', rules: all(group('system:nodes')) }),
  schema('kube-controller-manager', {
    level: 'workload-high',
    precedence: 800,
    by: 'ByNamespace',
    rules: all(user('system:kube-controller-manager')),
  }),
  schema('kube-scheduler', { level: 'workload-high', precedence: 800, by: 'ByNamespace', rules: all(user('system:kube-scheduler')) }),
  schema('kube-system-service-accounts', { level: 'workload-high', precedence: 900, by: 'ByNamespace', rules: all(account('*')) }),
  schema('service-accounts', { level: 'workload-low', precedence: 9000, by: 'ByUser', rules: all(group('system:serviceaccounts')) }),
  schema('global-default', { level: 'global-default', precedence: 9900, by: 'ByUser', rules: all(...everybody) }),
  schema('catch-all', { level: 'catch-all', precedence: 10000, by: 'ByUser', rules: all(...everybody) }),
];
