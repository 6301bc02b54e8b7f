// Brings images to the node by pull policy, in the background: a pod asks, and is woken when the answer has changed.
// Failures back off (10 s doubling to 5 min), for each pod by itself, as ErrImagePull and ImagePullBackOff.
import type { Container, Secret } from '@berth/api';
import { type ImageInfo, RuntimeUnavailableError } from '@berth/runtime';
import { BackOff, pullBackOff } from '../pods/back-off.ts';
import { imageReference, repositoryOf } from './image-name.ts';
import { ImagePulls, type ImagePullsDeps, type PullEnd, type PullReport } from './image-pulls.ts';
import { type PullCredential, secretKeyring } from './keyring.ts';

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

/** Of a pod with an image. */
interface Failures {
  backOff: BackOff;
  lastError: string;
  failedAtMs: number;
}

export interface ImageRequest {
  container: Pick<Container, 'image' | 'imagePullPolicy'>;
  /** Of the pod. */
  uid: string;
  /** Names one start of a container within the pod, so that `Always` asks the registry once for each. */
  start: string;
  secrets: Secret[];
  report: PullReport;
  /** Called when a pull that was under way has ended. */
  changed: () => void;
}

type Known = ImageRequest & { shown: string; image: string; instance: string; credentials: PullCredential[] };

export class ImagePuller {
  readonly #deps: ImagePullsDeps;
  readonly #pulls: ImagePulls;
  /** By pod, then by image. */
  readonly #failures = new Map<string, Map<string, Failures>>();
  /** By pod, then by start: what the image is that it was given. */
  readonly #given = new Map<string, Map<string, string>>();

  constructor(deps: ImagePullsDeps) {
    this.#deps = deps;
    this.#pulls = new ImagePulls(deps);
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
    let credentials: PullCredential[];
    try {
      credentials = secretKeyring(request.secrets).lookup(repositoryOf(image));
    } catch (error) {
      const { message } = error as Error;
      request.report('Warning', 'Failed', `Failed to pull image "${shown}": ${message}`);
      return { state: 'failed', reason: 'ErrImagePull', message };
    }
    const known = { ...request, shown, image, credentials, instance: JSON.stringify([request.uid, request.start]) };
    if (this.#pulls.isWaiting(known.instance)) return this.#underWay(known);
    return (await this.#present(known)) ?? this.#backedOff(known) ?? this.#pulled(known);
  }

  /** Undefined when it has to be pulled. */
  async #present(known: Known): Promise<ImageState | undefined> {
    const { container, uid, start, report, shown } = known;
    const policy = container.imagePullPolicy ?? 'IfNotPresent';
    const given = this.#given.get(uid)?.get(start);
    if (policy === 'Always' && given === undefined) return undefined;
    let present: ImageInfo | undefined;
    try {
      present = await this.#deps.runtime.imageStatus(known.image);
    } catch (error) {
      if (error instanceof RuntimeUnavailableError) throw error;
      const message = `Failed to inspect image "${shown}": ${(error as Error).message}`;
      report('Warning', 'InspectFailed', message);
      return { state: 'failed', reason: 'ImageInspectError', message };
    }
    if (present && given !== undefined) return { state: 'present', image: present, imageRef: given };
    if (present && (await this.#deps.access.mayUse(known.image, present.id, known.credentials))) {
      report('Normal', 'Pulled', `Container image "${shown}" already present on machine and can be accessed by the pod`);
      this.#give(known, present.id);
      return { state: 'present', image: present, imageRef: present.id };
    }
    if (policy !== 'Never') return undefined;
    // Also where it is there, for others: that it is, is not for this pod to know.
    const message = `Container image "${shown}" is not present with pull policy of Never`;
    report('Warning', 'ErrImageNeverPull', message);
    return { state: 'failed', reason: 'ErrImageNeverPull', message };
  }

  /** Undefined when a pull may begin. */
  #backedOff({ uid, image, shown }: Known): ImageState | undefined {
    const failures = this.#failures.get(uid)?.get(image);
    const nowMs = this.#deps.clock.now();
    if (!failures || failures.backOff.readyAtMs <= nowMs) return undefined;
    const { lastError, failedAtMs, backOff } = failures;
    // The failure itself is shown for a moment before the waiting that follows from it.
    const waitsFromMs = failedAtMs + failureShownMs;
    if (nowMs < waitsFromMs) return { state: 'failed', reason: 'ErrImagePull', message: lastError, retryAtMs: waitsFromMs };
    const message = `Back-off pulling image "${shown}": ErrImagePull: ${lastError}`;
    return { state: 'failed', reason: 'ImagePullBackOff', message, retryAtMs: backOff.readyAtMs };
  }

  #pulled(known: Known): ImageState {
    const { shown, instance, uid, report, changed } = known;
    report('Normal', 'Pulling', `Pulling image "${shown}"`);
    this.#pulls.join(known, instance, {
      ...{ uid, report },
      ended: (result) => {
        this.#ended(known, result);
        changed();
      },
    });
    return this.#underWay(known);
  }

  #underWay({ uid, image }: Known): ImageState {
    const failures = this.#failures.get(uid)?.get(image);
    if (!failures) return { state: 'pulling' };
    return { state: 'failed', reason: 'ErrImagePull', message: failures.lastError, retryAtMs: Number.MAX_SAFE_INTEGER };
  }

  #ended(known: Known, result: PullEnd): void {
    if (!('error' in result)) {
      this.#give(known, result.imageRef);
      return;
    }
    const { uid, image } = known;
    const ofPod = this.#failures.get(uid) ?? new Map<string, Failures>();
    this.#failures.set(uid, ofPod);
    const earlier = ofPod.get(image);
    const backOff = earlier?.backOff ?? new BackOff(pullBackOff);
    // Containers of one pod that waited for one pull have failed once.
    if (earlier?.failedAtMs !== result.failedAtMs) backOff.fail(result.failedAtMs);
    ofPod.set(image, { backOff, lastError: result.error, failedAtMs: result.failedAtMs });
  }

  #give({ uid, start, image }: Known, imageRef: string): void {
    this.#failures.get(uid)?.delete(image);
    const ofPod = this.#given.get(uid) ?? new Map<string, string>();
    this.#given.set(uid, ofPod.set(start, imageRef));
  }

  /** Forgets a container's start, once it is over. */
  release(uid: string, start: string): void {
    this.#given.get(uid)?.delete(start);
  }

  /** Forgets a pod with all its containers' starts, and its failures. */
  releasePod(uid: string): void {
    this.#pulls.leave(uid);
    this.#given.delete(uid);
    this.#failures.delete(uid);
  }
}
