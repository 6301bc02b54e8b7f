// Keeps a node's disk from filling with images: looks every five minutes, removes what was unused for too long, and, when the disk is fuller
// than a threshold, what was used longest ago until it is emptier than another. What containers or pods use stays. Figures and words are
// the kubelet's. Between those looks it knows which images there are, for the node's status.
import type { Pod } from '@berth/api';
import type { ImageInfo, Runtime } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { Observation } from '../eviction/pressure.ts';
import { unusedImages } from '../eviction/unused-images.ts';

const listEveryMs = 30_000;
const collectEveryMs = 300_000;

export interface CollectionSettings {
  /** Of the disk: from here on, images go; 100: never for this. */
  highPercent: number;
  /** Until it is emptier than this. */
  lowPercent: number;
  /** Since an image was first seen. */
  minimumAgeMs: number;
  /** Since an image was last used; 0: however long. */
  maximumAgeMs: number;
}

export interface ImageCollectionDeps {
  settings: CollectionSettings;
  runtime: Pick<Runtime, 'listImages' | 'listContainers' | 'removeImage'>;
  pods(): Pod[];
  /** Images that are kept whoever uses them. */
  keepsImage(name: string): boolean;
  /** Which images are on; undefined where nobody knows. */
  disk(): Promise<Observation | undefined>;
  /** Images that are still there, and when that was. */
  remaining(ids: ReadonlySet<string>, atMs: number): Promise<void>;
  /** About the node. */
  event(reason: string, message: string): void;
  clock: Clock;
  logger: Logger;
}

interface Seen {
  firstMs: number;
  /** -Infinity: it never was. */
  usedMs: number;
}

export class ImageCollection {
  readonly #deps: ImageCollectionDeps;
  readonly #seen = new Map<string, Seen>();
  readonly #stopping = new AbortController();
  readonly #startedMs: number;
  #images: readonly ImageInfo[] = [];
  #failures = 0;

  constructor(deps: ImageCollectionDeps) {
    this.#deps = deps;
    this.#startedMs = deps.clock.monotonicMs();
  }

  /** The largest first. */
  get images(): readonly ImageInfo[] {
    return this.#images;
  }

  async start(): Promise<void> {
    await this.#try(() => this.#list(), 'the images of this node could not be listed');
    void this.#runForever(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping.abort(new Error('the agent is stopping'));
  }

  async #runForever(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    let collectAtMs = clock.monotonicMs();
    while (!signal.aborted) {
      if (clock.monotonicMs() >= collectAtMs) {
        collectAtMs = clock.monotonicMs() + collectEveryMs;
        await this.#collectAndSay();
      }
      await clock.sleep(listEveryMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#try(() => this.#list(), 'the images of this node could not be listed');
    }
  }

  async #collectAndSay(): Promise<void> {
    try {
      await this.collect();
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      this.#deps.logger.warn('images could not be collected', { error });
      // The first time after a start, the runtime may not be there yet.
      if (this.#failures > 1) this.#deps.event('ImageGCFailed', (error as Error).message);
    }
  }

  async #try(task: () => Promise<void>, message: string): Promise<void> {
    await task().catch((error: unknown) => this.#deps.logger.warn(message, { error }));
  }

