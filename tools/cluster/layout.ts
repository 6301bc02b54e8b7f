// Where one cluster on this machine lives and listens. Two clusters with different layouts do not touch each other, which is
// how the end-to-end tests run beside `npm run up`.
import { join } from 'node:path';

export interface ClusterLayout {
  /** Holds everything: certificates, store, node, logs, registry. */
  directory: string;
  /** At most 9 lower-case letters and digits: names the node's bridge, nft table and cgroups. */
  instance: string;
  nodeName: string;
  store: 'sqlite' | 'etcd';
  apiPort: number;
  gatewayPort: number;
  metricsPort: number;
  registryPort: number;
  etcdPort: number;
  etcdPeerPort: number;
  /** Where its nodes serve Ingresses, on all addresses. */
  ingressHttpPort: number;
  ingressHttpsPort: number;
  /** Of the service in examples/hello. */
  exampleNodePort: number;
  podCidr: string;
  /** Where pods reach the API, with its port; the last one of the pods' range, which is far from this machine's part of it. */
  podApiAddress: string;
  serviceCidr: string;
  clusterDns: string;
  /** Where log collectors look; absent keeps pods' logs in the node's own folder. */
  logDirectory?: string;
  /** What nodes run containers with; absent is what the agent finds. */
  containerd?: string | undefined;
  ociRuntime?: string | undefined;
}

export const root = join(import.meta.dirname, '..', '..');

/** How many clusters this machine can hold beside each other. */
export const instancesMax = 19;

/** Instances that tests and benchmarks use, so that they run beside each other and beside whatever people start. */
export const testInstances = { bench: 14, etcd: 15, up: 16, lanes: [17, 18, 19] } as const;

/** Instance 0 is the standard one: Kubernetes' usual ports and ranges, in `.berth`. @param instance 0 to 19 */
export function layoutOf(instance: number, store: ClusterLayout['store'] = 'sqlite'): ClusterLayout {
  if (!Number.isInteger(instance) || instance < 0 || instance > instancesMax) {
    throw new RangeError(`an instance is a number from 0 to ${instancesMax}, not ${instance}`);
  }
  const offset = instance * 1000;
  const [pods, services] = instance === 0 ? [244, 96] : [200 + instance, 100 + instance];
  return {
    directory: join(root, instance === 0 ? '.berth' : `.berth-${instance}`),
    instance: String(instance),
    nodeName: `berth-node-${instance + 1}`,
    store,
    apiPort: 6443 + offset,
    gatewayPort: 6444 + offset,
    metricsPort: 6445 + offset,
    etcdPort: 6446 + offset,
    etcdPeerPort: 6447 + offset,
    ingressHttpPort: instance === 0 ? 80 : 6448 + offset,
    ingressHttpsPort: instance === 0 ? 443 : 6449 + offset,
    registryPort: 5055 + offset,
    exampleNodePort: 30080 + instance,
    podCidr: `10.${pods}.0.0/16`,
    podApiAddress: `10.${pods}.255.254`,
    serviceCidr: `10.${services}.0.0/16`,
    clusterDns: `10.${services}.0.10`,
    ...(instance === 0 && { logDirectory: '/var/log' }),
  };
}

export function kubeconfigPath({ directory }: Pick<ClusterLayout, 'directory'>): string {
  return join(directory, 'admin.kubeconfig');
}
