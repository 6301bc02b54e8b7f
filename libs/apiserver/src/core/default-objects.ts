// What every cluster has from its first moment: four namespaces, the `kubernetes` Service, the default classes of storage and ingresses,
// and the two priorities of what a cluster cannot do without.
import {
  ConfigMap,
  EndpointSlice,
  Endpoints,
  FlowSchema,
  formatIpv4,
  IngressClass,
  ingressController,
  localProvisioner,
  Namespace,
  PriorityClass,
  PriorityLevelConfiguration,
  parseIpv4Range,
  Service,
  StorageClass,
} from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { Logger } from '@berth/telemetry';
import { defaultClassAnnotation as defaultIngressClassAnnotation } from './admission/default-ingress-class.ts';
import { defaultClassAnnotation } from './admission/default-storage-class.ts';
import { ensureDefaultRoles } from './authorization/ensure-roles.ts';
import { authenticationConfigMapName } from './authorization/namespaced-roles.ts';
import { autoUpdateAnnotation, defaultFlowSchemas, defaultPriorityLevels } from './default-flows.ts';

/** Where pods reach the API server: an address of this machine, not a loopback one. */
export interface AdvertisedAddress {
  address: string;
  port: number;
}

const systemPriorityClasses: PriorityClass[] = [
  priorityClass('system-node-critical', 2_000_001_000, 'Used for system critical pods that must not be moved from their current node.'),
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
];

function priorityClass(name: string, value: number, description: string): PriorityClass {
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, description };
}

/** What only the process that serves the API knows of its cluster. */
export interface ClusterFacts {
  advertised?: AdvertisedAddress | undefined;
  /** How servers that extend the API know its clients, and this server when it speaks for one: keys of Kubernetes' ConfigMap. */
  authentication?: Record<string, string>;
}

export async function ensureDefaultObjects(client: Client, serviceCidr: string, facts: ClusterFacts, logger: Logger): Promise<void> {
  const { advertised, authentication } = facts;
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    await ensure(client, Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
  }
  await ensureDefaultRoles(client);
  await ensure(client, StorageClass, localStorageClass());
  await ensure(client, IngressClass, berthIngressClass());
  for (const priorityClass of systemPriorityClasses) await ensure(client, PriorityClass, priorityClass);
  for (const level of defaultPriorityLevels) await ensureFlow(client, PriorityLevelConfiguration, level);
  for (const schema of defaultFlowSchemas) await ensureFlow(client, FlowSchema, schema);
  await ensure(client, Service, kubernetesService(serviceCidr, advertised?.port ?? 6443)).catch((error: unknown) => {
    // The ServiceCIDR objects are not as configured: a server that does not start could not be asked to change them.
    if (!isReason(error, 'Invalid')) throw error;
    logger.warn('the service kubernetes could not be made', { error });
  });
  if (authentication) await ensureCurrent(client, ConfigMap, authenticationConfigMap(authentication), 'data');
  if (!advertised) return;
  await ensureCurrent(client, Endpoints, kubernetesEndpoints(advertised), 'subsets');
  await ensureCurrent(client, EndpointSlice, kubernetesEndpointSlice(advertised), 'endpoints', 'ports');
}

async function ensure<T extends KubeObject>(client: Client, kind: KindDefinition<T>, object: T): Promise<void> {
  try {
    await client.create(kind, object);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
}

/** A flow schema or priority level that nobody has taken over is set back to what it should be. */
async function ensureFlow<T extends KubeObject & { spec: unknown }>(client: Client, kind: KindDefinition<T>, object: T): Promise<void> {
  await ensure(client, kind, object);
  const found = await client.get(kind, object.metadata);
  if (found.metadata.annotations?.[autoUpdateAnnotation] !== 'true') return;
  await client.update(kind, { ...found, spec: object.spec });
}

/** The address may have changed since the cluster was made. */
async function ensureCurrent<T extends KubeObject>(
  client: Client,
  kind: KindDefinition<T>,
  object: T,
  ...fields: (keyof T)[]
): Promise<void> {
  await ensure(client, kind, object);
  const patch = Object.fromEntries(fields.map((field) => [field, object[field]]));
  await client.patch(kind, object.metadata, 'merge', patch);
}

/** Lets servers that extend the API trust its clients' certificates, and this server. */
function authenticationConfigMap(data: Record<string, string>): ConfigMap {
  const metadata = { name: authenticationConfigMapName, namespace: 'kube-system' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

function localStorageClass(): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local', annotations: { [defaultClassAnnotation]: 'true' } },
    provisioner: localProvisioner,
    reclaimPolicy: 'Delete',
    allowVolumeExpansion: true,
    volumeBindingMode: 'WaitForFirstConsumer',
  };
}

function berthIngressClass(): IngressClass {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'berth', annotations: { [defaultIngressClassAnnotation]: 'true' } },
    spec: { controller: ingressController },
  };
}

function kubernetesService(serviceCidr: string, targetPort: number): Service {
  const clusterIP = formatIpv4(parseIpv4Range(serviceCidr).first + 1);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort }] },
  };
}

function kubernetesEndpoints({ address, port }: AdvertisedAddress): Endpoints {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  };
}

function kubernetesEndpointSlice({ address, port }: AdvertisedAddress): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
}
