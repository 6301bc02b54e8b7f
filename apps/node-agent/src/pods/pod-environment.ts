// What the worker of a pod may use: the node that it runs on, what its pod refers to, and where its news goes. Three ports, so that workers are
// built and tested with any part replaced; each part of a worker names what it takes of them.
import type { Pod, PodStatus, Secret } from '@berth/api';
import type { PodStatusReport } from '@berth/protocol';
import type { Runtime, RuntimeHealth, SandboxConfig } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { ImagePuller } from '../images/image-puller.ts';
import type { NodeNetwork } from '../network/network.ts';
import type { Prober } from '../probes/prober.ts';
import type { VolumeManager, VolumeSources } from '../volumes/volume-manager.ts';
import type { Admissions } from './admissions.ts';
import type { Allocations } from './allocations.ts';
import type { EnvironmentSources } from './environment.ts';
import type { Inventory } from './inventory.ts';
import type { PodTraces } from './pod-traces.ts';
import type { PodTracing } from './pod-tracing.ts';
import type { RestartMarks } from './restart-marks.ts';

export interface PodEnvironment {
  node: PodNode;
  sources: PodSources;
  reports: PodReports;
}

/** The parts of the node that its pods share, and what it is. */
export interface PodNode {
  runtime: Runtime;
  inventory: Inventory;
  images: ImagePuller;
  admissions: Admissions;
  allocations: Allocations;
  prober: Prober;
  restartMarks: RestartMarks;
  volumes: VolumeManager;
  network: Pick<NodeNetwork, 'policiesInForce'>;
  traces: PodTraces;
  tracing: PodTracing;
  clock: Clock;
  logger: Logger;
  hostIp: string;
  /** What this node can give, e.g. `NET_ADMIN`. */
  capabilities: ReadonlySet<string>;
  /** Of the node, for pods. */
  memoryBytes: number;
  /** Whether containers get files of the host's: false on simulated nodes. */
  writesFiles: boolean;
  /** Where `localhostProfile` of seccomp begins. */
  seccompDirectory: string;
  /** What the runtime said last that it can do. */
  runtimeFeatures(): RuntimeHealth;
}

/** What a pod's fields refer to, as the control plane sent it last. */
export interface PodSources {
  /** @throws Error when the pod asks for what its runtime cannot do */
  sandboxConfig(pod: Pod, attempt: number): Promise<SandboxConfig>;
  /** How the pod's runtime class has it run; empty for the usual way. @throws Error when nothing is known about the class */
  runtimeHandler(pod: Pod): string;
  environment(pod: Pod, podIps: string[]): EnvironmentSources;
  volumes(pod: Pod, podIps: string[]): VolumeSources;
  pullSecrets(pod: Pod): Secret[];
}

/** What a worker says, to the control plane and to the node. */
export interface PodReports {
  event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void;
  status(report: PodStatusReport & { status: PodStatus }): void;
  /** Of any pod. */
  addressChanged(): void;
  /** The worker has nothing left to do. */
  gone(uid: string): void;
}
