// What the pods of a node need from it.
import type { AgentLink } from '@berth/protocol';
import type { Runtime, RuntimeHealth } from '@berth/runtime';
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { ImagePullsDeps } from '../images/image-pulls.ts';
import type { NodeNetwork } from '../network/network.ts';
import type { PodCgroups } from '../node/pod-cgroups.ts';
import type { ProbeRunner } from '../probes/probe.ts';
import type { VolumeManager } from '../volumes/volume-manager.ts';
import type { PressureCondition } from './admission.ts';
import type { OwnNode } from './admitting-node.ts';
import type { LogFolders } from './log-folders.ts';
import type { PodTracing } from './pod-tracing.ts';
import type { RestartMarks } from './restart-marks.ts';

export interface PodManagerDeps {
  runtime: Runtime;
  pulls: Omit<ImagePullsDeps, 'runtime' | 'clock'>;
  link: AgentLink;
  volumes: VolumeManager;
  network: NodeNetwork;
  probes: ProbeRunner;
  /** Absent where nothing is traced. */
  tracing?: PodTracing;
  cgroups: PodCgroups;
  restartMarks: RestartMarks;
  clock: Clock;
  random: Random;
  logger: Logger;
  hostIp: string;
  node: OwnNode;
  /** What the node is short of now. */
  pressures(): readonly PressureCondition[];
  /** Whether the machine is about to be switched off. */
  isShuttingDown(): boolean;
  /** What the runtime said last that it can do. */
  runtimeFeatures(): RuntimeHealth;
  logs: LogFolders;
  seccompDirectory: string;
  cgroupParent: string;
  /** What this node can give, e.g. `NET_ADMIN`. */
  capabilities: ReadonlySet<string>;
  writesFiles: boolean;
}
