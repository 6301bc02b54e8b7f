// Pulls under way: those of the same image with the same credentials are one, so many run at a time, and everyone who waits for one is
// notified of its end.
import { type ImageInfo, ImagePullError, type Runtime } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import type { ImageAccess } from './image-access.ts';
import type { PullCredential } from './keyring.ts';

export type PullReport = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

export type PullEnd = { imageRef: string } | { error: string; failedAtMs: number };

export interface PullWaiter {
  /** Of the pod. */
  uid: string;
  report: PullReport;
  ended(result: PullEnd): void;
}

export interface WantedPull {
  /** As the pod names it. */
  shown: string;
  /** With tag or digest. */
  image: string;
  credentials: PullCredential[];
}

interface Pull {
  waiting: Map<string, PullWaiter & { sinceMs: number }>;
}

export interface ImagePullsDeps {
  runtime: Pick<Runtime, 'pullImage' | 'imageStatus'>;
  access: ImageAccess;
  clock: Clock;
  /** Of the node, for an image: tried after the pod's own. */
  nodeCredentials: (image: string) => Promise<PullCredential[]>;
  parallelMax: number;
}

export class ImagePulls {
  readonly #deps: ImagePullsDeps;
  readonly #running = new Map<string, Pull>();
  /** Bounded by the pods of this node. */
  readonly #queue: (() => void)[] = [];
  #active = 0;

  constructor(deps: ImagePullsDeps) {
    this.#deps = deps;
  }

  isWaiting(instance: string): boolean {
    return [...this.#running.values()].some(({ waiting }) => waiting.has(instance));
  }

  /** Whoever waits for this pod does no longer; pulls go on. */
  leave(uid: string): void {
    for (const { waiting } of this.#running.values())
      for (const [instance, waiter] of waiting) if (waiter.uid === uid) waiting.delete(instance);
  }

  /** Begins a pull, or joins one. */
  join(wanted: WantedPull, instance: string, waiter: PullWaiter): void {
    // One for each image and whoever may pull it: without their credentials, others may fail where they do not.
    const key = JSON.stringify([wanted.image, wanted.credentials.map(({ hash, secret }) => [hash, secret])]);
    const running = this.#running.get(key);
    const pull = running ?? { waiting: new Map() };
    pull.waiting.set(instance, { ...waiter, sinceMs: this.#deps.clock.monotonicMs() });
    if (running) return;
    this.#running.set(key, pull);
    void this.#turn(async () => {
      const beganMs = this.#deps.clock.monotonicMs();
      const result = await this.#pull(wanted).catch((error: unknown) => ({
        failedAtMs: this.#deps.clock.now(),
        error: error instanceof ImagePullError ? error.message : `failed to pull image "${wanted.shown}": ${(error as Error).message}`,
      }));
      this.#running.delete(key);
      for (const one of pull.waiting.values()) {
        if ('error' in result) this.#reportFailure(wanted, one, result.error);
        else this.#reportSuccess(wanted, one, beganMs, result.sizeBytes);
        one.ended(result);
      }
    });
  }

  async #pull({ image, credentials }: WantedPull): Promise<{ imageRef: string; sizeBytes: number }> {
    const { access, runtime, nodeCredentials } = this.#deps;
    await access.begun(image);
    let imageRef: string;
    let used: PullCredential | undefined;
    try {
      [imageRef, used] = await this.#pullWith(image, [...credentials, ...(await nodeCredentials(image))]);
    } catch (error) {
      await access.ended(image);
      throw error;
    }
    await access.pulled(image, imageRef, used);
    return { imageRef, sizeBytes: (await this.#status(imageRef, runtime))?.sizeBytes ?? 0 };
  }

  /** The image is there; that its size is not known says nothing against it. */
  #status(imageRef: string, runtime: ImagePullsDeps['runtime']): Promise<ImageInfo | undefined> {
    return runtime.imageStatus(imageRef).catch(() => undefined);
  }

  /** @throws ImagePullError with what went wrong with each of the credentials */
  async #pullWith(image: string, credentials: PullCredential[]): Promise<[imageRef: string, used: PullCredential | undefined]> {
    const { runtime } = this.#deps;
    if (credentials.length === 0) return [await runtime.pullImage(image), undefined];
    const errors: Error[] = [];
    for (const credential of credentials) {
      try {
        return [await runtime.pullImage(image, credential.auth), credential];
      } catch (error) {
        errors.push(error as Error);
      }
    }
    const [first] = errors;
    const different = [...new Set(errors.map(({ message }) => message))];
    if (first && different.length === 1) throw first;
    throw new Error(`[${different.join(', ')}]`, { cause: first });
  }

  #reportFailure({ shown }: WantedPull, { report }: PullWaiter, error: string): void {
    report('Warning', 'Failed', `Failed to pull image "${shown}": ${error}`);
    report('Warning', 'Failed', 'Error: ErrImagePull');
  }

  #reportSuccess({ shown }: WantedPull, { report, sinceMs }: PullWaiter & { sinceMs: number }, beganMs: number, sizeBytes: number): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const times = `in ${durationText(nowMs - beganMs)} (${durationText(nowMs - sinceMs)} including waiting)`;
    report('Normal', 'Pulled', `Successfully pulled image "${shown}" ${times}. Image size: ${sizeBytes} bytes.`);
  }

  async #turn(task: () => Promise<void>): Promise<void> {
    if (this.#active >= this.#deps.parallelMax) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#active++;
    try {
      await task();
    } finally {
      // Whoever is next takes the place over.
      const next = this.#queue.shift();
      if (next) next();
      else this.#active--;
    }
  }
}

/** As Go writes it: `103ms`, `2.5s`, `1m2.5s`. */
export function durationText(durationMs: number): string {
  const ms = Math.round(durationMs);
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`;
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1000];
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}
