// What one control-plane process is told on its command line; every role reads this and nothing else from outside.
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { ConfiguredProvider } from './api/authentication/oidc/provider-options.ts';

export const roles = ['api', 'agents', 'controllers', 'scheduler'] as const;
export type Role = (typeof roles)[number];

/** PEM files for the connection to etcd: whom to trust, and what to show. */
export interface EtcdFiles {
  caFile: string;
  certificateFile?: string;
  keyFile?: string;
}

export interface ControlPlaneConfig {
  roles: Role[];
  /** Everything this process keeps: certificates, the SQLite file, the admin kubeconfig. */
  dataDirectory: string;
  /** Path of the EncryptionConfiguration; made at the first start. Default: encryption.yaml in the data directory. */
  encryptionConfig?: string;
  /** Absent without an audit log. */
  audit?: { policyFile: string; logFile: string; fileBytesMax: number; backupsMax: number };
  store: { driver: 'memory' } | { driver: 'sqlite'; file: string } | { driver: 'etcd'; endpoints: string[]; tls?: EtcdFiles };
  /** HTTPS, Kubernetes API and dashboard. */
  apiAddress: { host: string; port: number };
  /** Where pods reach the API, which listens there as well. Absent: at `apiAddress`, if that is no loopback address. */
  advertiseAddress?: { host: string; port: number };
  /** gRPC over mTLS, for agents. */
  gatewayAddress: { host: string; port: number };
  /** Names and addresses, beyond localhost, that serving certificates are made for. */
  extraNames: string[];
  clusterDomain: string;
  /** The `iss` of service accounts' tokens, an URL; the first one issues, all are accepted. */
  serviceAccountIssuers: string[];
  /** Whom a token must be meant for to be shown to this server. */
  apiAudiences: string[];
  /** Identity providers whose tokens are taken; none when absent. */
  authentication?: { file: string } | { provider: ConfiguredProvider };
  /** IPv4 CIDRs. */
  podCidr: string;
  serviceCidr: string;
  clusterDns: string;
  nodePortRange: { from: number; to: number };
  /** In which schedules that name no time zone are read; UTC when absent. */
  timeZone?: string;
  /** Names of admission plugins that are not to run. */
  disableAdmissionPlugins?: string[];
  /** Requests over HTTP that run at a time, watches and streams aside; priority levels share them. */
  requestsInFlightMax: number;
}

export const defaultConfig: Omit<ControlPlaneConfig, 'dataDirectory' | 'store'> = {
  roles: [...roles],
  apiAddress: { host: '127.0.0.1', port: 6443 },
  gatewayAddress: { host: '127.0.0.1', port: 6444 },
  extraNames: [],
  clusterDomain: 'cluster.local',
  serviceAccountIssuers: ['https://kubernetes.default.svc.cluster.local'],
  apiAudiences: ['https://kubernetes.default.svc.cluster.local'],
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  clusterDns: '10.96.0.10',
  nodePortRange: { from: 30000, to: 32767 },
  requestsInFlightMax: 600,
};

/** The ports that every role gets its time, chance and logs from. */
export interface Ports {
  clock: Clock;
  random: Random;
  logger: Logger;
}
