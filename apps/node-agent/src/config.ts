// What one agent is told on its command line.
import type { Taint } from '@berth/api';
import type { ContainerdPrograms } from '@berth/runtime';
import type { TracingConfig } from '@berth/telemetry/tracing';
import type { EvictionSettings } from './eviction/thresholds.ts';
import type { ImageSettings } from './images/image-settings.ts';
import type { RegistrySettings } from './images/node-registries.ts';
import type { ProxyPorts } from './ingress/haproxy-config.ts';
import type { PodNetworkMode } from './network/pod-routes-plan.ts';
import type { ReservedResources } from './node/reserved-resources.ts';
import type { ShutdownPeriod } from './shutdown/shutdown-periods.ts';

export interface AgentConfig {
  nodeName: string;
  /** Certificates, containerd's root and state, pods' folders, local volumes. */
  dataDirectory: string;
  /** The control plane's gateway. */
  gateway: { host: string; port: number };
  /** Needed for the first start only; the node's certificate is used after that. */
  joinToken: string | undefined;
  /** The address that pods and services see this node under. */
  nodeIp: string;
  /** How pods of this node reach those of others. */
  podNetwork: PodNetworkMode;
  /** Distinguishes the bridge, nft table and cgroup parent of agents on one host. At most 9 letters and digits. */
  instance: string;
  /** Where Ingresses are served on all addresses of the node. */
  ingressPorts: ProxyPorts;
  /** Prometheus metrics and health over plain HTTP on this address. */
  metricsAddress: { host: string; port: number };
  /** CRI socket of a containerd that somebody else runs; absent runs our own. */
  runtimeEndpoint: string | undefined;
  /** What our own containerd is, and what runs containers for it. */
  programs: ContainerdPrograms;
  labels: Record<string, string>;
  /** What the node is registered with; later, users set them. */
  taints: Taint[];
  podsMax: number;
  reserved: ReservedResources;
  /** Kernel settings that pods may have besides the safe ones: names, or patterns that end in `*`. */
  allowedUnsafeSysctls: string[];
  eviction: EvictionSettings;
  images: ImageSettings;
  registries: RegistrySettings;
  /** Holds manifests of pods that the node runs by itself. */
  podManifests: string;
  /** How long pods have when the machine is switched off; empty: as long as the machine has. */
  shutdown: ShutdownPeriod[];
  /** Holds `pods/` and `containers/`, as /var/log does; absent is `logs` below the data directory. */
  logDirectory: string | undefined;
  /** Absent where nothing is traced. */
  tracing?: TracingConfig;
}
