// A node for tests of this folder: real workers over simulated containers, with time, probes and volumes in the test's hands.
import type { Pod, PodStatus } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { AgentEvent, AgentLink, DesiredState, PodStatusReport } from '@berth/protocol';
import { HollowRuntime, type HollowRuntimeOptions, type RuntimeHealth } from '@berth/runtime';
import { seededRandom, silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { simulatedPulls } from '../images/testing.ts';
import type { NetworkState } from '../network/network.ts';
import { SimulatedPodCgroups } from '../node/simulated-pod-cgroups.ts';
import type { ProbeResult } from '../probes/probe-result.ts';
import type { VolumeManager } from '../volumes/volume-manager.ts';
import type { PressureCondition } from './admission.ts';
import { LogFolders } from './log-folders.ts';
import { PodManager } from './pod-manager.ts';
import { SimulatedRestartMarks } from './restart-marks.ts';

export class TestNode {
  readonly clock = new SimulatedClock();
  readonly runtime: HollowRuntime;
  readonly cgroups = new SimulatedPodCgroups();
  readonly restartMarks = new SimulatedRestartMarks();
  readonly reports: (PodStatusReport & { status: PodStatus })[] = [];
  readonly events: AgentEvent[] = [];
  readonly cleanedUp: string[] = [];
  readonly volumes: VolumeManager = {
    prepare: async () => new Map(),
    fill: async () => [],
    provideImage: async (_pod, volume) => `/pods/${volume}`,
    podDirectory: (uid) => `/pods/${uid}`,
    release: async () => undefined,
    cleanUp: async (uid) => void this.cleanedUp.push(uid),
    knownPods: async () => [],
    localCapacity: async () => undefined,
    usage: async () => [],
    makeLocal: async () => undefined,
    removeLocal: async () => undefined,
    takeSnapshot: async () => ({ bytes: 0, takenAtMs: 0 }),
    removeSnapshot: async () => undefined,
    readSnapshot: () => Promise.reject(new Error('a simulated node has no snapshots')),
    writeSnapshot: () => Promise.reject(new Error('a simulated node has no snapshots')),
  };
  /** What the next probe attempts say. */
  probeResult: ProbeResult | Error = { success: true, message: '' };
  readonly node = {
    ...{ name: 'n1', labels: { 'kubernetes.io/os': 'linux' }, podsMax: 110, allowedUnsafeSysctls: [] as string[], hasAppArmor: false },
    allocatable: { cpuCores: 2, memoryBytes: 2 ** 30, storageBytes: 2 ** 34 },
  };
  pressures: PressureCondition[] = [];
  isShuttingDown = false;
  runtimeFeatures: RuntimeHealth = {};
  /** What the network was given, and what it says when it is asked whether policies are in force. */
  networkStates: NetworkState[] = [];
  policiesInForce = async (): Promise<void> => undefined;
  manager: PodManager;
  #revision = 0;

  constructor(options: Partial<HollowRuntimeOptions> = {}) {
    this.runtime = new HollowRuntime({ clock: this.clock, random: seededRandom(1), ...options });
    this.manager = this.#newManager();
  }

  /** Another agent takes over what runs, with the pods as the API holds them. */
  async restartAgent(pods: Pod[], staticPods?: Pod[]): Promise<void> {
    await this.manager.stop();
    this.manager = this.#newManager();
    await this.manager.start();
    if (staticPods) this.manager.setStatic(staticPods);
    this.want(pods);
    await this.clock.advance(0);
  }

  /** As the control plane's full word: what is not among `pods` is gone. */
  want(pods: Pod[], ...others: KubeObject[]): void {
    this.#revision++;
    const objects = [...pods, ...others].map((pod) => ({ ...pod, metadata: { ...pod.metadata, resourceVersion: String(this.#revision) } }));
    this.manager.apply({ revision: this.#revision, full: true, objects, removed: [] } as DesiredState);
  }

  /** The newest status reported of a pod. */
  status(name = 'web'): PodStatus {
    return this.reports.findLast((report) => report.name === name)?.status ?? {};
  }

  isTerminated(name = 'web'): boolean {
    return this.reports.findLast((report) => report.name === name)?.terminated === true;
  }

  condition(type: string, name = 'web'): string | undefined {
    return this.status(name).conditions?.find((c) => c.type === type)?.status;
  }

  /** `Reason: message` of every event so far. */
  told(reason?: string): string[] {
    return this.events.filter((e) => !reason || e.reason === reason).map((e) => `${e.reason}: ${e.message}`);
  }

  async running(): Promise<string[]> {
    return (await this.runtime.listContainers()).filter((c) => c.state === 'running').map((c) => `${c.name}#${c.attempt}`);
  }

  #newManager(): PodManager {
    const link = {
      reportPod: (report: PodStatusReport) => this.reports.push(report as PodStatusReport & { status: PodStatus }),
      reportEvent: (event: AgentEvent) => this.events.push(event),
      setStaticPods: () => undefined,
    } as unknown as AgentLink;
    const network = {
      configure: async () => undefined,
      sync: (state: NetworkState) => {
        this.networkStates.push(state);
      },
      policiesInForce: () => this.policiesInForce(),
      stop: async () => undefined,
    };
    const probes = {
      run: async () => {
        if (this.probeResult instanceof Error) throw this.probeResult;
        return this.probeResult;
      },
    };
    return new PodManager({
      ...{
        runtime: this.runtime,
        cgroups: this.cgroups,
        restartMarks: this.restartMarks,
        link,
        volumes: this.volumes,
        probes,
        clock: this.clock,
        random: seededRandom(2),
        logger: silentLogger,
      },
      pulls: simulatedPulls(this.runtime, this.clock),
      network: { ...network, clusterDomain: 'cluster.local', dnsFor: () => ({ servers: [], searches: [], options: [] }) },
      ...{
        hostIp: '10.0.0.1',
        node: this.node,
        pressures: () => this.pressures,
        isShuttingDown: () => this.isShuttingDown,
        runtimeFeatures: () => this.runtimeFeatures,
        logs: new LogFolders('/logs', true),
        cgroupParent: '/berth',
      },
      ...{ capabilities: new Set<string>(), writesFiles: false, seccompDirectory: '/seccomp' },
    });
  }
}

/** A pod with one container, `main`, of this image. */
export function podOf(image: string, spec: Partial<Pod['spec']> = {}, name = 'web'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, generation: 1 },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image }], ...spec },
  };
}
