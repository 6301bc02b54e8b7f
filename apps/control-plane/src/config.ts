// What one control-plane process is told on its command line; every role reads this and nothing else from outside.
import type { AuditConfig, AuthenticationConfig, LoginConfig } from '@berth/apiserver';
import type { ApiConfig } from '@berth/apiserver/core';
import type { ControllersConfig } from '@berth/controllers';
import type { GatewayConfig } from '@berth/gateway';
import type { PkiConfig } from '@berth/pki';
import type { TracingConfig } from '@berth/telemetry/tracing';

export const roles = ['api', 'agents', 'controllers', 'scheduler'] as const;
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type Role = (typeof roles)[number];

/** PEM files for the connection to etcd: whom to trust, and what to show. */
export interface EtcdFiles {
  caFile: string;
  certificateFile?: string;
  keyFile?: string;
}

/** Each part says what it reads; a process has all of it. */
export interface ControlPlaneConfig extends PkiConfig, GatewayConfig, ControllersConfig, ApiConfig, AuthenticationConfig {
  roles: Role[];
  /** Path of the EncryptionConfiguration; made at the first start. Default: encryption.yaml in the data directory. */
  encryptionConfig?: string;
  /** Absent without an audit log. */
  audit?: AuditConfig;
  store: { driver: 'memory' } | { driver: 'sqlite'; file: string } | { driver: 'etcd'; endpoints: string[]; tls?: EtcdFiles };
  /** The `iss` of service accounts' tokens, an URL; the first one issues, all are accepted. */
  serviceAccountIssuers: string[];
  /** Requests over HTTP that run at a time, watches and streams aside; priority levels share them. */
  requestsInFlightMax: number;
  /** Of the cluster, whose host is what images begin with on its nodes. Absent without one. */
  imageRegistry?: URL;
  /** Versions of the API, `group/version`, that are served although they are off by default. */
  apiVersions: string[];
  /** Through which identity provider people log in to the dashboard; by tokens alone when absent. */
  dashboardLogin?: LoginConfig;
  /** Absent where nothing is traced. */
  tracing?: TracingConfig;
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
  apiVersions: [],
};
