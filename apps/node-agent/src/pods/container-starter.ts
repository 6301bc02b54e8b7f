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
import type { PodEnvironment, PodNode, PodReports, PodSources } from './pod-environment.ts';
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
  readonly #node: PodNode;
  readonly #sources: PodSources;
  readonly #reports: PodReports;
  readonly #retries: Retries;
  readonly #wake: () => void;
  readonly #abandon = new AbortController();

  constructor({ node, sources, reports }: PodEnvironment, retries: Retries, wake: () => void) {
    this.#node = node;
    this.#sources = sources;
    this.#reports = reports;
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
    const event: ContainerEvent = (type, reason, message) => this.#reports.event(pod, type, reason, message, field);
    const [uid, start] = [pod.metadata.uid ?? '', `${container.name}/${attempt}`];
    const secrets = this.#sources.pullSecrets(pod);
    const mounted = await pullImageVolumes({ node: this.#node, sources: this.#sources, reports: this.#reports }, pod, step, this.#wake);
    if ('state' in mounted) return this.#withoutImage(container, mounted, event);
    const image = await this.#node.images.ensure({ container, uid, start, secrets, report: event, changed: this.#wake });
    if (image.state !== 'present') return this.#withoutImage(container, image, event);
    if (step.replaces) await this.#node.runtime.removeContainer(step.replaces);
    await this.#removeOlder(pod, container);
    let id: string;
    try {
      const paths = new Map(volumes);
      for (const [name, ref] of mounted) paths.set(name, await this.#node.volumes.provideImage(pod, name, ref));
      id = await this.#create(pod, step, sandboxId, paths, podIps, image);
    } catch (error) {
      return this.#failed(pod, container, error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError', error);
    }
    this.#node.images.release(uid, start);
    releaseImageVolumes(this.#node, pod, step);
    event('Normal', 'Created', `Container created`);
    try {
      await this.#node.runtime.startContainer(id);
    } catch (error) {
      // The runtime marks it as ended with StartError; the restart policy takes it from there.
      return this.#failed(pod, container, 'RunContainerError', error);
    }
    this.#retries.succeeded('container', container.name);
    event('Normal', 'Started', `Container started`);
    await this.#node.traces.linkLog(pod, { container: container.name, attempt }, id);
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
      sources: this.#sources.environment(pod, podIps),
      podDirectory: this.#node.volumes.podDirectory(pod.metadata.uid ?? ''),
      writesFiles: this.#node.writesFiles,
      seccompDirectory: this.#node.seccompDirectory,
      recursiveReadOnlyMounts: handlerFeatures(this.#node.runtimeFeatures(), this.#sources.runtimeHandler(pod)).recursiveReadOnlyMounts,
    });
    const id = await this.#node.runtime.createContainer(sandboxId, config, await this.#sources.sandboxConfig(pod, 0));
    this.#node.inventory.addContainer(pod.metadata.uid ?? '', id);
    return id;
  }

  async #fillVolumes(pod: Pod, container: Container, imageRef: string, paths: Map<string, string>, podIps: string[]): Promise<void> {
    const filled = await this.#node.volumes.fill(pod, container, imageRef, paths, this.#sources.volumes(pod, podIps));
    const field = containerFieldPath(pod, container.name);
    for (const { name } of filled) {
      this.#reports.event(pod, 'Normal', 'VolumeFilled', `Filled volume "${name}" with what image "${container.image}" holds there`, field);
    }
  }

  /** @throws what says nothing about the container */
  #failed(pod: Pod, { name }: Container, reason: string, error: unknown): StartResult {
    if (error instanceof RuntimeUnavailableError) throw error;
    const { message } = error as Error;
    this.#reports.event(pod, 'Warning', 'Failed', `Error: ${message}`, containerFieldPath(pod, name));
    return { waiting: { reason, message }, retryAtMs: this.#retries.failed('container', name) };
  }

  async #postStart(pod: Pod, container: Container, id: string, podIps: string[], event: ContainerEvent): Promise<StartResult> {
    const hook = container.lifecycle?.postStart;
    if (!hook) return {};
    const target = { pod, container, containerId: id, podIp: podIps[0] ?? this.#node.hostIp };
    try {
      const warned = (message: string) => event('Warning', 'LifecycleHTTPFallback', message);
      await runHook(hook, target, { runtime: this.#node.runtime, clock: this.#node.clock, warned }, undefined, this.#abandon.signal);
      return {};
    } catch (error) {
      // What a hook printed may be secret: it is for whoever may read the pod, not for whoever reads events.
      event('Warning', 'FailedPostStartHook', 'PostStartHook failed');
      event('Normal', 'Killing', 'FailedPostStartHook');
      await this.#node.runtime.stopContainer(id, pod.spec.terminationGracePeriodSeconds ?? 30);
      return { waiting: { reason: 'PostStartHookError', message: (error as Error).message } };
    }
  }

  #tellMissingCapabilities(container: Container, event: ContainerEvent): void {
    if (container.securityContext?.privileged) return;
    const missing = missingCapabilities(container.securityContext?.capabilities?.add ?? [], this.#node.capabilities);
    if (missing.length === 0) return;
    event('Warning', 'MissingCapability', `This node does not have ${missing.join(', ')}; container ${container.name} runs without`);
  }

  async #removeOlder(pod: Pod, container: Container): Promise<void> {
    const { containers } = await this.#node.inventory.pod(pod.metadata.uid ?? '');
    const dead: ContainerInfo[] = containers
      .filter((c) => c.name === container.name && c.state === 'exited')
      .sort((a, b) => b.attempt - a.attempt);
    for (const old of dead.slice(deadInstancesKept)) {
      await this.#node.runtime.removeContainer(old.id);
      await this.#node.traces.removeInstance(pod, { container: old.name, attempt: old.attempt });
    }
  }
}
