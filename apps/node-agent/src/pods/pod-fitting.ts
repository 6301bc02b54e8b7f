// Keeps the cgroup around one pod's containers as large as what is granted to them together (the kubelet's rules): it grows before
// anything in it does and shrinks after all of it has, as it must never hold less than what is in it.
import type { Container, Pod } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import type { ContainerInfo } from '@berth/runtime';
import { isLowered, memoryRefusal } from './memory-refusal.ts';
import { anyRunning, type ObservedPod } from './observed.ts';
import type { PodEnvironment, PodNode, PodReports } from './pod-environment.ts';
import { podCgroupAmounts } from './resources.ts';

/** A running container that is to get another size. */
export interface SizeChange {
  container: Container;
  current: ContainerInfo;
  /** What it runs with. */
  actual: Container['resources'];
}

export class PodFitting {
  readonly #node: Pick<PodNode, 'runtime' | 'traces'>;
  readonly #reports: Pick<PodReports, 'event'>;
  /** The sandbox and the amounts that its pod's cgroup was brought to. */
  #fitted = '';

  constructor({ node, reports }: Pick<PodEnvironment, 'node' | 'reports'>) {
    this.#node = node;
    this.#reports = reports;
  }

  /** One without a sandbox has no cgroup. */
  isFitted(pod: Pod, { sandbox }: ObservedPod): boolean {
    return sandbox?.state !== 'ready' || this.#fitted === fittingOf(pod, sandbox.id);
  }

  /** Before a container is started in a sandbox that is ready: the pod is to hold it, and no more when nothing else runs in it. */
  async makeRoom(pod: Pod, sandboxId: string, observed: ObservedPod): Promise<void> {
    if (this.#fitted === fittingOf(pod, sandboxId)) return;
    const isIdle = !anyRunning(observed);
    try {
      await this.#node.traces.cgroup(pod).set(podCgroupAmounts(pod), isIdle ? 'all' : 'raised');
    } catch (error) {
      const message = `unable to ensure pod container exists: ${(error as Error).message}`;
      this.#reports.event(pod, 'Warning', 'FailedCreatePodContainer', message);
      throw error;
    }
    if (isIdle) this.#fitted = fittingOf(pod, sandboxId);
  }

  /** Before running containers change. @throws Error when a memory limit would be lowered below what is used */
  async grow(pod: Pod, changes: SizeChange[]): Promise<void> {
    await this.#refuseLessThanUsed(pod, changes);
    await this.#node.traces.cgroup(pod).set(podCgroupAmounts(pod), 'raised');
  }

  /** Once every running container has what is granted to it. @throws Error when the pod uses more memory than that */
  async shrink(pod: Pod, { sandbox }: ObservedPod): Promise<void> {
    await this.#refuseLessThanUsed(pod, []);
    await this.#node.traces.cgroup(pod).set(podCgroupAmounts(pod), 'all');
    this.#fitted = fittingOf(pod, sandbox?.id ?? '');
  }

  async #refuseLessThanUsed(pod: Pod, changes: SizeChange[]): Promise<void> {
    const memory = await this.#node.traces.cgroup(pod).memory();
    const limit = podCgroupAmounts(pod).memoryLimitBytes;
    const whole = { what: 'pod', before: memory?.limitBytes, limit, used: memory?.usedBytes ?? 0 };
    const parts = changes.map((change) => ({
      what: `container ${JSON.stringify(change.container.name)}`,
      id: change.current.id,
      ...memoryLimits(change),
    }));
    const stats = parts.some(isLowered) ? await this.#node.runtime.stats() : [];
    const used = (id: string) => stats.find(({ containerId }) => containerId === id)?.memoryUsageBytes ?? 0;
    const refusal = memoryRefusal([whole, ...parts.map((part) => ({ ...part, used: used(part.id) }))]);
    if (refusal) throw new Error(refusal);
  }
}

/** Containers that give memory back come before those that may take it. */
export function loweredFirst(changes: SizeChange[]): SizeChange[] {
  const isLess = (change: SizeChange) => Number(isLowered(memoryLimits(change)));
  return [...changes].sort((a, b) => isLess(b) - isLess(a));
}

function memoryLimits({ actual, container }: SizeChange) {
  return { before: memoryLimit(actual), limit: memoryLimit(container.resources) };
}

function fittingOf(pod: Pod, sandboxId: string): string {
  return `${sandboxId}/${JSON.stringify(podCgroupAmounts(pod))}`;
}

function memoryLimit(resources: Container['resources']): number | undefined {
  const limit = resources?.limits?.memory;
  return limit === undefined ? undefined : parseQuantity(String(limit)).value();
}