  async #list(): Promise<void> {
    const images = await this.#deps.runtime.listImages();
    this.#images = images.sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? 1 : -1));
  }

  /** Removes what is due. @throws Error when the disk stays too full, and what keeps it from looking */
  async collect(): Promise<void> {
    const { runtime, pods, keepsImage, clock, settings } = this.#deps;
    const [nowMs, atMs] = [clock.monotonicMs(), clock.now()];
    const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()]);
    const unused = unusedImages(images, containers, pods(), keepsImage);
    this.#see(images, new Set(unused.map(({ id }) => id)), nowMs);
    const byAge = unused.sort((a, b) => this.#order(a, b));
    const old = byAge.filter(({ id }) => this.#isTooOld(id, nowMs));
    const removed = new Set(await this.#removeAll(old));
    const rest = byAge.filter((image) => !removed.has(image) && nowMs - this.#of(image.id).firstMs >= settings.minimumAgeMs);
    const room = await this.#makeRoom(rest);
    for (const image of room.removed) removed.add(image);
    await this.#deps.remaining(new Set(images.filter((image) => !removed.has(image)).map(({ id }) => id)), atMs);
    if (removed.size > 0) await this.#list();
    if (room.failure) throw new Error(room.failure);
  }

  #see(images: ImageInfo[], unused: ReadonlySet<string>, nowMs: number): void {
    const present = new Set(images.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id);
    for (const id of present) {
      const { firstMs, usedMs } = this.#seen.get(id) ?? { firstMs: nowMs, usedMs: Number.NEGATIVE_INFINITY };
      this.#seen.set(id, { firstMs, usedMs: unused.has(id) ? usedMs : nowMs });
    }
  }

  #of(id: string): Seen {
    return this.#seen.get(id) ?? { firstMs: 0, usedMs: 0 };
  }

  /** The one that was used longest ago first. */
  #order(a: ImageInfo, b: ImageInfo): number {
    const [first, second] = [this.#of(a.id), this.#of(b.id)];
    return first.usedMs === second.usedMs ? first.firstMs - second.firstMs : first.usedMs - second.usedMs;
  }

  /** Whoever has just started knows nothing of what was used before. */
  #isTooOld(id: string, nowMs: number): boolean {
    const { maximumAgeMs } = this.#deps.settings;
    return maximumAgeMs > 0 && nowMs - this.#startedMs > maximumAgeMs && nowMs - this.#of(id).usedMs > maximumAgeMs;
  }

  /** @returns what it removed, and what is wrong when that is not enough */
  async #makeRoom(images: ImageInfo[]): Promise<{ removed: ImageInfo[]; failure?: string }> {
    const { disk, settings, event, logger } = this.#deps;
    const observed = await disk();
    if (!observed) return { removed: [] };
    const { capacity } = observed;
    if (capacity === 0) {
      const failure = 'invalid capacity 0 on image filesystem';
      event('InvalidDiskCapacity', failure);
      return { removed: [], failure };
    }
    const available = Math.min(observed.available, capacity);
    const usedPercent = 100 - Math.floor((available * 100) / capacity);
    if (usedPercent < settings.highPercent) return { removed: [] };
    const wantedBytes = Math.floor((capacity * (100 - settings.lowPercent)) / 100) - available;
    logger.info('the disk of images is fuller than it may be', { usedPercent, wantedBytes });
    const removed = await this.#removeAll(images, wantedBytes);
    const freedBytes = sizeOf(removed);
    if (freedBytes >= wantedBytes) return { removed };
    const failure = `Insufficient free disk space on the node's image filesystem (${usedPercent}% of ${sizeText(capacity)} used). Failed to free sufficient space by deleting unused images (freed ${freedBytes} bytes). Investigate disk usage, as it could be used by active images, logs, volumes, or other data.`;
    event('FreeDiskSpaceFailed', failure);
    return { removed, failure };
  }

  /** Until so many bytes are free. One that cannot be removed keeps no other. */
  async #removeAll(images: ImageInfo[], bytes = Number.POSITIVE_INFINITY): Promise<ImageInfo[]> {
    const { runtime, logger } = this.#deps;
    const removed: ImageInfo[] = [];
    for (const image of images) {
      if (sizeOf(removed) >= bytes) break;
      try {
        await runtime.removeImage(image.id);
        removed.push(image);
        this.#seen.delete(image.id);
      } catch (error) {
        logger.warn('an image could not be removed', { image: image.id, error });
      }
    }
    if (removed.length > 0) logger.info('removed images that nothing uses', { images: removed.length, bytes: sizeOf(removed) });
    return removed;
  }
}

function sizeOf(images: ImageInfo[]): number {
  return images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function sizeText(bytes: number): string {
  const unit = ['', 'Ki', 'Mi', 'Gi', 'Ti'].reduce((best, name, power) => (bytes >= 1024 ** power ? { name, power } : best), {
    name: '',
    power: 0,
  });
  return unit.power === 0 ? `${bytes} B` : `${(bytes / 1024 ** unit.power).toFixed(1)} ${unit.name}B`;
}
