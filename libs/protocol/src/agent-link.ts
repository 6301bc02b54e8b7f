// The agent's side of a session as a port: gRPC in a real cluster, memory in a simulated one.
// Objects are parsed; the encoding is the implementation's affair.
import type { KubeObject, LabelSelectorObject } from '@berth/machinery';

export interface Welcome {
  nodeUid: string;
  podCidr: string;
  clusterDns: string;
  clusterDomain: string;
  serviceCidr: string;
  heartbeatSeconds: number;
}

export interface DesiredKey {
  kind: string;
  namespace: string;
  name: string;
}

/** Where the pods of a node are. The address is the node's own. */
export interface NodePeer extends KubeObject {
  kind: 'NodePeer';
  spec: { address: string; podCIDR: string };
}

/** One NetworkPolicy, as a node can enforce it: its peers are sets of addresses. It selects pods of its namespace. */
export interface PolicyRules extends KubeObject {
  kind: 'PolicyRules';
  spec: {
    podSelector: LabelSelectorObject;
    /** What may come in, and go out; absent: the policy says nothing of that direction. */
    ingress?: TrafficRule[];
    egress?: TrafficRule[];
  };
}

/** A list that is absent is no condition; an empty one is met by nothing. */
export interface TrafficRule {
  peers?: TrafficPeer[];
  ports?: TrafficPort[];
}

/** `set` names an AddressSet of addresses; ranges are IPv4, canonical. */
export type TrafficPeer = { set: string } | { cidr: string; except: string[] };

/** `set` names an AddressSet of endpoints: a port with a name is another one for each pod. */
export type TrafficPort = { protocol: 'tcp' | 'udp' | 'sctp'; from: number; to: number } | { set: string };

/** Addresses of pods (`10.244.1.2`), or endpoints in them (`10.244.1.2 tcp 80`), of all nodes; sorted. */
export interface AddressSet extends KubeObject {
  kind: 'AddressSet';
  spec: { elements: string[] };
}

/** A certificate that an Ingress names, with its key: PEM, and the DNS names that it is for. Named after its Secret. */
export interface IngressCertificate extends KubeObject {
  kind: 'IngressCertificate';
  spec: { certificate: string; key: string; names: string[] };
}

/** Addresses of load balancers that this node, of whose name it is, announces; no other node does. Absent: none. */
export interface HeldAddresses extends KubeObject {
  kind: 'HeldAddresses';
  spec: { addresses: string[] };
}

/** A snapshot that this node has to take, or to remove; named after its VolumeSnapshotContent. Files are in the node's folder of volumes. */
export interface DiskSnapshot extends KubeObject {
  kind: 'DiskSnapshot';
  spec: {
    file: string;
    isRemoved: boolean;
    /** Path of the file of the volume that it is taken of; absent: it has to be there. */
    volume?: string;
  };
}

/**
 * Which servers the node's name server asks for names that are none of the cluster's, as ConfigMaps say. Absent: those of its machine. Without a
 * spec, what was in force stays: nothing is known that could be followed.
 */
export interface NameServers extends KubeObject {
  kind: 'NameServers';
  spec?: NameServerSettings;
  /** What of the ConfigMaps cannot be followed. */
  error?: string;
}

/** Servers are addresses with ports, such as `10.0.0.1:53`; none are those of the node's machine. */
export interface NameServerSettings {
  upstreams?: string[];
  stubs: { domain: string; servers: string[] }[];
}

export interface DesiredState {
  revision: number;
  full: boolean;
  /**
   * Pods of this node, with the ConfigMaps, Secrets, PersistentVolumeClaims, PersistentVolumes and CSIDrivers they use; the VolumeAttachments of
   * this node; all Services, EndpointSlices
   * and NodePeers, this node's own among them; the PolicyRules that select its pods, and the AddressSets that these name;
   * the Ingresses that Berth serves, with their IngressCertificates; the HeldAddresses of this node; the NameServers; the DiskSnapshots that are to be
   * taken or removed.
   */
  objects: KubeObject[];
  removed: DesiredKey[];
}

/** What an agent says of a snapshot, once it has been taken or removed. */
export interface SnapshotReport {
  content: string;
  uid: string;
  /** Why it was not. */
  error?: string;
  /** Of what was taken: of the volume. */
  bytes?: number;
  /** Unix milliseconds. */
  takenAtMs?: number;
}

/** What an agent says of the storage drivers of its node. */
export interface CsiNodeReport {
  /** As CSINode lists them. */
  drivers: { name: string; nodeID: string; topologyKeys?: string[]; allocatable?: { count?: number } }[];
  /** Labels that say where the node is for them. */
  topology: Record<string, string>;
}

/** What became of making a claim's volume larger on a node. */
export interface ClaimExpansion {
  namespace: string;
  name: string;
  uid: string;
  /** What it has now; with an error, what it was to have. */
  storage: string;
  error?: string;
  /** It never will. */
  isInfeasible?: boolean;
  /** The driver is about to be asked: what comes of it follows, and takes this one's place. */
  isInProgress?: boolean;
}

