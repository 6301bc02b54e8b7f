// Brings the containers of one pod to the sizes that were granted to it, in place where their resizePolicy allows that, and the
// pod's own cgroup with them. Right from any state: what a container runs with is known from what was reported of it, or else from
// how it was made.
import type { Container, ContainerStatus, Pod, PodCondition, ResourceRequirements } from '@berth/api';
import { isRecord } from '@berth/machinery';
import type { ContainerInfo } from '@berth/runtime';
import { newest, type ObservedPod, resourcesAnnotation } from './observed.ts';
import type { PodEnvironment, PodNode, PodReports } from './pod-environment.ts';
import { loweredFirst, PodFitting, type SizeChange } from './pod-fitting.ts';
import { resizeMessage } from './resize-messages.ts';
import { containerResources } from './resources.ts';
import { differs, isSameSize, type ResizeStep, sizedContainers, sizedResources } from './sizes.ts';

export const resizeConditions = ['PodResizePending', 'PodResizeInProgress'] as const;
const retryMs = 10_000;

export class PodResizer {
  /** The pod's own cgroup. */
  readonly fitting: PodFitting;
  readonly #node: Pick<PodNode, 'allocations' | 'runtime' | 'clock' | 'memoryBytes' | 'restartMarks'>;
  readonly #reports: Pick<PodReports, 'event'>;
  /** What each container runs with, by the container's id. */
  readonly #actual = new Map<string, ResourceRequirements>();
  /** Killed to be started with another size, whatever the restart policy. */
  readonly #restarting = new Set<string>();
  #isRecalled = false;
  #pending: PodCondition | undefined;
  #progress: PodCondition | undefined;
  #retryAtMs = 0;

