// Keeps the node alive at its pods' expense: looks every ten seconds at what is left and at what limited pods use, removes what nobody
// uses, and ends pods one at a time while that is not enough. Decisions are those of the pure files beside this one.
import { isTerminal, type Pod } from '@berth/api';
import { deepEqual } from '@berth/machinery';
import type { ContainerStats, Runtime } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { PressureCondition } from '../pods/admission.ts';
import { isCritical } from '../pods/critical-pods.ts';
import { type Failure, terminationByKubelet } from '../pods/failure.ts';
import type { NodeMeasurements } from './node-measurements.ts';
import type { WeighedPod } from './pod-usage.ts';
import { calm, isRelieved, type Observations, type PressureState, pressureStep } from './pressure.ts';
import { evictionMessage, ranked } from './ranking.ts';
import { exceededLimit, isLimited } from './storage-limits.ts';
import { type EvictionSettings, meaningOf, type Threshold } from './thresholds.ts';
import { removeUnusedImages } from './unused-images.ts';

const everyMs = 10_000;
/** Measuring may take this share of the time. */
const dutyShare = 0.1;
/** A pod that does not end keeps others waiting this long. */
const endTimeoutMs = 30_000;
const immediateGraceSeconds = 1;
/** The same is said of the node at most this often. */
const tellEveryMs = 60_000;

export interface EvictionDeps {
  settings: EvictionSettings;
  measurements: NodeMeasurements;
  runtime: Pick<Runtime, 'stats' | 'listImages' | 'listContainers' | 'removeImage'>;
  /** Of this node, with their statuses. */
  pods(): Pod[];
  /** Resolves once nothing of it runs. */
  evict(uid: string, failure: Failure): Promise<void>;
  /** What pods may use of memory together. */
  allocatableMemoryBytes: number;
  /** Images that are kept whoever uses them. */
  keepsImage(name: string): boolean;
  /** About the node. */
  event(reason: string, message: string): void;
  /** Conditions are others than before. */
  changed(): void;
  clock: Clock;
  logger: Logger;
}

export class EvictionManager {
  readonly #deps: EvictionDeps;
  readonly #stopping = new AbortController();
  readonly #evicted = new Set<string>();
  readonly #toldAtMs = new Map<string, number>();
  #state: PressureState = calm;
  #conditions: PressureCondition[] = [];

  constructor(deps: EvictionDeps) {
    this.#deps = deps;
  }

  /** The node's conditions that hold now. */
  get conditions(): readonly PressureCondition[] {
    return this.#conditions;
  }

  start(): void {
    void this.#runForever(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping.abort(new Error('the agent is stopping'));
  }

