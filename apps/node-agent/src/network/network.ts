// The network port: what pods, services and names need of this node. The real one writes a CNI configuration, nftables
// and serves DNS; a simulated node has none.
import type { EndpointSlice, Pod, Service } from '@berth/api';
import type { AddressSet, NameServers, NodePeer, PolicyRules } from '@berth/protocol';

/** What the node's network is to serve. */
export interface NetworkState {
  services: Service[];
  endpointSlices: EndpointSlice[];
  /** Of this node, with their addresses. */
  pods: Pod[];
  /** All nodes, this one among them. */
  peers: NodePeer[];
  /** Of load balancers: this node announces them, and no other. Absent: none. */
  heldAddresses?: string[];
  /** Which servers are asked for names elsewhere. Absent: those of the machine. */
  nameServers?: NameServers;
  /** Where this node is, as its label says. */
  zone?: string;
  /** Absent while it is not known which addresses this node's pods have: what is in force stays. */
  policies?: PolicyState;
}

export interface PolicyState {
  policies: PolicyRules[];
  addressSets: AddressSet[];
  /** Pods of this node that nobody wants any more, while they have an address. */
  leaving: Pod[];
}

export interface NodeNetwork {
  /** Writes the CNI configuration for this range and readies the host. Called at each welcome; safe to repeat. */
  configure(settings: { podCidr: string; serviceCidr: string; clusterDns: string; clusterDomain: string }): Promise<void>;
  /** Brings routes, service rules and names in line with what is given. Cheap when nothing has changed. */
  sync(state: NetworkState): void;
  /** Resolves once network policies are in force for all that was given to `sync` so far. @throws Error that says why they cannot be */
  policiesInForce(): Promise<void>;
  /** Below which names of services and pods are, e.g. `cluster.local`. */
  readonly clusterDomain: string;
  /** What a pod's resolv.conf holds, by its dnsPolicy and dnsConfig. */
  dnsFor(pod: Pod): { servers: string[]; searches: string[]; options: string[] };
  /** Stops serving; rules stay, so that pods keep their services while the agent restarts. */
  stop(): Promise<void>;
}