export interface PodStatusReport {
  namespace: string;
  name: string;
  uid: string;
  /** A core/v1 PodStatus. */
  status: object;
  terminated: boolean;
}

export interface AgentEvent {
  namespace: string;
  kind: string;
  name: string;
  uid: string;
  fieldPath: string;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  at: string;
  /** How often it happened since it was last reported. */
  count: number;
}

/** CPU in billionths of a core on average over the window, memory that cannot be reclaimed in bytes. */
export interface Usage {
  cpuNanoCores: number;
  memoryBytes: number;
}

export interface UsageReport {
  /** RFC 3339: the window's end. */
  at: string;
  windowSeconds: number;
  node: Usage;
  /** What its disk has for volumes in all, those that there are included; absent where it makes none. */
  volumesCapacityBytes?: number;
  pods: { namespace: string; name: string; uid: string; containers: (Usage & { name: string })[] }[];
  /** Of the node and its pods, in the text format of Prometheus, for the history that the control plane keeps. */
  samples?: string;
}

export interface TunnelRequest {
  tunnelId: string;
  /**
   * `portforward` is a port of the pod's loopback, `proxy` one of its address; `node` is the node's own HTTP surface, or another port of
   * its address: no pod is named.
   */
  kind: 'exec' | 'attach' | 'log' | 'portforward' | 'proxy' | 'node';
  namespace: string;
  pod: string;
  uid: string;
  container: string;
  command: string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
  port: number;
  log: {
    follow: boolean;
    previous: boolean;
    timestamps: boolean;
    tailLines?: number;
    limitBytes?: number;
    sinceSeconds?: number;
    sinceTime?: string;
  };
}

/** Both ends of a tunnel look alike: write to send, listen to receive; `send` resolves when the other side has room. */
export interface Tunnel {
  send(channel: 'stdin' | 'stdout' | 'stderr', data: Uint8Array): Promise<void>;
  end(channel: 'stdin' | 'stdout' | 'stderr'): void;
  resize(width: number, height: number): void;
  /** The last frame: an exit code, or an error message. */
  finish(exitCode: number, error?: string): void;
  abort(error: Error): void;
  onData(handler: (channel: 'stdin' | 'stdout' | 'stderr', data: Uint8Array) => void | Promise<void>): void;
  onEnd(handler: (channel: 'stdin' | 'stdout' | 'stderr') => void): void;
  onResize(handler: (width: number, height: number) => void): void;
  /** Resolves once, when the other side finished or the tunnel broke (error set). */
  readonly finished: Promise<{ exitCode: number; error?: string }>;
}

export interface AccountTokenRequest {
  namespace: string;
  pod: string;
  uid: string;
  /** Empty for the API server. */
  audience: string;
  expirationSeconds: number;
}

export interface AccountToken {
  token: string;
  /** Unix milliseconds. */
  expiresAtMs: number;
}

/** What the agent does when its session speaks. */
export interface SessionHandler {
  welcome(welcome: Welcome): void;
  desired(state: DesiredState): void;
  /** Resolves with a refusal's reason, or undefined once the tunnel is being served. */
  openTunnel(request: TunnelRequest, accept: () => Promise<Tunnel>): void;
  /** The session broke; the link redials with back-off by itself and calls `hello` again. */
  disconnected(reason: string): void;
}

export interface AgentLink {
  /**
   * Keeps a session open until stopped. `hello` is asked at each (re)connection for the newest revision applied
   * and the Node object to register.
   */
  start(handler: SessionHandler, hello: () => { revision: number; bootId: string; node: KubeObject }): void;
  stop(): Promise<void>;
  /** Of the certificate that it proves itself by, in unix milliseconds; absent where there is none (yet). */
  readonly certificateEndsAtMs?: number | undefined;
  reportNode(status: object): void;
  /** Merged per pod while unsent; delivered at least once, newest state wins, across reconnects. */
  reportPod(report: PodStatusReport): void;
  reportEvent(event: AgentEvent): void;
  /** Every pod that the node runs by itself, for mirrors of them in the API; again with every session. */
  setStaticPods(pods: KubeObject[]): void;
  /** Every storage driver of the node; again with every session. */
  reportCsiNode(report: CsiNodeReport): void;
  /** Lost while there is no session: only the newest counts. */
  reportUsage(usage: UsageReport): void;
  /** Delivered at least once, until the desired state shows that it arrived. */
  reportVolumeMade(persistentVolume: string, uid: string, error?: string): void;
  reportClaimExpanded(report: ClaimExpansion): void;
  reportVolumeRemoved(persistentVolume: string, uid: string, error?: string): void;
  reportSnapshot(type: 'snapshotTaken' | 'snapshotRemoved', report: SnapshotReport): void;
  refuseTunnel(tunnelId: string, code: number, message: string): void;
  /** Rejects when it is refused, and while there is no session. */
  accountToken(request: AccountTokenRequest): Promise<AccountToken>;
}