  constructor({ node, reports }: Pick<PodEnvironment, 'node' | 'reports'>, pod: Pod) {
    this.#node = node;
    this.#reports = reports;
    this.fitting = new PodFitting({ node, reports });
    const { conditions = [], containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
    this.#pending = conditions.find(({ type }) => type === 'PodResizePending');
    this.#progress = conditions.find(({ type }) => type === 'PodResizeInProgress');
    for (const status of [...containerStatuses, ...initContainerStatuses]) this.#remember(status);
  }

  /** As they are to be shown; not there when there is nothing to tell. */
  get conditions(): PodCondition[] {
    return [this.#pending, this.#progress].flatMap((condition) => condition ?? []);
  }

  /** When to look again, after a failure. */
  get dueMs(): number[] {
    return this.#progress?.reason === 'Error' ? [this.#retryAtMs] : [];
  }

  /** The pod with the sizes that it is granted; asks for those that it wants. */
  grant(pod: Pod): Pod {
    const answer = this.#node.allocations.request(pod);
    const generation = pod.metadata.generation;
    if (answer === undefined) this.#pending = undefined;
    else if (answer === 'granted') {
      this.#pending = undefined;
      this.#progress = condition('PodResizeInProgress', generation);
      this.#retryAtMs = 0;
      this.#reports.event(pod, 'Normal', 'ResizeStarted', resizeMessage('started', pod));
    } else {
      const { reason, message } = answer;
      const isNews = this.#pending?.reason !== reason || this.#pending.message !== message;
      this.#pending = { ...condition('PodResizePending', generation), reason, message };
      if (isNews) this.#reports.event(pod, 'Warning', `Resize${reason}`, resizeMessage(reason, pod, message));
    }
    return this.#node.allocations.granted(pod);
  }

  /** What a running container needs. @param pod as granted */
  step(pod: Pod, container: Container, current: ContainerInfo): ResizeStep | undefined {
    if (!sizedContainers(pod).includes(container)) return undefined;
    const actual = this.actual(container, current);
    const changed = sizedResources.filter((name) => differs(container.resources, actual, name));
    if (changed.length === 0) return undefined;
    const policies = container.resizePolicy ?? [];
    const restarts = policies.some((p) => p.restartPolicy === 'RestartContainer' && changed.some((name) => name === p.resourceName));
    return restarts ? 'restart' : 'update';
  }

  /** What a container runs with, as far as it is known. */
  actual(container: Container, current: ContainerInfo): ResourceRequirements {
    return this.#actual.get(current.id) ?? madeWith(current) ?? container.resources ?? {};
  }

  /** Resolves when it is noted beyond this agent's life: only then may the container be stopped. */
  async restarting({ metadata: { uid = '' } }: Pod, containerId: string): Promise<void> {
    this.#restarting.add(containerId);
    await this.#node.restartMarks.set(uid, containerId);
  }

  /** Learns once what an agent before this one has stopped to start it again. What runs (still) is decided about anew. */
  async recall({ metadata: { uid = '' } }: Pod, observed: ObservedPod): Promise<void> {
    if (this.#isRecalled) return;
    const ended = [...observed.containers.values()].flat().filter(({ state }) => state === 'exited');
    for (const id of await this.#node.restartMarks.of(uid)) {
      if (ended.some((container) => container.id === id)) this.#restarting.add(id);
      else await this.#node.restartMarks.remove(uid, id);
    }
    this.#isRecalled = true;
  }

  /** Whether it ended only to be started again. */
  isRestarting(containerId: string): boolean {
    return this.#restarting.has(containerId);
  }

  /** Sizes running containers anew, without a restart. @param pod as granted */
  async update(pod: Pod, running: Pick<SizeChange, 'container' | 'current'>[]): Promise<void> {
    if (running.length === 0 || this.#retryAtMs > this.#node.clock.now()) return;
    try {
      const changes = loweredFirst(running.map((change) => ({ ...change, actual: this.actual(change.container, change.current) })));
      await this.fitting.grow(pod, changes);
      for (const { container, current } of changes) {
        await this.#node.runtime.updateResources(current.id, containerResources(container, pod, this.#node.memoryBytes));
        this.#actual.set(current.id, container.resources ?? {});
      }
    } catch (error) {
      this.#fail(pod, (error as Error).message);
    }
  }

  /** Takes from the pod as a whole what it is granted no more, once nothing in it has that. @param pod as granted */
  async shrink(pod: Pod, observed: ObservedPod): Promise<void> {
    const isDue = !this.fitting.isFitted(pod, observed) && this.#isInForce(pod, observed) && this.#retryAtMs <= this.#node.clock.now();
    if (isDue) await this.fitting.shrink(pod, observed).catch((error: Error) => this.#fail(pod, error.message));
  }

  /** Tells of the end of a resize. @param pod as granted */
  async settle(pod: Pod, observed: ObservedPod): Promise<void> {
    for (const id of this.#actual.keys()) if (!isKept(observed, id)) this.#actual.delete(id);
    for (const id of this.#restarting) {
      if (isKept(observed, id)) continue;
      await this.#node.restartMarks.remove(pod.metadata.uid ?? '', id);
      this.#restarting.delete(id);
    }
    if (!this.#progress) return;
    if (!this.#isInForce(pod, observed) || !this.fitting.isFitted(pod, observed)) return;
    this.#progress = undefined;
    this.#reports.event(pod, 'Normal', 'ResizeCompleted', resizeMessage('completed', pod));
  }

  /** Whether every running container has the size that is granted to it, and none is about to be started with another. */
  #isInForce(pod: Pod, observed: ObservedPod): boolean {
    return sizedContainers(pod).every((container) => {
      const current = newest(observed, container.name);
      if (current && this.#restarting.has(current.id)) return false;
      return current?.state !== 'running' || isSameSize(container.resources, this.actual(container, current));
    });
  }

  #fail(pod: Pod, message: string): void {
    const isNews = this.#progress?.message !== message;
    this.#progress = { ...condition('PodResizeInProgress', pod.metadata.generation), reason: 'Error', message };
    this.#retryAtMs = this.#node.clock.now() + retryMs;
    if (isNews) this.#reports.event(pod, 'Warning', 'ResizeError', resizeMessage('error', pod, message));
  }

  #remember({ containerID, resources }: ContainerStatus): void {
    if (containerID && resources) this.#actual.set(containerID.replace(/^[a-z]+:\/\//, ''), resources);
  }
}

function isKept(observed: ObservedPod, id: string): boolean {
  return [...observed.containers.values()].some(([current]) => current?.id === id);
}

function condition(type: (typeof resizeConditions)[number], observedGeneration: number | undefined): PodCondition {
  return { type, status: 'True', ...(observedGeneration !== undefined && { observedGeneration }) };
}

function madeWith({ annotations }: ContainerInfo): ResourceRequirements | undefined {
  const text = annotations[resourcesAnnotation];
  if (!text) return undefined;
  const made: unknown = JSON.parse(text);
  return isRecord(made) ? (made as ResourceRequirements) : undefined;
}
