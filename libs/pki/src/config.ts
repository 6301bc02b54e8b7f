// Where the control plane is, as far as its certificates need to know.
export interface PkiConfig {
  /** Of this process: only the one with `api` is reached by pods. */
  roles: readonly string[];
  /** Everything this process keeps: certificates, the SQLite file, the admin kubeconfig. */
  dataDirectory: string;
  /** HTTPS, Kubernetes API and dashboard. */
  apiAddress: { host: string; port: number };
  /** Where pods reach the API, which listens there as well. Absent: at `apiAddress`, if that is no loopback address. */
  advertiseAddress?: { host: string; port: number };
  /** gRPC over mTLS, for agents. */
  gatewayAddress: { host: string; port: number };
  /** Names and addresses, beyond localhost, that serving certificates are made for. */
  extraNames: string[];
  clusterDomain: string;
  /** IPv4 CIDR. */
  serviceCidr: string;
}
