// What a pod has before its containers: its volumes' folders, its sandbox, and the rules of its network. What cannot be had yet is tried again later each
// time, and an event says why.

import type { Pod } from '@berth/api';
import { RuntimeUnavailableError } from '@berth/runtime';
import { VolumeError, VolumeWait } from '../volumes/volume-manager.ts';
import { emptySandboxes, type ObservedPod } from './observed.ts';
import type { PodEnvironment, PodNode, PodReports, PodSources } from './pod-environment.ts';
import type { Retries } from './retries.ts';

/** After which a pod that waits for its volumes says so, as the kubelet does, and again each time. */
const waitMsMax = 123_000;

export class PodSetUp {
  readonly #node: PodNode;
  readonly #sources: PodSources;
  readonly #reports: PodReports;
  readonly #retries: Retries;
  /** When it is to be said that volumes are waited for; undefined while none are. */
  #waitDueMs: number | undefined;

  constructor({ node, sources, reports }: PodEnvironment, retries: Retries) {
    this.#node = node;
    this.#sources = sources;
    this.#reports = reports;
    this.#retries = retries;
  }

  /** By name of the volume, where it is on this node; undefined when one cannot be had yet. */
  async volumes(pod: Pod, podIps: string[]): Promise<Map<string, string> | undefined> {
    if (this.#retries.waits('volumes')) return undefined;
    try {
      const prepared = await this.#node.volumes.prepare(pod, this.#sources.volumes(pod, podIps));
      this.#retries.succeeded('volumes');
      this.#waitDueMs = undefined;
      return prepared;
    } catch (error) {
      if (error instanceof VolumeWait) return this.#wait(pod, error.volumes);
      if (!(error instanceof VolumeError)) throw error;
      this.#reports.event(pod, 'Warning', error.reason, error.message);
      this.#retries.failed('volumes');
      return undefined;
    }
  }

  /** When there is something to say of what is waited for, in Unix milliseconds; undefined where nothing is. */
  get waitDueMs(): number | undefined {
    return this.#waitDueMs;
  }

  #wait(pod: Pod, volumes: readonly string[]): undefined {
    const nowMs = this.#node.clock.now();
    this.#waitDueMs ??= nowMs + waitMsMax;
    if (nowMs < this.#waitDueMs) return;
    this.#waitDueMs = nowMs + waitMsMax;
    const waiting = `unmounted volumes=[${[...volumes].sort().join(' ')}], unattached volumes=[], failed to process volumes=[]`;
    this.#reports.event(pod, 'Warning', 'FailedMount', `Unable to attach or mount volumes: ${waiting}: context deadline exceeded`);
  }

  /** A sandbox in place of the one that was, if any; undefined when there cannot be one yet. */
  async sandbox(pod: Pod, attempt: number, observed: ObservedPod): Promise<{ id: string; ips: string[] } | undefined> {
    if (this.#retries.waits('sandbox')) return undefined;
    try {
      if (observed.sandbox) await this.#takeAway(pod, observed.sandbox.id, observed);
      const config = await this.#sources.sandboxConfig(pod, attempt);
      const id = await this.#node.runtime.runSandbox({ ...config, runtimeHandler: this.#sources.runtimeHandler(pod) });
      this.#node.inventory.addSandbox(pod.metadata.uid ?? '', id);
      const info = await this.#node.runtime.sandboxStatus(id);
      this.#retries.succeeded('sandbox');
      return { id, ips: info?.ips ?? [] };
    } catch (error) {
      if (error instanceof RuntimeUnavailableError) throw error;
      this.#reports.event(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${(error as Error).message}`);
      this.#retries.failed('sandbox');
      return undefined;
    }
  }

  /** Whether what network policies say of the pod is in force: nothing of it runs before. */
  async network(pod: Pod): Promise<boolean> {
    if (pod.spec.hostNetwork) return true;
    if (this.#retries.waits('network')) return false;
    try {
      await this.#node.network.policiesInForce();
      this.#retries.succeeded('network');
      return true;
    } catch (error) {
      this.#reports.event(pod, 'Warning', 'NetworkNotReady', `Network policies are not in force: ${(error as Error).message}`);
      this.#retries.failed('network');
      return false;
    }
  }

  async #takeAway(pod: Pod, sandboxId: string, observed: ObservedPod): Promise<void> {
    this.#reports.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    await this.#node.runtime.stopSandbox(sandboxId);
    for (const old of emptySandboxes(observed)) await this.#node.runtime.removeSandbox(old.id);
  }
}