  async #runForever(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    while (!signal.aborted) {
      const beganMs = clock.monotonicMs();
      const evicted = await this.round().catch((error: unknown) => {
        logger.warn('the node could not be measured; nothing is evicted until it can', { error });
        return false;
      });
      const tookMs = clock.monotonicMs() - beganMs;
      // Having evicted, it looks at once whether that was enough.
      await clock.sleep(evicted ? 0 : Math.max(everyMs, tookMs / dutyShare), signal).catch(() => undefined);
    }
  }

  /** Looks once and acts on it. @returns whether pods were evicted */
  async round(): Promise<boolean> {
    const { settings, runtime, clock, changed } = this.#deps;
    const stats = await runtime.stats();
    let observations = await this.#observe(stats);
    const next = () => pressureStep(settings, this.#state, observations, clock.now());
    let step = next();
    const isNewlyFull = step.conditions.includes('DiskPressure') && !this.#conditions.includes('DiskPressure');
    const full = isNewlyFull && step.due.find(({ signal }) => meaningOf(signal).condition === 'DiskPressure');
    // Images that nobody uses go before any pod is refused for them.
    if (full && (await this.#removeImages(full)) > 0) {
      observations = await this.#observe(stats);
      step = next();
    }
    const { state, conditions, due } = step;
    this.#state = state;
    const isNews = !deepEqual(conditions, this.#conditions);
    this.#conditions = conditions;
    if (isNews) changed();
    if (await this.#enforceLimits(stats)) return true;
    const [threshold] = due;
    if (!threshold) return false;
    this.#tell(`Attempting to reclaim ${meaningOf(threshold.signal).resource}`);
    if (await this.#reclaim(threshold, stats)) return false;
    return this.#evictOne(threshold, stats, observations);
  }

  async #observe(stats: ContainerStats[]): Promise<Observations> {
    const { measurements, allocatableMemoryBytes } = this.#deps;
    const used = stats.reduce((sum, { memoryWorkingSetBytes }) => sum + memoryWorkingSetBytes, 0);
    const ofPods = { available: allocatableMemoryBytes - used, capacity: allocatableMemoryBytes };
    return { ...(await measurements.observe()), 'allocatableMemory.available': ofPods };
  }

  async #enforceLimits(stats: ContainerStats[]): Promise<boolean> {
    const { measurements } = this.#deps;
    const hasImageDisk = await measurements.hasImageDisk();
    const ends: Promise<void>[] = [];
    for (const pod of this.#active().filter(isLimited)) {
      const usage = await measurements.usage(pod, statsOf(pod, stats), false);
      const message = exceededLimit(pod, usage, hasImageDisk);
      if (message) ends.push(...this.#evict(pod, { reason: 'Evicted', message, graceSeconds: immediateGraceSeconds }));
    }
    await this.#ended(ends);
    return ends.length > 0;
  }

  /** Whether removing what nobody uses was enough. */
  async #reclaim(threshold: Threshold, stats: ContainerStats[]): Promise<boolean> {
    if (meaningOf(threshold.signal).condition !== 'DiskPressure') return false;
    await this.#removeImages(threshold);
    return isRelieved(this.#deps.settings, await this.#observe(stats));
  }

  /** @returns how many bytes of images that nobody uses are gone */
  async #removeImages({ signal }: Threshold): Promise<number> {
    const { runtime, measurements, pods, keepsImage, logger } = this.#deps;
    // Images on a disk of their own give the node's nothing.
    if (signal.startsWith('nodefs') && (await measurements.hasImageDisk())) return 0;
    const bytes = await removeUnusedImages(runtime, pods(), keepsImage);
    if (bytes > 0) logger.info('removed images that nothing uses, as the disk is short', { bytes });
    return bytes;
  }

  async #evictOne(threshold: Threshold, stats: ContainerStats[], observations: Observations): Promise<boolean> {
    const { measurements, settings, logger } = this.#deps;
    const withInodes = meaningOf(threshold.signal).resource === 'inodes';
    const weighed: WeighedPod[] = [];
    for (const pod of this.#active()) weighed.push({ pod, usage: await measurements.usage(pod, statsOf(pod, stats), withInodes) });
    for (const candidate of ranked(weighed, threshold.signal, await measurements.hasImageDisk())) {
      const message = evictionMessage(candidate, threshold, observations);
      const graceSeconds = threshold.graceMs === 0 ? immediateGraceSeconds : settings.maxPodGraceSeconds;
      const ends = this.#evict(candidate.pod, { reason: 'Evicted', message, graceSeconds, condition: terminationByKubelet(message) });
      if (ends.length === 0) continue;
      await this.#ended(ends);
      return true;
    }
    logger.warn('the node is short of something, and there is no pod to evict', { signal: threshold.signal });
    return false;
  }

  /** Of pods that run or are about to. */
  #active(): Pod[] {
    const pods = this.#deps.pods();
    const known = new Set(pods.map(({ metadata }) => metadata.uid ?? ''));
    for (const uid of this.#evicted) if (!known.has(uid)) this.#evicted.delete(uid);
    return pods.filter(({ metadata, status }) => status?.startTime && !isTerminal(status.phase) && !this.#evicted.has(metadata.uid ?? ''));
  }

  #evict(pod: Pod, failure: Failure): Promise<void>[] {
    if (isCritical(pod)) return [];
    const { uid = '', name, namespace } = pod.metadata;
    this.#evicted.add(uid);
    this.#deps.logger.info('evicting a pod', { pod: name, namespace, why: failure.message });
    return [this.#deps.evict(uid, failure)];
  }

  async #ended(ends: Promise<void>[]): Promise<void> {
    if (ends.length === 0) return;
    const waiting = new AbortController();
    const signal = AbortSignal.any([waiting.signal, this.#stopping.signal]);
    await Promise.race([Promise.all(ends), this.#deps.clock.sleep(endTimeoutMs, signal).catch(() => undefined)]);
    waiting.abort();
  }

  #tell(message: string): void {
    const nowMs = this.#deps.clock.now();
    if (nowMs - (this.#toldAtMs.get(message) ?? Number.NEGATIVE_INFINITY) < tellEveryMs) return;
    this.#toldAtMs.set(message, nowMs);
    this.#deps.event('EvictionThresholdMet', message);
  }
}

function statsOf({ metadata }: Pod, stats: ContainerStats[]): ContainerStats[] {
  return stats.filter(({ podUid }) => podUid === metadata.uid);
}
