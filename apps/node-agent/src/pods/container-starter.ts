// Starts one container: image, configuration, create, start, postStart. What keeps it from starting becomes the waiting
// reason that kubectl shows, and an event.
import type { Container, Pod } from '@berth/api';
import { type ContainerInfo, RuntimeUnavailableError } from '@berth/runtime';
import type { ImageState } from '../images/image-puller.ts';
import { missingCapabilities } from './capabilities.ts';
import { containerConfig } from './container-config.ts';
import { containerFieldPath } from './container-field-path.ts';
import type { WaitingReason } from './container-status.ts';
import { ConfigError } from './environment.ts';
import { type MissingImage, pullImageVolumes, releaseImageVolumes } from './image-volumes.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { PodEnvironment } from './pod-environment.ts';
import type { Retries } from './retries.ts';
import { handlerFeatures } from './runtime-features.ts';

/** Ended instances kept for `kubectl logs --previous` and lastState. */
const deadInstancesKept = 1;

type ContainerEvent = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

export interface StartStep {
  container: Container;
  attempt: number;
  init: boolean;
  replaces?: string;
  /** The container whose processes it is to see. */
  targetId?: string;
}

export interface StartResult {
  waiting?: WaitingReason;
  retryAtMs?: number;
}

export class ContainerStarter {
  readonly #env: PodEnvironment;
  readonly #retries: Retries;
  readonly #wake: () => void;
  readonly #abandon = new AbortController();

  constructor(env: PodEnvironment, retries: Retries, wake: () => void) {
    this.#env = env;
    this.#retries = retries;
    this.#wake = wake;
  }

  /** The pod is to end, or nobody looks any more: postStart hooks under way are not waited for. */
  abandonHooks(): void {
    this.#abandon.abort();
  }

