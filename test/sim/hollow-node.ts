// One simulated machine: a runtime whose containers outlive its agent, and the agent of the moment.
import type { Pod } from '@berth/api';
import type { SessionHub } from '@berth/gateway';
import { type MemoryAgentLink, memoryAgentLink } from '@berth/gateway/testing';
import { HollowRuntime, type HollowRuntimeOptions } from '@berth/runtime';
import { Life } from '@berth/testing';
import { Agent, type AgentSettings } from '../../apps/node-agent/src/agent.ts';
import type { NodeMeasurements } from '../../apps/node-agent/src/eviction/node-measurements.ts';
import { defaultEvictionOptions, evictionSettings } from '../../apps/node-agent/src/eviction/thresholds.ts';
import type { NodeNetwork } from '../../apps/node-agent/src/network/network.ts';
import { SimulatedPodCgroups } from '../../apps/node-agent/src/node/simulated-pod-cgroups.ts';
import { LogFolders } from '../../apps/node-agent/src/pods/log-folders.ts';
import { SimulatedRestartMarks } from '../../apps/node-agent/src/pods/restart-marks.ts';
import type { VolumeManager } from '../../apps/node-agent/src/volumes/volume-manager.ts';
import type { SimulationPorts } from './simulated-control-plane.ts';

export const cgroupParent = '/simulated';
const messageMsMax = 20;
const restartMs = 1_000;

const network: NodeNetwork = {
  configure: async () => {},
  sync: () => {},
  policiesInForce: async () => {},
  clusterDomain: 'cluster.local',
  dnsFor: () => ({ servers: [], searches: [], options: [] }),
  stop: async () => {},
};

/** A machine that is never short of anything. */
const measurements: NodeMeasurements = {
  observe: async () => ({}),
  usage: async () => ({ containers: [], volumes: new Map(), processes: 0 }),
  hasImageDisk: async () => false,
};

const volumes: VolumeManager = {
  prepare: async (pod: Pod) => new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, `/simulated/${volume.name}`])),
  fill: async () => [],
  podDirectory: (uid) => `/simulated/${uid}`,
  cleanUp: async () => {},
  knownPods: async () => [],
  removeLocal: async () => {},
};

export class HollowNode {
  readonly name: string;
  readonly runtime: HollowRuntime;
  readonly cgroups = new SimulatedPodCgroups();
  readonly #restartMarks = new SimulatedRestartMarks();
  readonly #ports: SimulationPorts;
  readonly #hub: () => SessionHub | undefined;
  /** The one of the moment. */
  agent: Agent | undefined;
  #life = new Life();
  #link: MemoryAgentLink | undefined;
  #isCut = false;

  /** @param onLog called with the path of its log when a container starts and when it ends */
  constructor(name: string, ports: SimulationPorts, hub: () => SessionHub | undefined, onLog?: HollowRuntimeOptions['onLog']) {
    this.name = name;
    this.#ports = ports;
    this.#hub = hub;
    this.runtime = new HollowRuntime({ clock: ports.clock, random: ports.random, ...(onLog && { onLog }) });
  }

  /** A new agent over what runs already. */
  async startAgent(): Promise<void> {
    this.crashAgent();
    this.#life = new Life();
    const { random, logger } = this.#ports;
    const clock = this.#life.clock(this.#ports.clock);
    const link = memoryAgentLink({ nodeName: this.name, hub: this.#hub, clock, random, logger, delayMs: () => random.int(messageMsMax) });
    link.partition(this.#isCut);
    this.#link = link;
    const ports = {
      ...{ link, network, volumes, clock, random, logger },
      runtime: this.#life.service(this.runtime),
      cgroups: this.#life.service(this.cgroups),
      restartMarks: this.#life.service(this.#restartMarks),
      measurements,
      probes: { run: async () => ({ success: true, message: '' }) },
      health: async () => ({ diskAvailableShare: 1 }),
      hostCounters: async () => ({ cpuNanoseconds: 0, memoryBytes: 0 }),
      dial: (address: string, port: number) => Promise.reject(new Error(`connect ECONNREFUSED ${address}:${port}`)),
    };
    const life = this.#life;
    const agent = new Agent(ports, settings(this.name));
    this.agent = agent;
    await agent.start().catch((error: Error) => {
      // It ends, as its process would, and whoever keeps it starts it again.
      this.#ports.logger.info('an agent could not start', { node: this.name, error });
      life.end();
      this.#ports.clock.after(restartMs, () => life === this.#life && void this.startAgent());
    });
  }

  /** kill -9: its connection breaks, nothing else is said. */
  crashAgent(): void {
    this.#link?.disconnect('the agent died');
    this.#life.end();
  }

  /** Power off: nothing of it runs any more, and nothing is said of that. `startAgent` is what happens once it is on again. */
  halt(): void {
    this.crashAgent();
    this.runtime.reboot();
  }

  /** Cuts the machine off from the control plane, or mends that. */
  partition(isCut: boolean): void {
    this.#isCut = isCut;
    this.#link?.partition(isCut);
  }

  /** As when the control plane dies. */
  disconnect(): void {
    this.#link?.disconnect('the control plane died');
  }
}

function settings(nodeName: string): AgentSettings {
  return {
    logs: new LogFolders('/simulated/logs', true),
    seccompDirectory: '/simulated/seccomp',
    cgroupParent,
    capabilities: new Set(),
    allowedUnsafeSysctls: [],
    hasAppArmor: false,
    eviction: evictionSettings(defaultEvictionOptions),
    writesFiles: false,
    facts: {
      nodeName,
      nodeIp: '192.0.2.1',
      volumesDirectory: '/simulated/volumes',
      labels: {},
      runtimeVersion: 'hollow://0.1.0',
      agentVersion: 'v1.35.0-berth',
      reservedStorageBytes: 0,
      podsMax: 110,
      host: {
        ...{ hostname: nodeName, cpuCores: 8, memoryBytes: 2 ** 34, diskBytes: 2 ** 40, bootId: nodeName, machineId: nodeName },
        ...{ kernelVersion: '6.1', osImage: 'Simulated', architecture: 'amd64' },
      },
    },
  };
}
