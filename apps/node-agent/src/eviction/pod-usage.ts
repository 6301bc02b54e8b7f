// What one pod uses of the node, as evictions weigh it.
import type { Pod } from '@berth/api';

export interface DiskUsage {
  bytes: number;
  inodes: number;
}

export interface ContainerUsage {
  name: string;
  memoryBytes: number;
  /** Its writable layer. */
  rootfs: DiskUsage;
  logs: DiskUsage;
}

export interface PodUsage {
  containers: ContainerUsage[];
  /** emptyDirs on the node's disk, by name; those in memory keep to their size by themselves. */
  volumes: Map<string, DiskUsage>;
  processes: number;
}

/** A pod that runs, with what is known of its usage: nothing at first. */
export interface WeighedPod {
  pod: Pod;
  usage: PodUsage | undefined;
}

export const noUsage: DiskUsage = { bytes: 0, inodes: 0 };

export function total(...parts: DiskUsage[]): DiskUsage {
  return parts.reduce((sum, { bytes, inodes }) => ({ bytes: sum.bytes + bytes, inodes: sum.inodes + inodes }), noUsage);
}

export function memoryBytes({ containers }: PodUsage): number {
  return containers.reduce((sum, container) => sum + container.memoryBytes, 0);
}

export type DiskPart = 'rootfs' | 'logs' | 'volumes';

export function diskUsage({ containers, volumes }: PodUsage, parts: readonly DiskPart[]): DiskUsage {
  return total(
    ...(parts.includes('rootfs') ? containers.map(({ rootfs }) => rootfs) : []),
    ...(parts.includes('logs') ? containers.map(({ logs }) => logs) : []),
    ...(parts.includes('volumes') ? volumes.values() : []),
  );
}
