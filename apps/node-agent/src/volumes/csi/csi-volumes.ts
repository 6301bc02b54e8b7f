// The volumes of storage drivers that pods of this node have. A driver takes its time, so nobody waits for it: what a pod asks for is begun, the pod is
// prepared again when there is news, and what fails is tried again as all volumes are. What must hold: a volume is staged while a pod has it and
// unstaged after the last one, also when agent or driver died in between, and it is in use for the control plane for as long as that.
import { rm } from 'node:fs/promises';
import { csiUniqueName, type Pod } from '@berth/api';
import { unmountBelow } from '@berth/runtime';
import { type Clock, KeyedMutex, type Logger, type Timer } from '@berth/telemetry';
import { BackOff } from '../../pods/back-off.ts';
import { VolumeError, type VolumeSources, VolumeWait } from '../volume-manager.ts';
import type { VolumeUsage } from '../volume-usage.ts';
import type { CsiDrivers } from './csi-drivers.ts';
import { expandVolume } from './csi-expansion.ts';
import { attachmentName, type CsiPlaces, type Publication } from './csi-places.ts';
import { isGoneOrRemoved, type StagingState, setUpVolume } from './csi-set-up.ts';
import { volumeStats } from './csi-stats.ts';
import { attachmentProblem, type CsiVolumeSpec } from './csi-volume-spec.ts';
import { volumeBackOff } from './plugin-watcher.ts';

/** A driver that asks for it is given a volume's facts again so often, as with each look of the kubelet at a pod. */
const republishMs = 90_000;

export interface CsiVolumesPorts {
  places: CsiPlaces;
  drivers: CsiDrivers;
  nodeName: string;
  clock: Clock;
  logger: Logger;
  /** Which volumes are in use has changed. */
  inUseChanged(): void;
}

/** A volume of a pod. */
interface Use {
  publication: Publication;
  /** Absent until the pod asks this agent for it. */
  spec?: CsiVolumeSpec;
  running?: Promise<void>;
  /** Where it is, once it is published. */
  path?: string;
  publishedAtMs?: number;
  /** Which size it has, or its driver was asked last to make it. */
  grownTo?: string;
  /** Whether it did. */
  hasGrown?: boolean;
  /** To be told once. */
  error?: VolumeError;
  republish?: Timer;
}

interface Unstaging {
  backOff: BackOff;
  timer?: Timer;
}

export class CsiVolumes {
  readonly #ports: CsiVolumesPorts;
  readonly #mutex = new KeyedMutex();
  /** By pod and name. */
  readonly #uses = new Map<string, Use>();
  /** By the path of the staging. */
  readonly #staged = new Map<string, StagingState>();
  readonly #unstaging = new Map<string, Unstaging>();
  #stopped = false;

  constructor(ports: CsiVolumesPorts) {
    this.#ports = ports;
  }

