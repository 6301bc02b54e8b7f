// The Node object and its status as this agent reports them. Pure.
import { type Node, type NodeCondition, type NodeStatus, type Taint, volumeFileSystemsAnnotation } from '@berth/api';
import type { ImageInfo, RuntimeHealth } from '@berth/runtime';
import type { ProxyPorts } from '../ingress/haproxy-config.ts';
import type { PressureCondition } from '../pods/admission.ts';
import type { HostFacts } from './host-facts.ts';
import type { ReservedResources } from './reserved-resources.ts';

/** Says where local volumes are, for the provisioner. */
export const volumesDirectoryAnnotation = 'berth.io/volumes-directory';

/** Says on which ports Ingresses are served, as `80,443`; empty where none are. */
export const ingressPortsAnnotation = 'berth.io/ingress-ports';

export const podsMaxDefault = 110;
/** A node's range of pod addresses is a /24; some are the network's own, and some wait until their last pod is surely gone. */
export const podsMaxLimit = 250;
/** Kept for the system where nothing else is said: a tenth of memory at most 1 GiB, and a tenth of one core. */
const reservedMemoryShare = 0.1;
const reservedMemoryBytesMax = 2 ** 30;
const reservedCpuMillis = 100;
/** Of each image in the status. */
const imageNamesMax = 5;

export interface NodeFacts {
  host: HostFacts;
  nodeName: string;
  nodeIp: string;
  volumesDirectory: string;
  /** With which volumes are made; none: they are folders. */
  volumeFileSystems: string[];
  labels: Record<string, string>;
  /** What the node is registered with. */
  taints?: Taint[];
  podsMax: number;
  /** What pods may not count on, where the operator has said it. */
  reserved?: ReservedResources;
  /** Absent: this node serves no Ingresses. */
  ingressPorts?: ProxyPorts;
  runtimeVersion: string;
  agentVersion: string;
  /** Of the disk, which pods are evicted for: no pod may count on it. */
  reservedStorageBytes: number;
}

export interface NodeHealth extends RuntimeHealth {
  /** The machine is about to be switched off. */
  isShuttingDown?: boolean;
  diskAvailableShare: number;
  /** Known escapes of the runc in use, as advice. */
  runcAdvisory?: string;
}

export function nodeObject(facts: NodeFacts, status: NodeStatus): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: facts.nodeName,
      labels: nodeLabels(facts),
      annotations: {
        [volumesDirectoryAnnotation]: facts.volumesDirectory,
        [volumeFileSystemsAnnotation]: facts.volumeFileSystems.join(','),
        [ingressPortsAnnotation]: ingressPorts(facts),
      },
    },
    spec: facts.taints && facts.taints.length > 0 ? { taints: facts.taints } : {},
    status,
  };
}

function ingressPorts({ ingressPorts: { http, https } = { http: undefined, https: undefined } }: NodeFacts): string {
  return [http, https].filter((port) => port !== undefined).join(',');
}

/** What the agent registers with. */
export function nodeLabels({ nodeName, host, labels }: NodeFacts): Record<string, string> {
  return {
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': host.architecture,
    // Their names of old, which many a selector still uses.
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': host.architecture,
    ...labels,
  };
}

type Amounts = Pick<NodeFacts, 'host' | 'reservedStorageBytes' | 'reserved'>;

export function allocatable({ host, reservedStorageBytes, reserved = {} }: Amounts): {
  cpuCores: number;
  memoryBytes: number;
  storageBytes: number;
} {
  const memoryBytes = reserved.memoryBytes ?? Math.min(host.memoryBytes * reservedMemoryShare, reservedMemoryBytesMax);
  return {
    cpuCores: Math.max(0, host.cpuCores - (reserved.cpuMillis ?? reservedCpuMillis) / 1000),
    memoryBytes: wholeKib(Math.max(0, host.memoryBytes - memoryBytes)),
    storageBytes: wholeKib(Math.max(0, host.diskBytes - reservedStorageBytes - (reserved.storageBytes ?? 0))),
  };
}

function wholeKib(bytes: number): number {
  return Math.floor(bytes / 1024) * 1024;
}

