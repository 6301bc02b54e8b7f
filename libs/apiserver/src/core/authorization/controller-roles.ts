// The roles that Kubernetes gives its controllers when each runs as a service account of its own in kube-system. Berth's run
// together as one user; these are for controllers of other makers, which are bound to them by name.
import type { DefaultBinding, DefaultRole } from './default-roles.ts';
import type { PolicyRule } from './policy-rules.ts';
import { read } from './rule-shorthand.ts';

/** Verbs, group and resources of a rule, several with spaces between them; `core` is the group without a name. */
type Line = [verbs: string, groups: string, resources: string, resourceNames?: string];

const watched = read.join(' ');
const owned = `${watched} create delete patch update`;
const events: Line = ['create patch update', 'core events.k8s.io', 'events'];
const apps = 'apps extensions';
const podsOfOwner: Line = ['list watch create delete patch', 'core', 'pods'];

const mirroredSlices: Line = [`${watched} create update delete`, 'discovery.k8s.io', 'endpointslices'];
const signers = ['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map(
  (name) => `kubernetes.io/${name}`,
);

/** A controller that keeps pods for objects of one kind. */
const keeperOfPods = (groups: string, plural: string): Line[] => [
  [`${watched} update`, groups, plural],
  ['update', groups, `${plural}/status`],
  ['update', groups, `${plural}/finalizers`],
  podsOfOwner,
  events,
];

