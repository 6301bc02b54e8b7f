// What a pod leaves on the host besides its containers: logs, links to them, a cgroup and its own folder. The folder is the marker by
// which the rest is found again after a crash, so it is made first and removed last.
import { rm } from 'node:fs/promises';
import type { Container, Pod } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';
import type { Logger } from '@berth/telemetry';
import { podCgroupPath } from '../node/cgroups.ts';
import { type PodCgroup, type PodCgroups, podCgroup } from '../node/pod-cgroups.ts';
import type { VolumeManager } from '../volumes/volume-manager.ts';
import type { LogFolders, LogInstance } from './log-folders.ts';
import { readTerminationMessage, terminationMessageFile } from './termination-message.ts';

export interface PodTracesDeps {
  logs: LogFolders;
  volumes: VolumeManager;
  cgroups: PodCgroups;
  cgroupParent: string;
  logger: Logger;
  /** False on simulated nodes. */
  writesFiles: boolean;
}

export class PodTraces {
  readonly #deps: PodTracesDeps;

  constructor(deps: PodTracesDeps) {
    this.#deps = deps;
  }

  cgroupPath(uid: string): string {
    return podCgroupPath(this.#deps.cgroupParent, uid);
  }

  /** Around the pod's containers. */
  cgroup(pod: Pod): PodCgroup {
    return podCgroup(this.#deps.cgroups, this.cgroupPath(pod.metadata.uid ?? ''));
  }

  /** What an instance of a container left to be told of its end; empty where it left nothing. */
  async terminationMessage(pod: Pod, container: Container, instance: ContainerInfo): Promise<string> {
    return this.#deps.writesFiles ? readTerminationMessage(this.#deps.logs.podDirectory(pod), container, instance) : '';
  }

  /** For log collectors, once a container has a log; the container does not depend on it. */
  async linkLog(pod: Pod, instance: LogInstance, containerId: string): Promise<void> {
    if (!this.#deps.writesFiles) return;
    try {
      await this.#deps.logs.link(pod, instance, containerId);
    } catch (error) {
      this.#deps.logger.warn('log collectors will not find a log', { container: containerId, error });
    }
  }

  /** Of one run of a container that is gone. */
  async removeInstance(pod: Pod, instance: LogInstance): Promise<void> {
    const { logs, volumes, writesFiles } = this.#deps;
    if (!writesFiles) return;
    await logs.removeInstance(pod, instance);
    const podDirectory = volumes.podDirectory(pod.metadata.uid ?? '');
    await rm(terminationMessageFile(podDirectory, instance.container, instance.attempt), { force: true });
  }

  /** Of a pod whose containers are gone; its name may be unknown. */
  async remove(uid: string): Promise<void> {
    const { logs, volumes, cgroups, writesFiles } = this.#deps;
    if (writesFiles) await logs.removePod(uid);
    await cgroups.remove(this.cgroupPath(uid));
    await volumes.cleanUp(uid);
  }

  /** Of which pods something is here. */
  async knownPods(): Promise<Set<string>> {
    const { logs, volumes, cgroups, cgroupParent, writesFiles } = this.#deps;
    return new Set([
      ...(await volumes.knownPods()),
      ...(writesFiles ? await logs.knownPods() : []),
      ...(await cgroups.known(cgroupParent)).flatMap((name) => (name.startsWith('pod') ? name.slice('pod'.length) : [])),
    ]);
  }
}
