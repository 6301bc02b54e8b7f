// Brings images to the node by pull policy, in the background: a pod asks, and is woken when the answer has changed.
// Pulls of the same image are one pull; failures back off (10 s doubling to 5 min) as ErrImagePull and ImagePullBackOff.
import type { Container, Secret } from '@berth/api';
import { type ImageInfo, ImagePullError, type RegistryAuth, type Runtime, RuntimeUnavailableError } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import { BackOff, pullBackOff } from '../pods/back-off.ts';
import { imageReference } from './image-name.ts';
import { registryAuth } from './registry-auth.ts';

const concurrentPullsMax = 5;
const failureShownMs = 1_000;

export type ImageState =
  | { state: 'present'; image: ImageInfo; imageRef: string }
  | { state: 'pulling' }
  | {
      state: 'failed';
      reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull' | 'ImageInspectError' | 'InvalidImageName';
      message: string;
      /** Absent where nothing here says when. */
      retryAtMs?: number;
    };

interface Pull {
  backOff: BackOff;
  running: boolean;
  lastError?: string;
  failedAtMs: number;
  /** The instances that have asked and have not started. */
  asked: Set<string>;
  /** Those of them whose `Always` this pull has satisfied. */
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

export interface ImageRequest {
  container: Container;
  /** Names one start of a container, so that `Always` asks the registry once for each. */
  instance: string;
  secrets: Secret[];
  report: PullReport;
  /** Called when a pull that was under way has ended. */
  changed: () => void;
}

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

  /** The state of a container's image now. Starts a pull when one is due. */
  async ensure(request: ImageRequest): Promise<ImageState> {
    const shown = request.container.image ?? '';
    let image: string;
    try {
      image = imageReference(shown);
    } catch (error) {
      const message = `Failed to apply default image tag ${JSON.stringify(shown)}: ${(error as Error).message}`;
      request.report('Warning', 'InspectFailed', message);
      return { state: 'failed', reason: 'InvalidImageName', message, retryAtMs: Number.MAX_SAFE_INTEGER };
    }
    let auth: RegistryAuth | undefined;
    try {
      auth = registryAuth(image, request.secrets);
    } catch (error) {
      const { message } = error as Error;
      request.report('Warning', 'Failed', `Failed to pull image "${shown}": ${message}`);
      return { state: 'failed', reason: 'ErrImagePull', message };
    }
    const pull = this.#pull(image, auth, request.instance);
    return (await this.#present(image, pull, request)) ?? this.#backedOff(shown, pull) ?? this.#pulled(image, auth, pull, request);
  }

  /** Undefined when it has to be pulled. */
  async #present(image: string, pull: Pull, { container, instance, report }: ImageRequest): Promise<ImageState | undefined> {
    const policy = container.imagePullPolicy ?? 'IfNotPresent';
    if (pull.running || (policy === 'Always' && !pull.satisfied.has(instance))) return undefined;
    try {
      const present = await this.#runtime.imageStatus(image);
      if (present) {
        if (!pull.satisfied.has(instance)) report('Normal', 'Pulled', `Container image "${container.image}" already present on machine`);
        pull.satisfied.add(instance);
        return { state: 'present', image: present, imageRef: pull.imageRef ?? present.id };
      }
    } catch (error) {
      if (error instanceof RuntimeUnavailableError) throw error;
      const message = `Failed to inspect image "${container.image}": ${(error as Error).message}`;
      report('Warning', 'InspectFailed', message);
      return { state: 'failed', reason: 'ImageInspectError', message };
    }
    if (policy !== 'Never') return undefined;
    const message = `Container image "${container.image}" is not present with pull policy of Never`;
    report('Warning', 'ErrImageNeverPull', message);
    return { state: 'failed', reason: 'ErrImageNeverPull', message };
  }

  /** Undefined when a pull may begin, or is under way. */
  #backedOff(shown: string, pull: Pull): ImageState | undefined {
    const nowMs = this.#clock.now();
    if (!pull.lastError || pull.running || pull.backOff.readyAtMs <= nowMs) return undefined;
    // The failure itself is shown for a moment before the waiting that follows from it.
    const waitsFromMs = pull.failedAtMs + failureShownMs;
    if (nowMs < waitsFromMs) return { state: 'failed', reason: 'ErrImagePull', message: pull.lastError, retryAtMs: waitsFromMs };
    return {
      state: 'failed',
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "${shown}": ErrImagePull: ${pull.lastError}`,
      retryAtMs: pull.backOff.readyAtMs,
    };
  }

  #pulled(image: string, auth: RegistryAuth | undefined, pull: Pull, request: ImageRequest): ImageState {
    const { container, instance, report, changed } = request;
    if (!pull.waiting.has(instance)) {
      report('Normal', 'Pulling', `Pulling image "${container.image}"`);
      pull.waiting.set(instance, { sinceMs: this.#clock.monotonicMs(), report, changed });
    }
    if (!pull.running) this.#begin(image, container.image ?? '', pull, auth);
    return pull.lastError
      ? { state: 'failed', reason: 'ErrImagePull', message: pull.lastError, retryAtMs: Number.MAX_SAFE_INTEGER }
      : { state: 'pulling' };
  }

  /** Forgets a container's start, once it is over. */
  release(instance: string): void {
    this.#forget((known) => known === instance);
  }

  /** Forgets a pod with all its containers' starts, and the failures of pulls that nobody waits for any more. */
  releasePod(uid: string): void {
    this.#forget((known) => known.startsWith(`${uid}/`));
  }

  #forget(isOver: (instance: string) => boolean): void {
    for (const [key, pull] of this.#pulls) {
      for (const instance of [...pull.asked].filter(isOver)) {
        pull.asked.delete(instance);
        pull.satisfied.delete(instance);
      }
      if (pull.asked.size === 0 && !pull.running) this.#pulls.delete(key);
    }
  }

  /** One for each image and whoever may pull it: without their credentials, others may fail where they do not. */
  #pull(image: string, auth: RegistryAuth | undefined, instance: string): Pull {
    const key = JSON.stringify([image, auth]);
    const known = this.#pulls.get(key);
    const pull = known ?? {
      ...{ backOff: new BackOff(pullBackOff), running: false, failedAtMs: 0 },
      ...{ asked: new Set<string>(), satisfied: new Set<string>(), waiting: new Map<string, PullWaiter>() },
    };
    this.#pulls.set(key, pull);
    pull.asked.add(instance);
    return pull;
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

/** As Kubernetes writes it: `103ms`, `2.5s`. */
function durationText(durationMs: number): string {
  return durationMs < 1000 ? `${Math.round(durationMs)}ms` : `${(durationMs / 1000).toFixed(3).replace(/\.?0+$/, '')}s`;
}
