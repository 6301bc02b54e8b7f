// What agents and their nodes are told about the cluster, and where agents dial in.

/** What concerns every node. The CIDRs are IPv4. */
export interface NodeConfig {
  podCidr: string;
  serviceCidr: string;
  clusterDns: string;
  clusterDomain: string;
}

export interface GatewayConfig extends NodeConfig {
  /** gRPC over mTLS, for agents. */
  gatewayAddress: { host: string; port: number };
}