/** By the service account's name. */
const controllers: Record<string, Line[]> = {
  'attachdetach-controller': [
    ['list watch', 'core', 'persistentvolumes persistentvolumeclaims pods'],
    [watched, 'core', 'nodes'],
    ['patch update', 'core', 'nodes/status'],
    [`${watched} create delete`, 'storage.k8s.io', 'volumeattachments'],
    [watched, 'storage.k8s.io', 'csidrivers csinodes'],
    events,
  ],
  'certificate-controller': [
    [`${watched} delete`, 'certificates.k8s.io', 'certificatesigningrequests'],
    ['update', 'certificates.k8s.io', 'certificatesigningrequests/approval certificatesigningrequests/status'],
    ['approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'],
    ['sign', 'certificates.k8s.io', 'signers', signers.join(' ')],
    ['create', 'authorization.k8s.io', 'subjectaccessreviews'],
    events,
  ],
  'clusterrole-aggregation-controller': [[`${watched} escalate patch update`, 'rbac.authorization.k8s.io', 'clusterroles']],
  'cronjob-controller': [
    [`${watched} update`, 'batch', 'cronjobs'],
    [owned, 'batch', 'jobs'],
    ['update', 'batch', 'cronjobs/status cronjobs/finalizers'],
    ['list watch delete', 'core', 'pods'],
    events,
  ],
  'daemon-set-controller': [
    [watched, apps, 'daemonsets'],
    ['update', apps, 'daemonsets/status daemonsets/finalizers'],
    ['list watch', 'core', 'nodes'],
    podsOfOwner,
    ['create', 'core', 'pods/binding'],
    [owned, 'apps', 'controllerrevisions'],
    events,
  ],
  'deployment-controller': [
    [`${watched} update`, apps, 'deployments'],
    ['update', apps, 'deployments/status deployments/finalizers'],
    [owned, apps, 'replicasets'],
    [`${watched} update`, 'core', 'pods'],
    events,
  ],
  'disruption-controller': [
    [watched, apps, 'deployments replicasets'],
    [watched, 'core', 'replicationcontrollers'],
    [watched, 'policy', 'poddisruptionbudgets'],
    [watched, 'apps', 'statefulsets'],
    ['update', 'policy', 'poddisruptionbudgets/status'],
    ['patch update', 'core', 'pods/status'],
    ['get', '*', '*/scale'],
    events,
  ],
  'endpoint-controller': [
    [watched, 'core', 'pods services'],
    [`${watched} create update delete`, 'core', 'endpoints'],
    ['create', 'core', 'endpoints/restricted'],
    events,
  ],
  'endpointslice-controller': [[watched, 'core', 'nodes pods services'], ['update', 'core', 'services/finalizers'], mirroredSlices, events],
  'endpointslicemirroring-controller': [
    [watched, 'core', 'endpoints services'],
    ['update', 'core', 'services/finalizers endpoints/finalizers'],
    mirroredSlices,
    events,
  ],
  'ephemeral-volume-controller': [
    [watched, 'core', 'pods'],
    ['update', 'core', 'pods/finalizers'],
    [`${watched} create`, 'core', 'persistentvolumeclaims'],
    events,
  ],
  'expand-controller': [
    [`${watched} patch update`, 'core', 'persistentvolumes'],
    ['patch update', 'core', 'persistentvolumeclaims/status'],
    [watched, 'core', 'persistentvolumeclaims'],
    events,
  ],
  'generic-garbage-collector': [[`${watched} patch update delete`, '*', '*'], events],
  'horizontal-pod-autoscaler': [
    [watched, 'autoscaling', 'horizontalpodautoscalers'],
    ['update', 'autoscaling', 'horizontalpodautoscalers/status'],
    ['get update', '*', '*/scale'],
    ['list watch', 'core metrics.k8s.io', 'pods'],
    [watched, 'custom.metrics.k8s.io external.metrics.k8s.io', '*'],
    events,
  ],
  'job-controller': [[`${watched} patch update`, 'batch', 'jobs'], ['update', 'batch', 'jobs/status jobs/finalizers'], podsOfOwner, events],
  'legacy-service-account-token-cleaner': [
    ['get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'],
    ['delete patch', 'core', 'secrets'],
  ],
  'namespace-controller': [
    [`${watched} delete`, 'core', 'namespaces'],
    ['update', 'core', 'namespaces/finalize namespaces/status'],
    [`${watched} delete deletecollection`, '*', '*'],
  ],
  'node-controller': [
    [`${watched} delete patch update`, 'core', 'nodes'],
    ['patch update', 'core', 'nodes/status pods/status'],
    [`${watched} delete`, 'core', 'pods'],
    events,
  ],
  'persistent-volume-binder': [
    [`${watched} create delete update`, 'core', 'persistentvolumes'],
    ['update', 'core', 'persistentvolumes/status persistentvolumeclaims/status'],
    [`${watched} update`, 'core', 'persistentvolumeclaims'],
    [`${watched} create delete`, 'core', 'pods'],
    [watched, 'storage.k8s.io', 'storageclasses'],
    ['list watch', 'core', 'nodes'],
    ['watch', 'core', 'events'],
    events,
  ],
  'pod-garbage-collector': [
    ['list watch delete', 'core', 'pods'],
    [watched, 'core', 'nodes'],
    ['patch', 'core', 'pods/status'],
  ],
  'pv-protection-controller': [[`${watched} update`, 'core', 'persistentvolumes'], events],
  'pvc-protection-controller': [
    [`${watched} update`, 'core', 'persistentvolumeclaims'],
    ['update', 'core', 'persistentvolumeclaims/status'],
    [watched, 'core', 'pods'],
    events,
  ],
  'replicaset-controller': keeperOfPods(apps, 'replicasets'),
  'replication-controller': keeperOfPods('core', 'replicationcontrollers'),
  'resource-claim-controller': [
    [watched, 'core', 'pods'],
    ['update', 'core', 'pods/finalizers'],
    [`${watched} create delete`, 'resource.k8s.io', 'resourceclaims'],
    ['patch update', 'resource.k8s.io', 'resourceclaims resourceclaims/status'],
    ['patch update', 'core', 'pods/status'],
    events,
  ],
  'resourcequota-controller': [['list watch', '*', '*'], ['update', 'core', 'resourcequotas/status'], events],
  'root-ca-cert-publisher': [['create update', 'core', 'configmaps'], events],
  'route-controller': [['list watch', 'core', 'nodes'], ['patch', 'core', 'nodes/status'], events],
  'selinux-warning-controller': [
    [watched, 'core', 'persistentvolumes persistentvolumeclaims pods'],
    [watched, 'storage.k8s.io', 'csidrivers'],
    events,
  ],
  'service-account-controller': [['create', 'core', 'serviceaccounts'], events],
  'service-cidrs-controller': [
    [`${watched} patch update`, 'networking.k8s.io', 'servicecidrs'],
    ['patch update', 'networking.k8s.io', 'servicecidrs/finalizers servicecidrs/status'],
    [watched, 'networking.k8s.io', 'ipaddresses'],
    events,
  ],
  'service-controller': [
    [watched, 'core', 'services'],
    ['patch update', 'core', 'services/status'],
    ['list watch', 'core', 'nodes'],
    events,
  ],
  'statefulset-controller': [
    [watched, 'apps', 'statefulsets'],
    ['update', 'apps', 'statefulsets/status statefulsets/finalizers'],
    [owned, 'core', 'pods'],
    ['update', 'core', 'pods/finalizers'],
    [owned, 'apps', 'controllerrevisions'],
    [`${watched} create delete update`, 'core', 'persistentvolumeclaims'],
    events,
  ],
  'ttl-after-finished-controller': [[`${watched} delete`, 'batch', 'jobs'], events],
  'ttl-controller': [['list watch patch update', 'core', 'nodes'], events],
  'validatingadmissionpolicy-status-controller': [
    [watched, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'],
    ['get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'],
    events,
  ],
  'volumeattributesclass-protection-controller': [
    [watched, 'core', 'persistentvolumes persistentvolumeclaims'],
    [`${watched} update`, 'storage.k8s.io', 'volumeattributesclasses'],
    events,
  ],
};

const prefix = 'system:controller:';

export const controllerRoles: DefaultRole[] = Object.entries(controllers).map(([account, lines]) => {
  return { name: prefix + account, rules: lines.map(ruleOf) };
});

export const controllerRoleBindings: DefaultBinding[] = Object.keys(controllers).map((account) => {
  return { role: prefix + account, accounts: [account] };
});

function ruleOf([verbs, groups, resources, resourceNames]: Line): PolicyRule {
  return {
    verbs: verbs.split(' '),
    apiGroups: groups.split(' ').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(' '),
    ...(resourceNames && { resourceNames: resourceNames.split(' ') }),
  };
}
