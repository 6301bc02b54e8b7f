// Brings images to the node by pull policy, in the background: a pod asks, and is woken when the answer has changed.
// Pulls of the same image are one pull; failures back off (10 s doubling to 5 min) as ErrImagePull and ImagePullBackOff.
import type { Container, Secret } from '@berth/api';
import { type ImageInfo, ImagePullError, type RegistryAuth, type Runtime } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import { BackOff, pullBackOff } from '../pods/back-off.ts';
import { registryAuth } from './registry-auth.ts';

const concurrentPullsMax = 5;
const failureShownMs = 1_000;

export type ImageState =
  | { state: 'present'; image: ImageInfo; imageRef: string }
  | { state: 'pulling' }
  | {
      state: 'failed';
      reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull' | 'InvalidImageName';
      message: string;
      retryAtMs: number;
    };

interface Pull {
  backOff: BackOff;
  running: boolean;
  lastError?: string;
  failedAtMs: number;
  /** The pod instances whose `Always` this pull has satisfied. */
  satisfied: Set<string>;
  /** By instance: who is told how the running pull ends. */
  waiting: Map<string, PullWaiter>;
  imageRef?: string;
}

interface PullWaiter {
  sinceMs: number;
  report: PullReport;
  changed: () => void;
}

export type PullReport = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

export class ImagePuller {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #pulls = new Map<string, Pull>();
  readonly #queue: (() => void)[] = [];
  #active = 0;

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  /**
   * The state of a container's image now. Starts a pull when one is due; `changed` is called when it has ended.
   * @param instance names one start of a container, so that `Always` asks the registry once for each
   */
  async ensure(container: Container, instance: string, secrets: Secret[], report: PullReport, changed: () => void): Promise<ImageState> {
    const image = normalizeImage(container.image ?? '');
    if (!image)
      return {
        state: 'failed',
        reason: 'InvalidImageName',
        message: `Failed to apply default image tag "${container.image}": couldn't parse image name`,
        retryAtMs: Number.MAX_SAFE_INTEGER,
      };
    const policy = container.imagePullPolicy ?? 'IfNotPresent';
    const pull = this.#pull(image);
    const mayUsePresent = policy !== 'Always' || pull.satisfied.has(instance);
    if (mayUsePresent && !pull.running) {
      const present = await this.#runtime.imageStatus(image);
      if (present) {
        if (!pull.satisfied.has(instance)) report('Normal', 'Pulled', `Container image "${container.image}" already present on machine`);
        pull.satisfied.add(instance);
        return { state: 'present', image: present, imageRef: pull.imageRef ?? present.id };
      }
      if (policy === 'Never')
        return {
          state: 'failed',
          reason: 'ErrImageNeverPull',
          message: `Container image "${container.image}" is not present with pull policy of Never`,
          retryAtMs: this.#clock.now() + 60_000,
        };
    }
    const nowMs = this.#clock.now();
    if (pull.lastError && !pull.running && pull.backOff.readyAtMs > nowMs) {
      // The failure itself is shown for a moment before the waiting that follows from it.
      const waitsFromMs = pull.failedAtMs + failureShownMs;
      if (nowMs < waitsFromMs) return { state: 'failed', reason: 'ErrImagePull', message: pull.lastError, retryAtMs: waitsFromMs };
      return {
        state: 'failed',
        reason: 'ImagePullBackOff',
        message: `Back-off pulling image "${container.image}": ${pull.lastError}`,
        retryAtMs: pull.backOff.readyAtMs,
      };
    }
    if (!pull.waiting.has(instance)) {
      report('Normal', 'Pulling', `Pulling image "${container.image}"`);
      pull.waiting.set(instance, { sinceMs: this.#clock.monotonicMs(), report, changed });
    }
    if (!pull.running) this.#begin(image, container.image ?? '', pull, registryAuth(image, secrets));
    return pull.lastError
      ? { state: 'failed', reason: 'ErrImagePull', message: pull.lastError, retryAtMs: Number.MAX_SAFE_INTEGER }
      : { state: 'pulling' };
  }

  /** Forgets a container's start, once it is over. */
  release(instance: string): void {
    for (const [image, pull] of this.#pulls) {
      pull.satisfied.delete(instance);
      if (pull.satisfied.size === 0 && !pull.running && !pull.lastError) this.#pulls.delete(image);
    }
  }

  #pull(image: string): Pull {
    const known = this.#pulls.get(image);
    if (known) return known;
    const fresh: Pull = { backOff: new BackOff(pullBackOff), running: false, failedAtMs: 0, satisfied: new Set(), waiting: new Map() };
    this.#pulls.set(image, fresh);
    return fresh;
  }

  #begin(image: string, shown: string, pull: Pull, auth: RegistryAuth | undefined): void {
    pull.running = true;
    void this.#turn(async () => {
      const begunMs = this.#clock.monotonicMs();
      try {
        pull.imageRef = await this.#runtime.pullImage(image, auth);
        const sizeBytes = (await this.#runtime.imageStatus(pull.imageRef))?.sizeBytes ?? 0;
        pull.backOff.reset();
        delete pull.lastError;
        this.#tellPulled(shown, pull, begunMs, sizeBytes);
      } catch (error) {
        pull.failedAtMs = this.#clock.now();
        pull.backOff.fail(pull.failedAtMs);
        pull.lastError = error instanceof ImagePullError ? error.message : `failed to pull image "${shown}": ${(error as Error).message}`;
        for (const { report } of pull.waiting.values()) {
          report('Warning', 'Failed', `Failed to pull image "${shown}": ${pull.lastError}`);
          report('Warning', 'Failed', 'Error: ErrImagePull');
        }
      } finally {
        pull.running = false;
        const waiting = [...pull.waiting.values()];
        pull.waiting.clear();
        for (const { changed } of waiting) changed();
      }
    });
  }

  #tellPulled(shown: string, pull: Pull, begunMs: number, sizeBytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [instance, { report, sinceMs }] of pull.waiting) {
      pull.satisfied.add(instance);
      const times = `in ${durationText(nowMs - begunMs)} (${durationText(nowMs - sinceMs)} including waiting)`;
      report('Normal', 'Pulled', `Successfully pulled image "${shown}" ${times}. Image size: ${sizeBytes} bytes.`);
    }
  }

  /** Runs at most `concurrentPullsMax` at once; the queue is bounded by the pods of this node. */
  async #turn(task: () => Promise<void>): Promise<void> {
    if (this.#active >= concurrentPullsMax) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#active++;
    try {
      await task();
    } finally {
      this.#active--;
      this.#queue.shift()?.();
    }
  }
}

const reference =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[a-z0-9]+:[a-f0-9]{32,})?$/;

/** Adds the tag `latest` where there is neither tag nor digest; undefined for what is not an image reference. */
export function normalizeImage(image: string): string | undefined {
  if (!reference.test(image)) return undefined;
  if (image.includes('@')) return image;
  return /:[\w.-]+$/.test(image.slice(image.lastIndexOf('/') + 1)) ? image : `${image}:latest`;
}

/** As Kubernetes writes it: `103ms`, `2.5s`. */
function durationText(durationMs: number): string {
  return durationMs < 1000 ? `${Math.round(durationMs)}ms` : `${(durationMs / 1000).toFixed(3).replace(/\.?0+$/, '')}s`;
}
