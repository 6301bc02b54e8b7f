// What Berth's own parts may do, and nothing more: a scheduler cannot read secrets, and only the gateway speaks for nodes. Rules
// have no exceptions, so what is left out is left out by naming the rest: every kind there is.
import { kinds, kindViews, snapshotGroup } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import type { PolicyRule } from './policy-rules.ts';
import { eventRules, read, rule, write } from './rule-shorthand.ts';

function grouped(chosen: KindDefinition[], verbs: string[], resourcesOf: (kind: KindDefinition) => string[]): PolicyRule[] {
  const byGroup = new Map<string, Set<string>>();
  for (const kind of chosen) {
    const known = byGroup.get(kind.group) ?? new Set();
    byGroup.set(kind.group, known);
    for (const resource of resourcesOf(kind)) known.add(resource);
  }
  return [...byGroup].map(([group, resources]) => rule(verbs, group, [...resources].sort()));
}

function withParts({ plural, subresources }: KindDefinition): string[] {
  return [plural, ...(subresources.status ? [`${plural}/status`] : []), ...(subresources.scale ? [`${plural}/scale`] : [])];
}

const all = [...kinds, ...kindViews];
const is = (group: string, plural: string) => (kind: KindDefinition) => kind.group === group && kind.plural === plural;
const isSecret = is('', 'secrets');
const isNode = is('', 'nodes');

export const schedulerRules: PolicyRule[] = [
  rule(read, '', ['pods', 'nodes', 'namespaces', 'services', 'persistentvolumes', 'persistentvolumeclaims', 'replicationcontrollers']),
  rule(read, 'apps', ['replicasets', 'statefulsets']),
  rule(read, 'storage.k8s.io', ['storageclasses', 'csinodes', 'csidrivers', 'csistoragecapacities', 'volumeattachments']),
  rule(read, 'policy', ['poddisruptionbudgets']),
  rule(read, 'resource.k8s.io', ['deviceclasses', 'resourceclaims']),
  rule(read, 'scheduling.k8s.io', ['priorityclasses']),
  rule(['create'], '', ['pods/binding', 'bindings']),
  rule(['update', 'patch'], '', ['pods/status']),
  // Preemption removes pods; volume binding chooses a node for a claim.
  rule(['delete'], '', ['pods']),
  rule(['update', 'patch'], '', ['persistentvolumeclaims', 'persistentvolumes']),
  rule(['get', 'create', 'update'], 'coordination.k8s.io', ['leases']),
  ...eventRules,
];

/** Controllers create and remove most kinds, the garbage collector any; none opens a shell or binds a pod. */
export const controllerManagerRules: PolicyRule[] = [
  ...grouped(
    all.filter((kind) => !isNode(kind)),
    [...read, ...write],
    withParts,
  ),
  rule([...read, 'update', 'patch', 'delete'], '', ['nodes', 'nodes/status']),
  // Custom resources, which Berth installs itself.
  rule([...read, 'delete'], 'build.berth.io', ['imagebuilds']),
  rule(['update', 'patch'], 'build.berth.io', ['imagebuilds/status', 'imagebuilds/finalizers']),
  rule([...read, ...write], snapshotGroup, ['volumesnapshots', 'volumesnapshots/status', 'volumesnapshotcontents']),
  rule([...read, ...write], snapshotGroup, ['volumesnapshotcontents/status', 'volumesnapshotclasses']),
  rule(['update'], '', ['namespaces/finalize']),
  rule(['create'], '', ['pods/eviction', 'serviceaccounts/token']),
  rule(['update', 'patch'], 'certificates.k8s.io', ['certificatesigningrequests/approval']),
  rule(['approve', 'sign'], 'certificates.k8s.io', ['signers']),
  rule(['create'], 'authorization.k8s.io', ['subjectaccessreviews']),
  rule(['create'], 'authentication.k8s.io', ['tokenreviews']),
  // Rules that were granted one by one are put together in aggregated roles.
  rule(['escalate', 'bind'], 'rbac.authorization.k8s.io', ['clusterroles', 'roles']),
  rule(read, 'metrics.k8s.io', ['pods', 'nodes']),
  { verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'] },
];

export const gatewayRules: PolicyRule[] = [
  rule([...read, 'create', 'update', 'patch'], '', ['nodes', 'nodes/status']),
  rule(read, '', ['pods', 'configmaps', 'secrets', 'persistentvolumeclaims', 'persistentvolumes', 'services', 'namespaces']),
  rule(read, '', ['serviceaccounts', 'endpoints']),
  rule(['create'], '', ['serviceaccounts/token']),
  rule(['update', 'patch'], '', ['pods/status', 'persistentvolumes/status', 'persistentvolumeclaims/status']),
  // Mirrors of pods that nodes run by themselves.
  rule(['create'], '', ['pods']),
  rule(['delete'], '', ['pods', 'persistentvolumes']),
  // The provisioner's finalizer is taken off once an agent removed the directory.
  rule(['update', 'patch'], '', ['persistentvolumes']),
  // What becomes of snapshots on nodes.
  rule(read, 'apiextensions.k8s.io', ['customresourcedefinitions']),
  rule([...read, 'update', 'patch'], snapshotGroup, ['volumesnapshotcontents', 'volumesnapshotcontents/status']),
  rule(read, 'discovery.k8s.io', ['endpointslices']),
  rule(read, 'storage.k8s.io', ['storageclasses', 'csidrivers', 'volumeattachments']),
  // The storage drivers of each node.
  rule([...read, 'create', 'update', 'patch'], 'storage.k8s.io', ['csinodes']),
  rule(read, 'node.k8s.io', ['runtimeclasses']),
  rule(read, 'networking.k8s.io', ['networkpolicies', 'ingresses', 'ingressclasses']),
  rule([...read, 'create', 'update', 'patch'], 'coordination.k8s.io', ['leases']),
  ...eventRules,
];

/** All that can be looked at without being let in anywhere: no secrets, no shells, no ways into the network of pods. */
/** Clients of Prometheus' API post what they ask. */
export const metricHistoryRule: PolicyRule = { verbs: ['get', 'post'], nonResourceURLs: ['/metrics/history/*'] };

export const viewerRules: PolicyRule[] = [
  ...grouped(
    all.filter((kind) => !isSecret(kind)),
    read,
    withParts,
  ),
  rule(['get'], '', ['pods/log']),
  rule(read, 'metrics.k8s.io', ['pods', 'nodes']),
  rule(read, 'decisions.scheduling.berth.io', ['decisions']),
  rule(['get', 'list'], 'history.berth.io', ['changes', 'moments']),
  metricHistoryRule,
];
