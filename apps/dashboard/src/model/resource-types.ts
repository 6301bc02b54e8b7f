// What a kind is called in the API's paths, in reviews of access and on kubectl's command line. The built-in ones that pages and
// actions name are listed here; all others come from discovery.

export interface ResourceType {
  /** Empty for the core group. */
  group: string;
  version: string;
  /** The plural, as in paths. */
  resource: string;
  kind: string;
  isNamespaced: boolean;
}

const inNamespaces = (group: string, version: string, resource: string, kind: string): ResourceType => ({
  group,
  version,
  resource,
  kind,
  isNamespaced: true,
});
const ofCluster = (group: string, version: string, resource: string, kind: string): ResourceType => ({
  ...inNamespaces(group, version, resource, kind),
  isNamespaced: false,
});

const admission = 'admissionregistration.k8s.io';

export const types = {
  Pod: inNamespaces('', 'v1', 'pods', 'Pod'),
  Service: inNamespaces('', 'v1', 'services', 'Service'),
  ConfigMap: inNamespaces('', 'v1', 'configmaps', 'ConfigMap'),
  Secret: inNamespaces('', 'v1', 'secrets', 'Secret'),
  Event: inNamespaces('', 'v1', 'events', 'Event'),
  PersistentVolumeClaim: inNamespaces('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  ReplicationController: inNamespaces('', 'v1', 'replicationcontrollers', 'ReplicationController'),
  ServiceAccount: inNamespaces('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  ResourceQuota: inNamespaces('', 'v1', 'resourcequotas', 'ResourceQuota'),
  StorageClass: ofCluster('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass'),
  Node: ofCluster('', 'v1', 'nodes', 'Node'),
  Namespace: ofCluster('', 'v1', 'namespaces', 'Namespace'),
  PersistentVolume: ofCluster('', 'v1', 'persistentvolumes', 'PersistentVolume'),
  Deployment: inNamespaces('apps', 'v1', 'deployments', 'Deployment'),
  ReplicaSet: inNamespaces('apps', 'v1', 'replicasets', 'ReplicaSet'),
  StatefulSet: inNamespaces('apps', 'v1', 'statefulsets', 'StatefulSet'),
  DaemonSet: inNamespaces('apps', 'v1', 'daemonsets', 'DaemonSet'),
  ControllerRevision: inNamespaces('apps', 'v1', 'controllerrevisions', 'ControllerRevision'),
  Job: inNamespaces('batch', 'v1', 'jobs', 'Job'),
  CronJob: inNamespaces('batch', 'v1', 'cronjobs', 'CronJob'),
  HorizontalPodAutoscaler: inNamespaces('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  Ingress: inNamespaces('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  EndpointSlice: inNamespaces('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
  PodDisruptionBudget: inNamespaces('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  APIService: ofCluster('apiregistration.k8s.io', 'v1', 'apiservices', 'APIService'),
  ValidatingWebhookConfiguration: ofCluster(admission, 'v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'),
  MutatingWebhookConfiguration: ofCluster(admission, 'v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'),
} satisfies Record<string, ResourceType>;

/** The built-in type of this kind; undefined when it is not listed here or is of another group. */
export function builtInType(kind: string | undefined, group?: string): ResourceType | undefined {
  const type = (types as Record<string, ResourceType | undefined>)[kind ?? ''];
  return type && (group === undefined || type.group === group) ? type : undefined;
}

/** `apps` of `apps/v1`, nothing of `v1`. */
export function groupOf(apiVersion: string | undefined): string {
  const slash = apiVersion?.indexOf('/') ?? -1;
  return slash < 0 ? '' : (apiVersion?.slice(0, slash) ?? '');
}

/** Without a namespace, of all of them. */
export function collectionPath({ group, version, resource, isNamespaced }: ResourceType, namespace?: string): string {
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  return isNamespaced && namespace ? `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}` : `${root}/${resource}`;
}

export function objectPath(type: ResourceType, namespace: string | undefined, name: string, subresource?: string): string {
  return `${collectionPath(type, namespace)}/${encodeURIComponent(name)}${subresource ? `/${subresource}` : ''}`;
}

/** `deployment/web`; with its group, what kubectl might take for something else. */
export function kubectlName({ group, resource, kind }: ResourceType, name: string): string {
  return builtInType(kind, group) ? `${kind.toLowerCase()}/${name}` : `${resource}${group ? `.${group}` : ''}/${name}`;
}
