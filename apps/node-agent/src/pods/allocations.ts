// What this node has granted its pods of cpu and memory. A pod begins with what it was scheduled with; a resize is granted when
// the node has room for it, and waits or is refused otherwise. Those that wait are tried again, in order, whenever room may have
// come. What was granted before an agent's restart is read from the statuses that it reported, so nothing is kept on disk.
import {
  type Amounts,
  type Container,
  type ContainerStatus,
  isTerminal,
  type Pod,
  podAmounts,
  type ResourceRequirements,
} from '@berth/api';
import { deepEqual } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { NodeAllocatable } from './downward.ts';
import { inResizeOrder } from './resize-order.ts';
import { isSameSize, type SizedResource, sizedContainers, sizedResources } from './sizes.ts';

export interface Refusal {
  reason: 'Deferred' | 'Infeasible';
  message: string;
}

type Granted = Map<string, ResourceRequirements>;

interface Known {
  pod: Pod;
  granted: Granted;
  /** Since when it had waited when this agent was started. */
  waitedSinceMs: number | undefined;
}

interface Pending {
  pod: Pod;
  sinceMs: number;
  answer: 'granted' | Refusal | undefined;
}

export class Allocations {
  readonly #allocatable: NodeAllocatable;
  readonly #wake: (uid: string) => void;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #pods = new Map<string, Known>();
  /** Asked for, and either not granted or granted without the pod's having been told yet; by uid. */
  readonly #pending = new Map<string, Pending>();

  /** @param wake a pod that waited and has another answer now */
  constructor(allocatable: NodeAllocatable, clock: Pick<Clock, 'now'>, wake: (uid: string) => void) {
    this.#allocatable = allocatable;
    this.#wake = wake;
    this.#clock = clock;
  }

  /** A pod that comes to this node, or that was here before the agent was. */
  add(pod: Pod): void {
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const granted: Granted = new Map();
    for (const container of sizedContainers(pod)) {
      const status = statuses.find(({ name }) => name === container.name);
      granted.set(container.name, status ? reported(container, status) : (container.resources ?? {}));
    }
    const waited = pod.status?.conditions?.find(({ type }) => type === 'PodResizePending')?.lastTransitionTime;
    this.#pods.set(uidOf(pod), { pod, granted, waitedSinceMs: Date.parse(waited ?? '') || undefined });
  }

