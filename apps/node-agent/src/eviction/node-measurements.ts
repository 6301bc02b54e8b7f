// What is left of this machine, and what each pod takes of it: the kernel's own counts, the runtime's, and those of folders.
import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@berth/api';
import type { ContainerStats } from '@berth/runtime';
import { mountPoint } from '../node/cgroups.ts';
import { folderUsage } from './folder-usage.ts';
import { noUsage, type PodUsage } from './pod-usage.ts';
import type { Observation, Observations } from './pressure.ts';

export interface NodeMeasurements {
  /** Of the machine. */
  observe(): Promise<Observations>;
  /** @param stats of the pod's containers @param withInodes costs more */
  usage(pod: Pod, stats: ContainerStats[], withInodes: boolean): Promise<PodUsage>;
  /** Whether images and writable layers are on a disk of their own. */
  hasImageDisk(): Promise<boolean>;
}

export interface HostFolders {
  /** Pods' folders, logs, volumes. */
  data: string;
  /** The runtime's: images and writable layers. */
  images: string;
  /** From the root of the hierarchy. */
  cgroupParent: string;
  pod(uid: string): string;
  podLogs(pod: Pod): string;
}

export class HostMeasurements implements NodeMeasurements {
  readonly #folders: HostFolders;

  constructor(folders: HostFolders) {
    this.#folders = folders;
  }

  async observe(): Promise<Observations> {
    const { data, images } = this.#folders;
    const [memory, pids, node, image] = await Promise.all([memoryOf(), pidsOf(), diskOf(data), diskOf(images)]);
    return {
      'memory.available': memory,
      'pid.available': pids,
      'nodefs.available': node.bytes,
      'imagefs.available': image.bytes,
      ...(node.inodes && { 'nodefs.inodesFree': node.inodes }),
      ...(image.inodes && { 'imagefs.inodesFree': image.inodes }),
    };
  }

  async usage(pod: Pod, stats: ContainerStats[], withInodes: boolean): Promise<PodUsage> {
    const { metadata, spec } = pod;
    const { uid = '' } = metadata;
    const logs = (container: string) => join(this.#folders.podLogs(pod), container);
    const volume = (name: string) => join(this.#folders.pod(uid), 'volumes', name);
    const onDisk = (spec.volumes ?? []).filter(({ emptyDir }) => emptyDir && emptyDir.medium !== 'Memory').map(({ name }) => name);
    const paths = [...stats.map(({ name }) => logs(name)), ...onDisk.map(volume)];
    const [usage, processes] = await Promise.all([folderUsage(paths, withInodes), this.#processes(uid)]);
    const of = (path: string) => usage.get(path) ?? noUsage;
    return {
      containers: stats.map((container) => ({
        name: container.name,
        memoryBytes: container.memoryWorkingSetBytes,
        rootfs: { bytes: container.filesystemUsedBytes, inodes: container.filesystemUsedInodes },
        logs: of(logs(container.name)),
      })),
      volumes: new Map(onDisk.map((name) => [name, of(volume(name))])),
      processes,
    };
  }

  async hasImageDisk(): Promise<boolean> {
    const [data, images] = await Promise.all([stat(this.#folders.data), stat(this.#folders.images)]);
    return data.dev !== images.dev;
  }

  /** Version 1 of cgroups, or version 2; none while the kernel counts none. */
  async #processes(uid: string): Promise<number> {
    for (const tree of ['pids', '']) {
      const text = await textOf(join(mountPoint, tree, this.#folders.cgroupParent, `pod${uid}`, 'pids.current'));
      if (text !== undefined) return Number(text);
    }
    return 0;
  }
}

async function memoryOf(): Promise<Observation> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024;
  const [available, capacity] = [bytes('MemAvailable'), bytes('MemTotal')];
  if (Number.isNaN(available + capacity)) throw new Error('/proc/meminfo does not state MemAvailable and MemTotal');
  return { available, capacity };
}

/** The fourth field of /proc/loadavg is `running/total` of scheduling entities, threads among them, which pid_max bounds. */
async function pidsOf(): Promise<Observation> {
  const [load, max] = await Promise.all([readFile('/proc/loadavg', 'utf8'), readFile('/proc/sys/kernel/pid_max', 'utf8')]);
  const capacity = Number(max);
  return { available: capacity - Number(load.split(' ')[3]?.split('/')[1] ?? 0), capacity };
}

/** Some file systems count no inodes. */
async function diskOf(folder: string): Promise<{ bytes: Observation; inodes?: Observation }> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(folder);
  const bytes = { available: bavail * bsize, capacity: blocks * bsize };
  return files > 0 ? { bytes, inodes: { available: ffree, capacity: files } } : { bytes };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV') return undefined;
    throw error;
  }
}
