// What is allowed and what is bounded: rights, network policies, budgets, quotas; and the older and smaller workloads.
import type { Descriptions } from './descriptions.ts';

const subjects = 'Who gets the rights.';
const roleRef = 'The role whose rights are granted; it cannot be changed.';
const hard = 'The most there may be in sum, by resource, such as pods or requests.cpu.';
const conditions = 'What is true of it, and since when.';
const ports = 'Which ports; by default all.';

const replicas = (selector: string): Record<string, string> => ({
  '': 'How many pods there should be, and of what description.',
  replicas: 'How many pods; by default 1.',
  minReadySeconds: 'How many seconds a new pod must be ready before it counts as available; by default 0.',
  selector,
  template: 'What new pods are like; pods that run stay as they are.',
});

const replicaStatus: Record<string, string> = {
  '': 'How many pods there are.',
  replicas: 'How many pods there are.',
  fullyLabeledReplicas: 'How many of them have all labels of the template.',
  readyReplicas: 'How many of them are ready.',
  availableReplicas: 'How many of them have been ready for long enough.',
  conditions,
};

export const ruleDescriptions: Descriptions = {
  'apps.v1.ReplicaSetSpec': replicas('Which pods belong to it, by labels; it cannot be changed.'),
  'apps.v1.ReplicaSetStatus': { ...replicaStatus, terminatingReplicas: 'How many pods are ending.' },
  'core.v1.ReplicationControllerSpec': replicas('Which pods belong to it, by labels; by default those of the template.'),
  'core.v1.ReplicationControllerStatus': replicaStatus,
  'core.v1.PodTemplate': { template: 'What the pods are like.' },
  'apps.v1.ControllerRevision': { data: 'The state, as far as it is kept.', revision: 'Counts the states.' },
  'rbac.v1.Role': { rules: 'The rights; who holds the role holds all of them.' },
  'rbac.v1.ClusterRole': {
    rules: 'The rights; who holds the role holds all of them.',
    aggregationRule: 'Which other roles its rights are collected from, by a controller.',
  },
  'rbac.v1.AggregationRule': {
    '': 'Chooses roles to collect rights from.',
    clusterRoleSelectors: 'Labels of the roles; one of these is enough.',
  },
  'rbac.v1.PolicyRule': {
    '': 'Allows some verbs on some resources or paths.',
    verbs: 'What may be done, such as get, list, watch, create, update, patch or delete; * for everything.',
    apiGroups: 'The groups of the resources; empty text for the core, * for all.',
    resources: 'The resources, such as pods or pods/log; * for all.',
    resourceNames: 'Only objects of these names; by default all.',
    nonResourceURLs: 'Paths outside of resources, such as /metrics; only in roles of the cluster.',
  },
  'rbac.v1.RoleBinding': { subjects, roleRef },
  'rbac.v1.ClusterRoleBinding': { subjects, roleRef },
  'rbac.v1.Subject': {
    '': 'A user, a group or a service account.',
    kind: 'Which of them: User, Group or ServiceAccount.',
    apiGroup: 'The group of that kind; rbac.authorization.k8s.io for users and groups.',
    name: 'The name of the user, group or account.',
    namespace: 'The namespace of the account; empty for the others.',
  },
  'rbac.v1.RoleRef': {
    '': 'Names a role.',
    apiGroup: 'The group of its kind: rbac.authorization.k8s.io.',
    kind: 'Role or ClusterRole.',
    name: 'The name of the role.',
  },
  'networking.v1.NetworkPolicySpec': {
    '': 'Which pods are bounded, and which connections they may have.',
    podSelector: 'Which pods of the namespace; all when it is empty.',
    ingress: 'Connections that they may take; none when it is empty and Ingress is among the types.',
    egress: 'Connections that they may make; none when it is empty and Egress is among the types.',
    policyTypes: 'What is bounded: Ingress, Egress or both.',
  },
  'networking.v1.NetworkPolicyIngressRule': { '': 'Connections that may be taken.', ports, from: 'From whom; by default anybody.' },
  'networking.v1.NetworkPolicyEgressRule': { '': 'Connections that may be made.', ports, to: 'To whom; by default anybody.' },
  'networking.v1.NetworkPolicyPort': {
    '': 'A port, or a range of ports.',
    protocol: 'TCP, which is the default, UDP or SCTP.',
    port: 'The port, as a number or by its name in the pod; by default all.',
    endPort: 'The last port of a range that begins with port.',
  },
  'networking.v1.NetworkPolicyPeer': {
    '': 'The other end of a connection.',
    podSelector: 'Pods, by labels; of the same namespace unless namespaceSelector says otherwise.',
    namespaceSelector: 'Namespaces, by labels; all their pods, or those of podSelector.',
    ipBlock: 'A range of addresses.',
  },
  'networking.v1.IPBlock': {
    '': 'A range of addresses with holes.',
    cidr: 'The range, such as 10.0.0.0/8.',
    except: 'Ranges within it that do not count.',
  },
  'policy.v1.PodDisruptionBudgetSpec': {
    '': 'How many pods of which set must stay when others are evicted.',
    minAvailable: 'How many must stay, as a number or in percent.',
    selector: 'Which pods, by labels; all of the namespace when it is empty.',
    maxUnavailable: 'How many may be missing, as a number or in percent; in place of minAvailable.',
    unhealthyPodEvictionPolicy: 'Whether pods that are not ready may always be evicted: IfHealthyBudget or AlwaysAllow.',
  },
  'policy.v1.PodDisruptionBudgetStatus': {
    '': 'How many evictions are possible now.',
    disruptedPods: 'Pods that are about to be gone, and since when.',
    disruptionsAllowed: 'How many pods may be evicted now.',
    currentHealthy: 'How many pods are ready.',
    desiredHealthy: 'How many pods must be ready.',
    expectedPods: 'How many pods there should be.',
    conditions,
  },
  'core.v1.ResourceQuotaSpec': {
    '': 'What is bounded, and for which objects.',
    hard,
    scopes: 'Only for pods of these sorts, such as BestEffort or Terminating.',
    scopeSelector: 'Only for objects of these sorts, with values.',
  },
  'core.v1.ScopeSelector': { '': 'Chooses sorts of objects.', matchExpressions: 'All of these must hold.' },
  'core.v1.ScopedResourceSelectorRequirement': {
    '': 'One demand on the sort of an object.',
    scopeName: 'What is looked at, such as PriorityClass.',
    operator: 'In, NotIn, Exists or DoesNotExist.',
    values: 'What it is compared with.',
  },
  'core.v1.ResourceQuotaStatus': { '': 'What is bounded and what is used of it.', hard, used: 'How much there is, by resource.' },
  'core.v1.LimitRangeSpec': { '': 'Bounds of single objects.', limits: 'One entry for each sort of object.' },
  'core.v1.LimitRangeItem': {
    '': 'Bounds for one sort of object, by resource.',
    type: 'The sort: Container, Pod or PersistentVolumeClaim.',
    max: 'The most one may ask for.',
    min: 'The least one may ask for.',
    default: 'The limit of containers that name none.',
    defaultRequest: 'What containers ask for that do not say so.',
    maxLimitRequestRatio: 'How many times as large as the request the limit may be.',
  },
};