  /** Those that have not ended, as granted. @param except one that is not here yet, or to be left out */
  active(except: string): Pod[] {
    const rest = [...this.#pods].filter(([uid, { pod }]) => uid !== except && !isTerminal(pod.status?.phase));
    return rest.map(([, { pod }]) => this.granted(pod));
  }

  /** Those of `active` that were here before the pod. */
  before(uid: string): Pod[] {
    const place = [...this.#pods.keys()].indexOf(uid);
    const earlier = new Set([...this.#pods.keys()].slice(0, Math.max(0, place)));
    return this.active(uid).filter(({ metadata }) => earlier.has(metadata.uid ?? ''));
  }

  /** The pod as it is granted. */
  granted(pod: Pod): Pod {
    const known = this.#pods.get(uidOf(pod));
    if (!known) return pod;
    known.pod = pod;
    if (isGranted(pod, known.granted)) return pod;
    const sized = (container: Container) => {
      const resources = known.granted.get(container.name);
      return resources ? { ...container, resources } : container;
    };
    const { containers, initContainers } = pod.spec;
    return {
      ...pod,
      spec: { ...pod.spec, containers: containers.map(sized), ...(initContainers && { initContainers: initContainers.map(sized) }) },
    };
  }

  /** Grants what the pod asks for, or says why not; undefined when there is nothing to ask for. */
  request(pod: Pod): 'granted' | Refusal | undefined {
    const uid = uidOf(pod);
    const known = this.#pods.get(uid);
    if (!known) return undefined;
    known.pod = pod;
    const before = this.#pending.get(uid);
    if (isGranted(pod, known.granted)) {
      this.#pending.delete(uid);
      known.waitedSinceMs = undefined;
      return before?.answer === 'granted' ? 'granted' : undefined;
    }
    // Whatever could change the answer has had it tried again.
    if (before && before.answer !== 'granted' && isSamePodSize(before.pod, pod)) return before.answer;
    const pending: Pending = { pod, sinceMs: before?.sinceMs ?? known.waitedSinceMs ?? this.#clock.now(), answer: undefined };
    this.#pending.set(uid, pending);
    this.#tryPending(uid);
    if (pending.answer === 'granted') this.#pending.delete(uid);
    return pending.answer;
  }

  /** Nothing of the pod runs any more. */
  release(uid: string): void {
    this.#pending.delete(uid);
    if (this.#pods.delete(uid)) this.#tryPending();
  }

  /** @param asking it has its answer without being woken */
  #tryPending(asking?: string): void {
    const waiting = [...this.#pending.values()].filter(({ answer }) => answer === undefined || isDeferred(answer));
    const ordered = inResizeOrder(waiting.map((pending) => ({ ...pending, pending, isRaise: this.#raised(pending.pod).length > 0 })));
    for (const { pod, pending } of ordered) {
      const uid = uidOf(pod);
      const answer = this.#refusal(pod, uid) ?? 'granted';
      const isNews = !deepEqual(answer, pending.answer);
      pending.answer = answer;
      if (answer === 'granted') {
        const granted = this.#pods.get(uid)?.granted;
        for (const container of sizedContainers(pod)) granted?.set(container.name, container.resources ?? {});
      }
      if (isNews && uid !== asking) this.#wake(uid);
    }
    // One that was granted may have given back of the other resource, for some that were tried before it.
    if (ordered.some(({ pending }) => pending.answer === 'granted') && [...this.#pending.values()].some(isWaiting))
      this.#tryPending(asking);
  }

  /** Of what the pod asks for more than it has. */
  #raised(pod: Pod): SizedResource[] {
    const wanted = podAmounts(pod.spec, 'requests', true);
    const now = podAmounts(this.granted(pod).spec, 'requests', true);
    return sizedResources.filter((name) => inUnits(name, wanted) > inUnits(name, now));
  }

  #refusal(pod: Pod, uid: string): Refusal | undefined {
    const wanted = podAmounts(pod.spec, 'requests', true);
    const capacity = { cpu: Math.round(this.#allocatable.cpuCores * 1000), memory: this.#allocatable.memoryBytes };
    // Asking for less always fits.
    const raised = this.#raised(pod);
    for (const name of ['memory', 'cpu'] as const) {
      const requested = inUnits(name, wanted);
      if (!raised.includes(name) || requested <= capacity[name]) continue;
      const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity[name]}`;
      return { reason: 'Infeasible', message };
    }
    const others = [...this.#pods]
      .filter(([other]) => other !== uid)
      .map(([, known]) => podAmounts(this.granted(known.pod).spec, 'requests', true));
    for (const name of raised) {
      const requested = inUnits(name, wanted);
      const used = others.reduce((sum, amounts) => sum + inUnits(name, amounts), 0);
      if (requested + used <= capacity[name]) continue;
      const told = `requested: ${requested}, used: ${used}, capacity: ${capacity[name]}`;
      return { reason: 'Deferred', message: `Node didn't have enough resource: ${name}, ${told}` };
    }
    return undefined;
  }
}

function isWaiting({ answer }: Pending): boolean {
  return answer !== undefined && isDeferred(answer);
}

function isDeferred(answer: 'granted' | Refusal): boolean {
  return answer !== 'granted' && answer.reason === 'Deferred';
}

/** Millicores or bytes. */
function inUnits(name: SizedResource, amounts: Amounts): number {
  const amount = amounts.get(name);
  return amount === undefined ? 0 : name === 'cpu' ? amount.milliValue() : amount.value();
}

function isSamePodSize(a: Pod, b: Pod): boolean {
  return isGranted(b, new Map(sizedContainers(a).map(({ name, resources }) => [name, resources ?? {}])));
}

function isGranted(pod: Pod, granted: Granted): boolean {
  return sizedContainers(pod).every(({ name, resources }) => isSameSize(resources, granted.get(name)));
}

/** What is asked for when that was granted, else what is in force. A change of limits alone is always granted. */
function reported({ resources = {} }: Container, status: ContainerStatus): ResourceRequirements {
  const { allocatedResources, resources: actual } = status;
  if (!actual || isSameSize({ requests: allocatedResources ?? actual.requests }, { requests: resources.requests })) return resources;
  return actual;
}

function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? '';
}
