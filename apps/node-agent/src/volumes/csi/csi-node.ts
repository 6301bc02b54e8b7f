// Storage drivers of a node and the volumes that pods have of them, as one part with a start and a stop.
import { mkdir } from 'node:fs/promises';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@berth/api';
import type { AgentLink } from '@berth/protocol';
import { isShared, mountsBelow, shareFolder } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { VolumeSources } from '../volume-manager.ts';
import type { VolumeUsage } from '../volume-usage.ts';
import { CsiDrivers } from './csi-drivers.ts';
import { CsiPlaces } from './csi-places.ts';
import { inlineSpec, persistentSpec } from './csi-volume-spec.ts';
import { CsiVolumes } from './csi-volumes.ts';
import { KubeletFolder } from './kubelet-folder.ts';
import { PluginWatcher } from './plugin-watcher.ts';

export interface CsiNodeOptions {
  /** The agent's own, which pods know as the kubelet's. */
  dataDirectory: string;
  nodeName: string;
  clock: Clock;
  logger: Logger;
  /** How long a driver may take for one call. */
  callMs?: number;
}

/** Whom it concerns which drivers there are and which volumes are in use. */
export interface CsiFollower {
  link: Pick<AgentLink, 'reportCsiNode'>;
  driversChanged(): void;
  inUseChanged(): void;
}

/** For how long those that are there at the start are waited for before the node speaks of its drivers. */
const settleMsMax = 10_000;

export class CsiNode {
  readonly folder: KubeletFolder;
  readonly #options: CsiNodeOptions;
  readonly #drivers: CsiDrivers;
  readonly #volumes: CsiVolumes;
  readonly #watcher: PluginWatcher;
  #follower: CsiFollower | undefined;
  readonly #stopping = new AbortController();
  #isSettled = false;

  constructor(options: CsiNodeOptions) {
    const { dataDirectory, nodeName, clock, logger, callMs } = options;
    this.#options = options;
    this.folder = new KubeletFolder(dataDirectory);
    this.#drivers = new CsiDrivers({ folder: this.folder, changed: () => this.#driversChanged(), ...(callMs !== undefined && { callMs }) });
    const places = new CsiPlaces(this.folder, nodeName);
    this.#volumes = new CsiVolumes({
      places,
      drivers: this.#drivers,
      nodeName,
      clock,
      logger,
      inUseChanged: () => this.#follower?.inUseChanged(),
    });
    this.#watcher = new PluginWatcher({ directory: this.folder.registry, drivers: this.#drivers, clock, logger });
  }

  async start(): Promise<void> {
    const { clock, logger } = this.#options;
    for (const path of [this.folder.plugins, this.folder.pods]) {
      await mkdir(path, { recursive: true, mode: 0o755 });
      await this.#share(path);
    }
    await mkdir(this.folder.registry, { recursive: true, mode: 0o750 });
    await this.#volumes.start();
    const settled = () => {
      this.#isSettled = true;
      this.#report();
    };
    const found = this.#watcher.start().catch((error: unknown) => logger.error('plugins of the node are not looked for', { error }));
    // A driver that does not answer does not keep the others from being known.
    const waited = clock.sleep(settleMsMax, this.#stopping.signal).catch(() => undefined);
    void Promise.race([found, waited]).then(settled);
  }

  /** Calls under way end; what is mounted stays. */
  stop(): void {
    this.#stopping.abort(new Error('the agent is stopping'));
    this.#watcher.stop();
    this.#volumes.stop();
    this.#drivers.close();
  }

  /** Before the start. */
  follow(follower: CsiFollower): void {
    this.#follower = follower;
  }

  /** Nothing is said until those that were there at the start have had time to say so. */
  #report(): void {
    if (!this.#isSettled || this.#stopping.signal.aborted) return;
    const drivers = this.#drivers.list();
    const topology: Record<string, string> = Object.assign({}, ...drivers.map((driver) => driver.topology));
    this.#follower?.link.reportCsiNode({ drivers: drivers.map(({ node }) => node), topology });
  }

  /** Of those that the control plane attaches, as the node's status lists them. */
  volumesInUse(): string[] {
    return this.#volumes.inUse();
  }

  /**
   * @param bound the pod's claim and its PersistentVolume; absent for an inline volume
   * @returns where it is on this host @throws VolumeError, VolumeWait
   */
  provide(
    pod: Pod,
    volume: Volume,
    bound: { claim: PersistentVolumeClaim; volume: PersistentVolume } | undefined,
    sources: VolumeSources,
  ): string {
    const isReadOnly = volume.persistentVolumeClaim?.readOnly === true;
    const spec = bound
      ? persistentSpec(pod, volume.name, bound, isReadOnly, sources.csiDriver(bound.volume.spec.csi?.driver ?? ''))
      : inlineSpec(pod, volume);
    return this.#volumes.provide(pod, spec, sources);
  }

  /** Of the pod's claims, as far as their drivers say it. */
  usage(pod: Pod): Promise<VolumeUsage[]> {
    return this.#volumes.usage(pod);
  }

  /** @throws Error as long as a driver has not undone it */
  release(podUid: string): Promise<void> {
    return this.#volumes.release(podUid);
  }

  /** So that what a driver mounts in its container is seen by the host, and what the host mounts by the driver. */
  async #share(path: string): Promise<void> {
    if (await isShared(path)) return;
    if ((await mountsBelow(path)).length === 0) return shareFolder(path);
    const { logger } = this.#options;
    logger.warn('mounts of storage drivers are not seen: the folder is on a mount that is not shared, and is in use', { folder: path });
  }

  #driversChanged(): void {
    this.#volumes.driversChanged();
    this.#report();
    this.#follower?.driversChanged();
  }
}