  /** Learns from its notes what an earlier agent left, and gives back what nobody has any more. */
  async start(): Promise<void> {
    const { places } = this.#ports;
    for (const publication of await places.publications()) this.#uses.set(keyOf(publication), { publication });
    for (const staging of await places.stagings()) this.#staged.set(places.staging(staging), { staging, isSure: false });
    for (const path of this.#staged.keys()) this.#unstageUnlessUsed(path);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#unstaging.values()) timer?.cancel();
    for (const { republish } of this.#uses.values()) republish?.cancel();
  }

  /** As the node's status lists them: those that must not be detached. */
  inUse(): string[] {
    const used = [...this.#uses.values()].map(({ publication }) => publication);
    const held = [...this.#staged.values()].map(({ staging }) => staging);
    return [...new Set([...used, ...held].filter(({ isAttachable }) => isAttachable).map(csiUniqueName))].sort();
  }

  /** A driver has come: what waits for it is tried at once. */
  driversChanged(): void {
    for (const path of this.#unstaging.keys()) this.#unstage(path);
  }

  /** @returns where it is on this host @throws VolumeWait, or VolumeError in the kubelet's words */
  provide(pod: Pod, spec: CsiVolumeSpec, sources: VolumeSources): string {
    const use = this.#use(spec);
    const { error, path } = use;
    delete use.error;
    if (error) throw error;
    const isGrowing = spec.growth !== undefined && spec.growth.storage !== use.grownTo;
    if (path !== undefined && (use.running || !(isGrowing || this.#isDue(use, spec, sources)))) {
      this.#repeatGrowth(use, sources);
      return path;
    }
    if (use.running) throw new VolumeWait(`volume ${spec.specName} is being set up`);
    if (path === undefined) this.#checkAttached(spec, sources);
    use.running = this.#setUp(use, pod, spec, sources);
    if (path !== undefined) return path;
    throw new VolumeWait(`volume ${spec.specName} is being set up`);
  }

  /** How full the volumes of a pod's claims are, as their drivers say it; those whose drivers do not say are left out. */
  async usage({ metadata: { uid, namespace = '' } }: Pod): Promise<VolumeUsage[]> {
    const measured: VolumeUsage[] = [];
    for (const { spec, path } of this.#uses.values()) {
      if (spec?.podUid !== uid || spec?.claimName === undefined || path === undefined) continue;
      const stats = await volumeStats(this.#ports, spec, path).catch((error: Error) => {
        this.#ports.logger.warn('a driver does not say how full a volume is', { volume: spec.specName, error: error.message });
      });
      if (stats) measured.push({ name: spec.volumeName, claim: { namespace, name: spec.claimName }, ...stats });
    }
    return measured;
  }

  /** Gives back everything that a pod has. @throws Error of the first driver that has not undone it */
  async release(podUid: string): Promise<void> {
    const own = () => [...this.#uses.values()].filter(({ publication }) => publication.podUid === podUid);
    for (const { running, republish } of own()) {
      republish?.cancel();
      await running;
    }
    const noted = await this.#ports.places.publicationsOf(podUid);
    const failures: Error[] = [];
    for (const publication of noted) {
      try {
        await this.#mutex.run(this.#ports.places.staging(publication), () => this.#unpublish(publication));
      } catch (error) {
        failures.push(error as Error);
      }
    }
    if (failures[0]) throw failures[0];
    // Those of which nothing had come.
    for (const { publication } of own()) this.#forget(publication);
  }

  /** What CSIDriver says of a driver may have changed since the pod asked first. */
  #use(spec: CsiVolumeSpec): Use {
    const key = keyOf(spec);
    const known = this.#uses.get(key);
    const use = known ?? { publication: spec };
    const isNews = use.publication.isAttachable !== spec.isAttachable || (!known && spec.isAttachable);
    use.publication = spec;
    use.spec = spec;
    this.#uses.set(key, use);
    if (isNews) this.#ports.inUseChanged();
    return use;
  }

  /** What the control plane has to do first is not asked of a driver: a volume could be on two nodes. */
  #checkAttached(spec: CsiVolumeSpec, sources: VolumeSources): void {
    if (!spec.isAttachable) return;
    const name = csiUniqueName(spec);
    const status = sources.node()?.status;
    if (!status?.volumesInUse?.includes(name))
      throw new VolumeWait("Volume has not been added to the list of VolumesInUse in the node's volume status");
    const attachment = sources.volumeAttachment(attachmentName(spec, this.#ports.nodeName));
    if (!status.volumesAttached?.some((attached) => attached.name === name))
      throw new VolumeWait('Volume not attached according to node status');
    const problem = attachmentProblem(attachment);
    const failure = spec.isBlock ? 'MapVolume.WaitForAttach failed' : 'MountVolume.WaitForAttach failed';
    if (problem) throw new VolumeError(spec.specName, problem, { failure });
    if (!attachment?.status?.attached) throw new VolumeWait('volume attachment is not there yet');
  }

  /** The claim shows that its node is about it although it has been: what was said last did not arrive, or not yet. */
  #repeatGrowth({ running, hasGrown, grownTo, spec }: Use, sources: VolumeSources): void {
    const growth = spec?.growth;
    if (running || !hasGrown || !growth?.isBegun || growth.storage !== grownTo) return;
    sources.claimExpanded({ ...growth.claim, storage: growth.storage });
  }

  #isDue({ publishedAtMs = 0 }: Use, spec: CsiVolumeSpec, sources: VolumeSources): boolean {
    const isAsked = sources.csiDriver(spec.driver)?.spec.requiresRepublish === true && !spec.isBlock;
    return isAsked && this.#ports.clock.now() - publishedAtMs >= republishMs;
  }

  async #setUp(use: Use, pod: Pod, spec: CsiVolumeSpec, sources: VolumeSources): Promise<void> {
    const { places, clock } = this.#ports;
    try {
      await this.#mutex.run(places.staging(spec), () => this.#setUpInTurn(use, pod, spec, sources));
      use.republish?.cancel();
      if (sources.csiDriver(spec.driver)?.spec.requiresRepublish) use.republish = clock.after(republishMs, () => sources.changed());
    } catch (error) {
      use.error = error instanceof VolumeError ? error : new VolumeError(spec.specName, (error as Error).message, { cause: error });
    } finally {
      delete use.running;
      if (!this.#stopped) sources.changed();
    }
  }

  async #setUpInTurn(use: Use, pod: Pod, spec: CsiVolumeSpec, sources: VolumeSources): Promise<void> {
    const isOnline = use.path !== undefined;
    let { path } = use;
    if (path === undefined || this.#isDue(use, spec, sources)) {
      path = await setUpVolume({ ...this.#ports, staged: this.#staged }, pod, spec, sources);
      use.publishedAtMs = this.#ports.clock.now();
    }
    const { growth } = spec;
    if (growth && growth.storage !== use.grownTo) {
      // What is mounted only now has the size that the claim shows.
      const isLarge = growth.isElsewhere === true && !isOnline;
      use.hasGrown = !isLarge && (await expandVolume(this.#ports, { ...spec, growth }, sources, { path, isOnline }));
      use.grownTo = growth.storage;
    }
    use.path = path;
  }

  async #unpublish(publication: Publication): Promise<void> {
    const { places, drivers } = this.#ports;
    const target = places.target(publication);
    const driver = drivers.get(publication.driver);
    await driver.client.unpublish({ volumeId: publication.handle, targetPath: driver.pathFor(target) });
    // Its driver has given it up: what it left behind is nobody's.
    await unmountBelow(target);
    if (publication.isBlock) await rm(target, { force: true });
    else if (!(await isGoneOrRemoved(target)))
      throw new Error(`${target} is not empty after its driver ${publication.driver} unpublished it`);
    await places.forgetPublication(publication);
    this.#forget(publication);
  }

  #forget(publication: Publication): void {
    if (!this.#uses.delete(keyOf(publication))) return;
    this.#unstageUnlessUsed(this.#ports.places.staging(publication));
    if (publication.isAttachable) this.#ports.inUseChanged();
  }

  #isUsed(path: string): boolean {
    return [...this.#uses.values()].some(({ publication }) => !publication.isEphemeral && this.#ports.places.staging(publication) === path);
  }

  #unstageUnlessUsed(path: string): void {
    if (this.#isUsed(path) || !this.#staged.has(path) || this.#unstaging.has(path)) return;
    this.#unstaging.set(path, { backOff: new BackOff(volumeBackOff) });
    this.#unstage(path);
  }

  #unstage(path: string): void {
    const { clock, logger } = this.#ports;
    const unstaging = this.#unstaging.get(path);
    unstaging?.timer?.cancel();
    if (!unstaging || this.#stopped) return;
    this.#mutex
      .run(path, () => this.#unstageNow(path))
      .then(() => {
        this.#unstaging.delete(path);
        // Its last pod may have gone while it was looked at.
        this.#unstageUnlessUsed(path);
      })
      .catch((error: Error) => {
        if (this.#stopped) return;
        unstaging.backOff.fail(clock.now());
        const retryMs = unstaging.backOff.delayMs;
        logger.warn('a volume could not be unstaged yet', { staging: path, error: error.message, retryMs });
        unstaging.timer?.cancel();
        unstaging.timer = clock.after(retryMs, () => this.#unstage(path));
      });
  }

  async #unstageNow(path: string): Promise<void> {
    const { places, drivers } = this.#ports;
    const state = this.#staged.get(path);
    if (!state || this.#isUsed(path)) return;
    const { staging } = state;
    const driver = drivers.get(staging.driver);
    // From now on it may be gone, whatever the answer.
    state.isSure = false;
    await driver.client.unstage({ volumeId: staging.handle, stagingTargetPath: driver.pathFor(path) });
    await unmountBelow(path);
    if (!(await isGoneOrRemoved(path))) throw new Error(`${path} is not empty after its driver ${staging.driver} unstaged it`);
    this.#staged.delete(path);
    await places.forgetStaging(staging);
    if (staging.isAttachable) this.#ports.inUseChanged();
  }
}

function keyOf({ podUid, specName }: Publication): string {
  return `${podUid}/${specName}`;
}
