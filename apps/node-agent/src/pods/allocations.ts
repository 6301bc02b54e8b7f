// What this node has granted its pods of cpu and memory. A pod begins with what it was scheduled with; a resize is granted when
// the node has room for it, and waits or is refused otherwise. What was granted before an agent's restart is read from the
// statuses that it reported, so nothing is kept on disk.
import { type Container, type ContainerStatus, type Pod, podAmounts, type ResourceRequirements } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import type { NodeAllocatable } from './downward.ts';

export const sizedResources = ['cpu', 'memory'] as const;
export type SizedResource = (typeof sizedResources)[number];

export interface Refusal {
  reason: 'Deferred' | 'Infeasible';
  message: string;
}

type Granted = Map<string, ResourceRequirements>;

export class Allocations {
  readonly #allocatable: NodeAllocatable;
  readonly #wake: (uid: string) => void;
  readonly #pods = new Map<string, { pod: Pod; granted: Granted }>();
  readonly #deferred = new Set<string>();

  /** @param wake a pod whose resize may fit now */
  constructor(allocatable: NodeAllocatable, wake: (uid: string) => void) {
    this.#allocatable = allocatable;
    this.#wake = wake;
  }

  /** A pod that comes to this node, or that was here before the agent was. */
  add(pod: Pod): void {
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const granted: Granted = new Map();
    for (const container of sizedContainers(pod)) {
      const status = statuses.find(({ name }) => name === container.name);
      granted.set(container.name, status ? reported(container, status) : (container.resources ?? {}));
    }
    this.#pods.set(uidOf(pod), { pod, granted });
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
    this.#deferred.delete(uid);
    if (!known || isGranted(pod, known.granted)) return undefined;
    const refusal = this.#refusal(pod, uid);
    if (refusal?.reason === 'Deferred') this.#deferred.add(uid);
    if (refusal) return refusal;
    for (const container of sizedContainers(pod)) known.granted.set(container.name, container.resources ?? {});
    this.#retryDeferred();
    return 'granted';
  }

  /** Nothing of the pod runs any more. */
  release(uid: string): void {
    this.#deferred.delete(uid);
    if (this.#pods.delete(uid)) this.#retryDeferred();
  }

  #refusal(pod: Pod, uid: string): Refusal | undefined {
    const wanted = podAmounts(pod.spec, 'requests', true);
    const now = podAmounts(this.granted(pod).spec, 'requests', true);
    const capacity = { cpu: Math.round(this.#allocatable.cpuCores * 1000), memory: this.#allocatable.memoryBytes };
    const inUnits = (name: SizedResource, amounts: typeof wanted) => {
      const amount = amounts.get(name);
      return amount === undefined ? 0 : name === 'cpu' ? amount.milliValue() : amount.value();
    };
    // Asking for less always fits.
    const raised = sizedResources.filter((name) => inUnits(name, wanted) > inUnits(name, now));
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

  #retryDeferred(): void {
    for (const uid of this.#deferred) this.#wake(uid);
  }
}

/** Containers that can be resized: not those that run once before the others. */
export function sizedContainers({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...spec.containers];
}

/** Whether two say the same of cpu and memory. */
export function isSameSize(a: ResourceRequirements | undefined, b: ResourceRequirements | undefined): boolean {
  return sizedResources.every((name) => !differs(a, b, name));
}

export function differs(a: ResourceRequirements | undefined, b: ResourceRequirements | undefined, name: SizedResource): boolean {
  return (['requests', 'limits'] as const).some((kind) => {
    const [left, right] = [a?.[kind]?.[name], b?.[kind]?.[name]];
    if (left === undefined || right === undefined) return left !== right;
    return parseQuantity(String(left)).compare(parseQuantity(String(right))) !== 0;
  });
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
