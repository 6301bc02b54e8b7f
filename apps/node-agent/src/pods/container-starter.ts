// Starts one container: image, configuration, create, start, postStart. What keeps it from starting becomes the waiting
// reason that kubectl shows, and an event.
import type { Container, Pod } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';
import { missingCapabilities } from './capabilities.ts';
import { containerConfig } from './container-config.ts';
import { containerFieldPath } from './container-field-path.ts';
import type { WaitingReason } from './container-status.ts';
import { ConfigError } from './environment.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { PodEnvironment } from './pod-environment.ts';

const configRetryMs = 5_000;
const startRetryMs = 10_000;
const postStartTimeoutSeconds = 120;
/** Ended instances kept for `kubectl logs --previous` and lastState. */
const deadInstancesKept = 1;

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
  readonly #wake: () => void;
  readonly #abandon = new AbortController();

  constructor(env: PodEnvironment, wake: () => void) {
    this.#env = env;
    this.#wake = wake;
  }

  /** The pod is to end, or nobody looks any more: postStart hooks under way are not waited for. */
  abandonHooks(): void {
    this.#abandon.abort();
  }

  async start(pod: Pod, step: StartStep, sandboxId: string, volumes: Map<string, string>, podIps: string[]): Promise<StartResult> {
    const { container, attempt } = step;
    const field = containerFieldPath(pod, container.name);
    const event = (type: 'Normal' | 'Warning', reason: string, message: string) => this.#env.event(pod, type, reason, message, field);
    const instance = `${pod.metadata.uid}/${container.name}/${attempt}`;
    const image = await this.#env.images.ensure(container, instance, this.#env.pullSecrets(pod), event, this.#wake);
    if (image.state === 'pulling') return { waiting: { reason: 'ContainerCreating' } };
    if (image.state === 'failed') {
      if (image.reason === 'ImagePullBackOff') event('Normal', 'BackOff', `Back-off pulling image "${container.image}"`);
      else if (image.reason !== 'ErrImagePull') event('Warning', 'Failed', `Error: ${image.reason}`);
      return { waiting: { reason: image.reason, message: image.message }, retryAtMs: image.retryAtMs };
    }
    if (step.replaces) await this.#env.runtime.removeContainer(step.replaces);
    try {
      const config = await containerConfig({
        pod,
        container,
        attempt,
        ...(step.targetId && { targetId: step.targetId }),
        image: image.image,
        imageRef: image.imageRef,
        volumes,
        sources: this.#env.environmentSources(pod, podIps),
        podDirectory: this.#env.volumes.podDirectory(pod.metadata.uid ?? ''),
        writesFiles: this.#env.writesFiles,
      });
      const id = await this.#env.runtime.createContainer(sandboxId, config, this.#env.sandboxConfig(pod, 0));
      this.#env.inventory.addContainer(pod.metadata.uid ?? '', id);
      event('Normal', 'Created', `Container created`);
      return await this.#startCreated(pod, container, id, podIps, event, instance);
    } catch (error) {
      const isConfig = error instanceof ConfigError;
      const reason = isConfig ? 'CreateContainerConfigError' : 'CreateContainerError';
      event('Warning', 'Failed', `Error: ${(error as Error).message}`);
      return {
        waiting: { reason, message: (error as Error).message },
        retryAtMs: this.#env.clock.now() + (isConfig ? configRetryMs : startRetryMs),
      };
    }
  }

  async #startCreated(
    pod: Pod,
    container: Container,
    id: string,
    podIps: string[],
    event: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
    instance: string,
  ): Promise<StartResult> {
    try {
      await this.#env.runtime.startContainer(id);
    } catch (error) {
      // The runtime marks it as exited with StartError; the restart policy takes it from there.
      event('Warning', 'Failed', `Error: ${(error as Error).message}`);
      return { waiting: { reason: 'RunContainerError', message: (error as Error).message }, retryAtMs: this.#env.clock.now() };
    }
    event('Normal', 'Started', `Container started`);
    this.#tellMissingCapabilities(container, event);
    this.#env.images.release(instance);
    await this.#removeOlder(pod, container);
    const hook = container.lifecycle?.postStart;
    if (hook) {
      const target = { pod, container, containerId: id, podIp: podIps[0] ?? this.#env.hostIp };
      try {
        await runHook(hook, target, this.#env.runtime, this.#env.clock, postStartTimeoutSeconds, this.#abandon.signal);
      } catch (error) {
        event('Warning', 'FailedPostStartHook', `PostStartHook failed: ${(error as Error).message}`);
        event('Normal', 'Killing', 'FailedPostStartHook');
        await this.#env.runtime.stopContainer(id, pod.spec.terminationGracePeriodSeconds ?? 30);
        return { waiting: { reason: 'PostStartHookError', message: (error as Error).message } };
      }
    }
    return {};
  }

  #tellMissingCapabilities(container: Container, event: (type: 'Warning', reason: string, message: string) => void): void {
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
      await this.#env.removeLogs(pod, old.name, old.attempt);
    }
  }
}
