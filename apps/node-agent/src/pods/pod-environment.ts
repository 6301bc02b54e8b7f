// What a pod's worker may use of the node: one object, so that workers are built and tested with any part replaced.
import type { Container, Pod, PodStatus, Secret } from '@berth/api';
import type { PodStatusReport } from '@berth/protocol';
import type { ContainerInfo, Runtime, RuntimeHealth, SandboxConfig } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { ImagePuller } from '../images/image-puller.ts';
import type { PodCgroup } from '../node/pod-cgroups.ts';
import type { Prober } from '../probes/prober.ts';
import type { VolumeManager, VolumeSources } from '../volumes/volume-manager.ts';
import type { Admissions } from './admissions.ts';
import type { Allocations } from './allocations.ts';
import type { EnvironmentSources } from './environment.ts';
import type { Inventory } from './inventory.ts';
import type { LogInstance } from './log-folders.ts';
import type { RestartMarks } from './restart-marks.ts';

export interface PodEnvironment {
  runtime: Runtime;
  inventory: Inventory;
  images: ImagePuller;
  admissions: Admissions;
  allocations: Allocations;
  prober: Prober;
  restartMarks: RestartMarks;
  volumes: VolumeManager;
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
  /** @throws Error when the pod asks for what its runtime cannot do */
  sandboxConfig(pod: Pod, attempt: number): Promise<SandboxConfig>;
  /** What the runtime said last that it can do. */
  runtimeFeatures(): RuntimeHealth;
  /** How the pod's runtime class has it run; empty for the usual way. @throws Error when nothing is known about the class */
  runtimeHandler(pod: Pod): string;
  environmentSources(pod: Pod, podIps: string[]): EnvironmentSources;
  volumeSources(pod: Pod, podIps: string[]): VolumeSources;
  pullSecrets(pod: Pod): Secret[];
  terminationMessage(pod: Pod, container: Container, instance: ContainerInfo): Promise<string>;
  event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void;
  report(report: PodStatusReport & { status: PodStatus }): void;
  /** Resolves once the node's network knows this pod's address. @throws Error that says what is wrong */
  policiesInForce(): Promise<void>;
  /** Of any pod. */
  addressChanged(): void;
  /** For log collectors, once a container has a log. */
  linkLog(pod: Pod, instance: LogInstance, containerId: string): Promise<void>;
  /** The log files of one instance of a container, once it is gone. */
  removeLogs(pod: Pod, instance: LogInstance): Promise<void>;
  /** Around the pod's containers. */
  cgroup(pod: Pod): PodCgroup;
  /** Logs, cgroups and volumes, once its containers are gone. */
  removeTraces(pod: Pod): Promise<void>;
  /** The worker has nothing left to do. */
  gone(uid: string): void;
}
