// A machine that is not there, as the agent's ports see it: nothing is short, every probe succeeds, volumes are names and rules of the
// network go nowhere. With a HollowRuntime it makes an agent that is real in everything else.
import type { Pod } from '@berth/api';
import type { AgentPorts } from '../agent.ts';
import type { AgentSettings } from '../agent-settings.ts';
import { defaultEvictionOptions, evictionSettings } from '../eviction/thresholds.ts';
import { defaultImageSettings } from '../images/image-settings.ts';
import type { NodeNetwork } from '../network/network.ts';
import { podsMaxDefault } from '../node/node-object.ts';
import { LogFolders } from '../pods/log-folders.ts';

export const simulatedCgroupParent = '/simulated';

export const simulatedNetwork: NodeNetwork = {
  configure: async () => {},
  sync: () => {},
  policiesInForce: async () => {},
  clusterDomain: 'cluster.local',
  dnsFor: () => ({ servers: [], searches: [], options: [] }),
  stop: async () => {},
};

export const simulatedMachine: Pick<
  AgentPorts,
  'volumes' | 'measurements' | 'nodeCredentials' | 'probes' | 'health' | 'hostCounters' | 'dial'
> = {
  volumes: {
    prepare: async (pod: Pod) => new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, `/simulated/${volume.name}`])),
    fill: async () => [],
    provideImage: async (_pod, volume) => `/simulated/${volume}`,
    podDirectory: (uid) => `/simulated/${uid}`,
    release: async () => undefined,
    cleanUp: async () => {},
    knownPods: async () => [],
    localCapacity: async () => undefined,
    usage: async () => [],
    makeLocal: async () => {},
    removeLocal: async () => {},
    takeSnapshot: async () => ({ bytes: 0, takenAtMs: 0 }),
    removeSnapshot: async () => undefined,
    readSnapshot: () => Promise.reject(new Error('a simulated node has no snapshots')),
    writeSnapshot: () => Promise.reject(new Error('a simulated node has no snapshots')),
  },
  measurements: {
    observe: async () => ({}),
    usage: async () => ({ containers: [], volumes: new Map(), processes: 0 }),
    hasImageDisk: async () => false,
  },
  nodeCredentials: async () => [],
  probes: { run: async () => ({ success: true, message: '' }) },
  health: async () => ({ diskAvailableShare: 1 }),
  hostCounters: async () => ({ cpuNanoseconds: 0, memoryBytes: 0 }),
  dial: (address, port) => Promise.reject(new Error(`connect ECONNREFUSED ${address}:${port}`)),
};

export function simulatedSettings(nodeName: string, nodeIp: string): AgentSettings {
  return {
    logs: new LogFolders('/simulated/logs', true),
    seccompDirectory: '/simulated/seccomp',
    cgroupParent: simulatedCgroupParent,
    capabilities: new Set(),
    allowedUnsafeSysctls: [],
    hasAppArmor: false,
    eviction: evictionSettings(defaultEvictionOptions),
    images: defaultImageSettings,
    writesFiles: false,
    facts: {
      nodeName,
      nodeIp,
      volumesDirectory: '/simulated/volumes',
      volumeFileSystems: [],
      labels: {},
      runtimeVersion: 'hollow://0.1.0',
      agentVersion: 'v1.35.0-berth',
      reservedStorageBytes: 0,
      podsMax: podsMaxDefault,
      host: {
        ...{ hostname: nodeName, cpuCores: 8, memoryBytes: 2 ** 34, diskBytes: 2 ** 40, bootId: nodeName, machineId: nodeName },
        ...{ kernelVersion: '6.1', osImage: 'Simulated', architecture: 'amd64' },
      },
    },
  };
}