  async start(pod: Pod, step: StartStep, sandboxId: string, volumes: Map<string, string>, podIps: string[]): Promise<StartResult> {
    const { container, attempt } = step;
    const field = containerFieldPath(pod, container.name);
    const event: ContainerEvent = (type, reason, message) => this.#env.event(pod, type, reason, message, field);
    const [uid, start] = [pod.metadata.uid ?? '', `${container.name}/${attempt}`];
    const secrets = this.#env.pullSecrets(pod);
    const mounted = await pullImageVolumes(this.#env, pod, step, this.#wake);
    if ('state' in mounted) return this.#withoutImage(container, mounted, event);
    const image = await this.#env.images.ensure({ container, uid, start, secrets, report: event, changed: this.#wake });
    if (image.state !== 'present') return this.#withoutImage(container, image, event);
    if (step.replaces) await this.#env.runtime.removeContainer(step.replaces);
    await this.#removeOlder(pod, container);
    let id: string;
    try {
      const paths = new Map(volumes);
      for (const [name, ref] of mounted) paths.set(name, await this.#env.volumes.provideImage(pod, name, ref));
      id = await this.#create(pod, step, sandboxId, paths, podIps, image);
    } catch (error) {
      return this.#failed(pod, container, error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError', error);
    }
    this.#env.images.release(uid, start);
    releaseImageVolumes(this.#env, pod, step);
    event('Normal', 'Created', `Container created`);
    try {
      await this.#env.runtime.startContainer(id);
    } catch (error) {
      // The runtime marks it as ended with StartError; the restart policy takes it from there.
      return this.#failed(pod, container, 'RunContainerError', error);
    }
    this.#retries.succeeded('container', container.name);
    event('Normal', 'Started', `Container started`);
    await this.#env.linkLog(pod, { container: container.name, attempt }, id);
    this.#tellMissingCapabilities(container, event);
    return this.#postStart(pod, container, id, podIps, event);
  }

  #withoutImage(container: Container, image: MissingImage, event: ContainerEvent): StartResult {
    if (image.state === 'pulling') return {};
    if (image.reason === 'ImagePullBackOff') event('Normal', 'BackOff', image.message.replace(/: ErrImagePull: .*$/s, ''));
    if (image.reason !== 'ErrImagePull') event('Warning', 'Failed', `Error: ${image.reason}`);
    const retryAtMs = image.retryAtMs ?? this.#retries.failed('container', container.name);
    return { waiting: { reason: image.reason, message: image.message }, retryAtMs };
  }

  async #create(
    pod: Pod,
    { container, attempt, targetId }: StartStep,
    sandboxId: string,
    volumes: Map<string, string>,
    podIps: string[],
    { image, imageRef }: Extract<ImageState, { state: 'present' }>,
  ): Promise<string> {
    await this.#fillVolumes(pod, container, imageRef, volumes, podIps);
    const config = await containerConfig({
      ...{ pod, container, attempt, image, imageRef, volumes },
      ...(targetId && { targetId }),
      sources: this.#env.environmentSources(pod, podIps),
      podDirectory: this.#env.volumes.podDirectory(pod.metadata.uid ?? ''),
      writesFiles: this.#env.writesFiles,
      seccompDirectory: this.#env.seccompDirectory,
      recursiveReadOnlyMounts: handlerFeatures(this.#env.runtimeFeatures(), this.#env.runtimeHandler(pod)).recursiveReadOnlyMounts,
    });
    const id = await this.#env.runtime.createContainer(sandboxId, config, await this.#env.sandboxConfig(pod, 0));
    this.#env.inventory.addContainer(pod.metadata.uid ?? '', id);
    return id;
  }

  async #fillVolumes(pod: Pod, container: Container, imageRef: string, paths: Map<string, string>, podIps: string[]): Promise<void> {
    const filled = await this.#env.volumes.fill(pod, container, imageRef, paths, this.#env.volumeSources(pod, podIps));
    const field = containerFieldPath(pod, container.name);
    for (const { name } of filled) {
      this.#env.event(pod, 'Normal', 'VolumeFilled', `Filled volume "${name}" with what image "${container.image}" holds there`, field);
    }
  }

  /** @throws what says nothing about the container */
  #failed(pod: Pod, { name }: Container, reason: string, error: unknown): StartResult {
    if (error instanceof RuntimeUnavailableError) throw error;
    const { message } = error as Error;
    this.#env.event(pod, 'Warning', 'Failed', `Error: ${message}`, containerFieldPath(pod, name));
    return { waiting: { reason, message }, retryAtMs: this.#retries.failed('container', name) };
  }

  async #postStart(pod: Pod, container: Container, id: string, podIps: string[], event: ContainerEvent): Promise<StartResult> {
    const hook = container.lifecycle?.postStart;
    if (!hook) return {};
    const target = { pod, container, containerId: id, podIp: podIps[0] ?? this.#env.hostIp };
    try {
      const warned = (message: string) => event('Warning', 'LifecycleHTTPFallback', message);
      await runHook(hook, target, { runtime: this.#env.runtime, clock: this.#env.clock, warned }, undefined, this.#abandon.signal);
      return {};
    } catch (error) {
      // What a hook printed may be secret: it is for whoever may read the pod, not for whoever reads events.
      event('Warning', 'FailedPostStartHook', 'PostStartHook failed');
      event('Normal', 'Killing', 'FailedPostStartHook');
      await this.#env.runtime.stopContainer(id, pod.spec.terminationGracePeriodSeconds ?? 30);
      return { waiting: { reason: 'PostStartHookError', message: (error as Error).message } };
    }
  }

  #tellMissingCapabilities(container: Container, event: ContainerEvent): void {
    if (container.securityContext?.privileged) return;
    const missing = missingCapabilities(container.securityContext?.capabilities?.add ?? [], this.#env.capabilities);
    if (missing.length === 0) return;
    event('Warning', 'MissingCapability', `This node does not have ${missing.join(', ')}; container ${container.name} runs without`);
  }

  async #removeOlder(pod: Pod, container: Container): Promise<void> {
    const { containers } = await this.#env.inventory.pod(pod.metadata.uid ?? '');
    const dead: ContainerInfo[] = containers
      .filter((c) => c.name === container.name && c.state === 'exited')
      .sort((a, b) => b.attempt - a.attempt);
    for (const old of dead.slice(deadInstancesKept)) {
      await this.#env.runtime.removeContainer(old.id);
      await this.#env.removeLogs(pod, { container: old.name, attempt: old.attempt });
    }
  }
}
