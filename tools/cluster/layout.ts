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
  podCidr: string;
  serviceCidr: string;
  clusterDns: string;
}

export const root = join(import.meta.dirname, '..', '..');

export const standardLayout: ClusterLayout = {
  directory: join(root, '.berth'),
  instance: '0',
  nodeName: 'berth-node-1',
  store: 'sqlite',
  apiPort: 6443,
  gatewayPort: 6444,
  metricsPort: 6445,
  registryPort: 5055,
  etcdPort: 6446,
  etcdPeerPort: 6447,
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  clusterDns: '10.96.0.10',
};

export function kubeconfigPath({ directory }: Pick<ClusterLayout, 'directory'>): string {
  return join(directory, 'admin.kubeconfig');
}
