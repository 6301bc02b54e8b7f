// The rules that hold before RBAC exists. Each of Berth's own parts gets what it does and nothing more: a scheduler cannot
// read secrets, and only the gateway speaks for nodes.
import type { User } from './types.ts';

export interface Rule {
  verbs: string[];
  /** API groups; '' is core. */
  groups: string[];
  /** `pods`, `pods/status`, `*` for everything, subresources included, or `*` and a slash and a subresource. */
  resources: string[];
  /** Resources or resource/subresource pairs that `*` does not mean. */
  except?: string[];
  /** Only in these namespaces. */
  namespaces?: string[];
  /** Paths outside of resources; such a rule is about nothing else. */
  paths?: string[];
}

const read = ['get', 'list', 'watch'];
const write = ['create', 'update', 'patch', 'delete'];
const rule = (verbs: string[], groups: string[], resources: string[], more: Partial<Rule> = {}): Rule => ({
  verbs,
  groups,
  resources,
  ...more,
});
const path = (verbs: string[], ...paths: string[]): Rule => ({ verbs, groups: [], resources: [], paths });

const publicPaths = path(['get'], '/healthz', '/livez', '/livez/*', '/readyz', '/readyz/*', '/version', '/version/');
const discoveryPaths = path(['get'], '/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*');

const everything = [rule(['*'], ['*'], ['*']), path(['*'], '*')];

const viewer = [
  rule(read, ['*'], ['*'], { except: ['secrets', '*/exec', '*/attach', '*/portforward', '*/proxy'] }),
  path(['get'], '/ui', '/ui/*'),
];

const events = [rule(['create', 'patch', 'update'], ['', 'events.k8s.io'], ['events'])];
const leaderElection = [rule(['get', 'create', 'update'], ['coordination.k8s.io'], ['leases'], { namespaces: ['kube-system'] })];

const scheduler = [
  rule(read, [''], ['pods', 'nodes', 'namespaces', 'services', 'persistentvolumes', 'persistentvolumeclaims', 'replicationcontrollers']),
  rule(read, ['apps'], ['replicasets', 'statefulsets']),
  rule(read, ['storage.k8s.io'], ['storageclasses', 'csinodes', 'csidrivers', 'csistoragecapacities']),
  rule(read, ['policy'], ['poddisruptionbudgets']),
  rule(read, ['scheduling.k8s.io'], ['priorityclasses']),
  rule(['create'], [''], ['pods/binding', 'bindings']),
  rule(['update', 'patch'], [''], ['pods/status']),
  // Preemption removes pods; volume binding chooses a node for a claim.
  rule(['delete'], [''], ['pods']),
  rule(['update', 'patch'], [''], ['persistentvolumeclaims', 'persistentvolumes']),
  ...events,
  ...leaderElection,
];

/** Controllers create and remove most kinds, the garbage collector any; none opens a shell or binds a pod. */
const controllerManager = [
  rule([...read, ...write, 'deletecollection'], ['*'], ['*'], {
    except: ['secrets', '*/exec', '*/attach', '*/portforward', '*/proxy', '*/log', '*/binding', 'nodes'],
  }),
  // Namespaces and owners take their secrets with them; service accounts get their own.
  rule(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'], [''], ['secrets']),
  rule([...read, 'update', 'patch', 'delete'], [''], ['nodes', 'nodes/status']),
  discoveryPaths,
];

const gateway = [
  rule([...read, 'create', 'update', 'patch'], [''], ['nodes', 'nodes/status']),
  rule(
    read,
    [''],
    ['pods', 'configmaps', 'secrets', 'persistentvolumeclaims', 'persistentvolumes', 'services', 'namespaces', 'serviceaccounts'],
  ),
  rule(['update', 'patch'], [''], ['pods/status', 'persistentvolumes/status']),
  rule(['delete'], [''], ['pods', 'persistentvolumes']),
  // The provisioner's finalizer is taken off once an agent removed the directory.
  rule(['update', 'patch'], [''], ['persistentvolumes']),
  rule(read, [''], ['endpoints']),
  rule(read, ['discovery.k8s.io'], ['endpointslices']),
  rule(read, ['storage.k8s.io'], ['storageclasses']),
  rule([...read, 'create', 'update', 'patch'], ['coordination.k8s.io'], ['leases'], { namespaces: ['kube-node-lease'] }),
  ...events,
];

const byUser: Record<string, Rule[]> = {
  'system:kube-scheduler': scheduler,
  'system:kube-controller-manager': controllerManager,
  'system:berth-gateway': gateway,
};

const byGroup: Record<string, Rule[]> = {
  'system:masters': everything,
  'berth:viewers': viewer,
  'system:monitoring': [path(['get'], '/metrics')],
  'system:authenticated': [discoveryPaths],
};

export function rulesOf(user: User): Rule[] {
  const own = Object.hasOwn(byUser, user.name) ? (byUser[user.name] ?? []) : [];
  return [publicPaths, ...own, ...user.groups.flatMap((group) => (Object.hasOwn(byGroup, group) ? (byGroup[group] ?? []) : []))];
}

/** Users that Berth's own parts act as, in process or by certificate. */
export const componentUsers = {
  apiServer: { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] },
  scheduler: { name: 'system:kube-scheduler', groups: ['system:authenticated'] },
  controllerManager: { name: 'system:kube-controller-manager', groups: ['system:authenticated'] },
  gateway: { name: 'system:berth-gateway', groups: ['system:authenticated'] },
} satisfies Record<string, User>;
