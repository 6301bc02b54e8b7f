// Ends a pod gracefully: preStop hooks, then SIGTERM, then SIGKILL when the grace period is over; main containers first,
// sidecars in reverse order after them, the sandbox last. A shorter grace period that arrives later counts from then.
import type { Container, Pod } from '@berth/api';
import { containerFieldPath } from './container-field-path.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { ObservedPod } from './observed.ts';
import type { PodEnvironment, PodNode, PodReports } from './pod-environment.ts';
import { isSidecar } from './restart-policy.ts';
import type { Retries } from './retries.ts';

/** What a container is given for its own end, however long its hook took. */
const graceAfterHookSeconds = 2;

export class PodTermination {
  readonly #node: PodNode;
  readonly #reports: PodReports;
  readonly #retries: Retries;
  readonly #wake: () => void;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #running = false;
  /** The preStop hooks under way, by container id. */
  readonly #hooks = new Map<string, AbortController>();

  constructor({ node, reports }: PodEnvironment, retries: Retries, wake: () => void) {
    this.#node = node;
    this.#reports = reports;
    this.#retries = retries;
    this.#wake = wake;
  }

  /** Starts or hastens the end of the pod; wakes the worker when done. Safe to call at every look. */
  begin(pod: Pod, observed: ObservedPod, graceSeconds: number, podIps: string[]): void {
    const deadlineMs = this.#node.clock.now() + graceSeconds * 1000;
    if (this.#running) {
      for (const { id, state } of [...observed.containers.values()].flat()) if (state !== 'running') this.ended(id);
      if (deadlineMs < this.#deadlineMs - 1000) this.#hasten(observed, graceSeconds);
      this.#deadlineMs = Math.min(this.#deadlineMs, deadlineMs);
      return;
    }
    if (this.#retries.waits('end')) return;
    this.#running = true;
    this.#deadlineMs = deadlineMs;
    this.#end(pod, observed, podIps)
      .then(() => this.#retries.succeeded('end'))
      .catch((error: unknown) => this.#tryAgainLater(pod, error))
      .finally(() => {
        this.#running = false;
        this.#wake();
      });
  }

  #tryAgainLater(pod: Pod, error: unknown): void {
    const { name, namespace } = pod.metadata;
    this.#node.logger.warn('a pod could not be stopped yet', { pod: name, namespace, error });
    this.#reports.event(pod, 'Warning', 'FailedKillPod', `error killing pod: ${(error as Error).message}`);
    this.#node.clock.after(this.#retries.failed('end') - this.#node.clock.now(), this.#wake);
  }

  /** Nobody waits for the preStop hook of a container that has ended. */
  ended(containerId: string): void {
    this.#hooks.get(containerId)?.abort();
  }

  /** preStop, then stop, within the grace period. */
  async stopContainer(pod: Pod, name: string, id: string, graceSeconds: number, podIps: string[]): Promise<void> {
    const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((c) => c.name === name);
    const endMs = this.#node.clock.now() + graceSeconds * 1000;
    const hook = container?.lifecycle?.preStop;
    let leastSeconds = 0;
    if (hook && container && graceSeconds > 0) {
      const target = { pod, container, containerId: id, podIp: podIps[0] ?? this.#node.hostIp };
      const abandon = new AbortController();
      this.#hooks.set(id, abandon);
      const warn = (reason: string, message: string) => this.#reports.event(pod, 'Warning', reason, message, containerFieldPath(pod, name));
      const { runtime, clock } = this.#node;
      const ports = { runtime, clock, warned: (message: string) => warn('LifecycleHTTPFallback', message) };
      await runHook(hook, target, ports, graceSeconds, abandon.signal)
        .catch((error: Error) => {
          // What it printed may be secret.
          this.#node.logger.info('a preStop hook failed', { container: id, error });
          warn('FailedPreStopHook', 'PreStopHook failed');
        })
        .finally(() => this.#hooks.delete(id));
      leastSeconds = graceAfterHookSeconds;
    }
    await this.#node.runtime.stopContainer(id, Math.max(leastSeconds, Math.ceil((endMs - this.#node.clock.now()) / 1000)));
  }

  async #end(pod: Pod, observed: ObservedPod, podIps: string[]): Promise<void> {
    const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar);
    const endsLast = (name: string) => sidecars.some((c) => c.name === name);
    await Promise.all(
      [...observed.containers.keys()].filter((name) => !endsLast(name)).map((name) => this.#stopAll(pod, name, observed, podIps)),
    );
    for (const sidecar of [...sidecars].reverse() as Container[]) await this.#stopAll(pod, sidecar.name, observed, podIps);
    for (const sandbox of [...(observed.sandbox ? [observed.sandbox] : []), ...observed.olderSandboxes]) {
      if (sandbox.state === 'ready') await this.#node.runtime.stopSandbox(sandbox.id);
    }
  }

  async #stopAll(pod: Pod, name: string, observed: ObservedPod, podIps: string[]): Promise<void> {
    for (const instance of observed.containers.get(name) ?? []) {
      if (instance.state === 'created') await this.#node.runtime.removeContainer(instance.id);
      if (instance.state !== 'running') continue;
      this.#reports.event(pod, 'Normal', 'Killing', `Stopping container ${name}`, containerFieldPath(pod, name));
      const graceSeconds = Math.max(0, Math.ceil((this.#deadlineMs - this.#node.clock.now()) / 1000));
      await this.stopContainer(pod, name, instance.id, graceSeconds, podIps);
    }
  }

  #hasten(observed: ObservedPod, graceSeconds: number): void {
    for (const instances of observed.containers.values()) {
      for (const instance of instances.filter((i) => i.state === 'running')) {
        this.ended(instance.id);
        this.#node.runtime.stopContainer(instance.id, graceSeconds).catch((error: unknown) => {
          this.#node.logger.warn('a container could not be stopped sooner', { container: instance.id, error });
        });
      }
    }
  }

  /** Gives back the volumes of a pod whose containers have ended. @returns when to try again; undefined when it is done */
  async releaseVolumes(pod: Pod): Promise<number | undefined> {
    const { name, namespace, uid = '' } = pod.metadata;
    if (this.#retries.waits('release')) return this.#retries.readyAtMs('release');
    try {
      await this.#node.volumes.release(uid);
      this.#retries.succeeded('release');
      return undefined;
    } catch (error) {
      this.#node.logger.warn('the volumes of a pod could not be given back yet', { pod: name, namespace, error });
      return this.#retries.failed('release');
    }
  }

  /** Removes everything of a pod whose containers have ended. */
  async cleanUp(pod: Pod, observed: ObservedPod): Promise<void> {
    const { runtime } = this.#node;
    for (const instances of observed.containers.values()) for (const instance of instances) await runtime.removeContainer(instance.id);
    const sandboxes = observed.sandbox ? [observed.sandbox, ...observed.olderSandboxes] : observed.olderSandboxes;
    for (const sandbox of sandboxes) await runtime.removeSandbox(sandbox.id);
    await this.#node.traces.remove(pod.metadata.uid ?? '');
    this.#reports.gone(pod.metadata.uid ?? '');
  }
}
