// What an agent is told about its node when it starts, and never asks anybody again.
import type { EvictionSettings } from './eviction/thresholds.ts';
import type { ImageSettings } from './images/image-settings.ts';
import type { NodeFacts } from './node/node-object.ts';
import type { LogFolders } from './pods/log-folders.ts';
import type { ShutdownPeriod } from './shutdown/shutdown-periods.ts';

export interface AgentSettings {
  facts: NodeFacts;
  logs: LogFolders;
  /** Where pods' own seccomp profiles are, as `localhostProfile` names them. */
  seccompDirectory: string;
  cgroupParent: string;
  /** What this node can give to containers, e.g. `NET_ADMIN`. */
  capabilities: ReadonlySet<string>;
  /** Kernel settings that pods may have besides the safe ones: names, or patterns that end in `*`. */
  allowedUnsafeSysctls: readonly string[];
  hasAppArmor: boolean;
  /** When pods have to go. */
  eviction: EvictionSettings;
  images: ImageSettings;
  /** How long pods have when the machine is switched off; absent or empty: as long as the machine has. */
  shutdown?: ShutdownPeriod[];
  /** Holds manifests of pods that the node runs by itself; absent: there are none. */
  podManifests?: string;
  /** False for simulated nodes. */
  writesFiles: boolean;
}