/** What a node's conditions come from. */
export interface NodeState {
  health: NodeHealth;
  pressures: readonly PressureCondition[];
  /** For transition times. */
  previous: NodeCondition[];
  /** Those that the status lists, in this order. */
  images: readonly ImageInfo[];
  /** That are not to be detached. */
  volumesInUse?: readonly string[];
}

/** @param now RFC 3339 */
export function nodeStatus(
  facts: NodeFacts,
  { health, pressures, previous, images, volumesInUse = [] }: NodeState,
  now: string,
): NodeStatus {
  const { host } = facts;
  const free = allocatable(facts);
  const size = (cpu: string, memoryBytes: number, storageBytes: number) => ({
    cpu,
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(storageBytes / 1024)}Ki`,
    pods: String(facts.podsMax),
  });
  return {
    capacity: size(String(host.cpuCores), host.memoryBytes, host.diskBytes),
    allocatable: size(`${Math.round(free.cpuCores * 1000)}m`, free.memoryBytes, free.storageBytes),
    addresses: [
      { type: 'InternalIP', address: facts.nodeIp },
      { type: 'Hostname', address: facts.nodeName },
    ],
    conditions: conditions(health, pressures).map((c) => withTimes(c, previous, now)),
    nodeInfo: {
      machineID: host.machineId,
      systemUUID: host.machineId,
      bootID: host.bootId,
      kernelVersion: host.kernelVersion,
      osImage: host.osImage,
      containerRuntimeVersion: facts.runtimeVersion,
      kubeletVersion: facts.agentVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: host.architecture,
    },
    ...(images.length > 0 && { images: images.map(shownImage) }),
    ...(volumesInUse.length > 0 && { volumesInUse: [...volumesInUse] }),
    ...runtimeFeatures(health),
  };
}

function shownImage({ repoDigests, repoTags, sizeBytes }: ImageInfo): NonNullable<NodeStatus['images']>[number] {
  return { names: [...repoDigests, ...repoTags].slice(0, imageNamesMax), sizeBytes };
}

/** Nothing where the runtime says nothing of what it can do. */
function runtimeFeatures({ handlers, supplementalGroupsPolicy }: RuntimeHealth): Pick<NodeStatus, 'runtimeHandlers' | 'features'> {
  return {
    ...(handlers && { runtimeHandlers: handlers.map(({ name, ...features }) => ({ name, features })) }),
    ...(supplementalGroupsPolicy !== undefined && { features: { supplementalGroupsPolicy } }),
  };
}

function conditions(health: NodeHealth, pressures: readonly PressureCondition[]): NodeCondition[] {
  // The kubelet's own words: people and dashboards match on them.
  const pressure = (type: string, pressed: boolean, whenPressed: string, otherwise: string, what: string): NodeCondition => ({
    type,
    status: pressed ? 'True' : 'False',
    reason: `KubeletHas${pressed ? whenPressed : otherwise}`,
    message: `kubelet has ${what}`,
  });
  const [lowMemory, lowDisk, lowPids] = [
    pressures.includes('MemoryPressure'),
    pressures.includes('DiskPressure'),
    pressures.includes('PIDPressure'),
  ];
  const trouble = [
    health.runtime && `container runtime is down: ${health.runtime}`,
    health.network && `container network is not ready: ${health.network}`,
    health.isShuttingDown && 'node is shutting down',
  ].filter(Boolean);
  return [
    pressure('MemoryPressure', lowMemory, 'InsufficientMemory', 'SufficientMemory', `${lowMemory ? 'in' : ''}sufficient memory available`),
    pressure('DiskPressure', lowDisk, 'DiskPressure', 'NoDiskPressure', `${lowDisk ? '' : 'no '}disk pressure`),
    pressure('PIDPressure', lowPids, 'InsufficientPID', 'SufficientPID', `${lowPids ? 'in' : ''}sufficient PID available`),
    ...(health.runcAdvisory ? [{ type: 'RuncVulnerable', status: 'True', reason: 'KnownEscapes', message: health.runcAdvisory }] : []),
    trouble.length > 0
      ? { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: trouble.join('; ') }
      : { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ];
}

function withTimes(condition: NodeCondition, previous: NodeCondition[], now: string): NodeCondition {
  const before = previous.find((c) => c.type === condition.type);
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  return { ...condition, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
}
