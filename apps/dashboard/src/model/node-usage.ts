// What a node's pods have asked for, against what it can give. A pod that has ended holds nothing.
import type { Node, Pod } from '@berth/api';
import { parseQuantity } from '@berth/machinery';

/** CPU in cores, memory in bytes. */
export interface Amounts {
  cpu: number;
  memory: number;
  pods: number;
}

/** Of a node without pods. */
export const nothingRequested: Amounts = { cpu: 0, memory: 0, pods: 0 };

export function amount(quantity: string | number | undefined): number {
  return quantity === undefined ? 0 : parseQuantity(quantity).toNumber();
}

/** As the scheduler counts: the larger of all containers together (and sidecars) and each init container, plus overhead. */
export function podRequests(pod: Pod): Amounts {
  return { cpu: requested(pod, 'cpu'), memory: requested(pod, 'memory'), pods: 1 };
}

function requested(pod: Pod, resource: 'cpu' | 'memory'): number {
  const of = (container: { resources?: { requests?: Record<string, string> } }) => amount(container.resources?.requests?.[resource]);
  let sidecars = 0;
  let initMax = 0;
  for (const container of pod.spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars += of(container);
    initMax = Math.max(initMax, sidecars + (container.restartPolicy === 'Always' ? 0 : of(container)));
  }
  const main = pod.spec.containers.reduce((sum, container) => sum + of(container), 0);
  return Math.max(main + sidecars, initMax) + amount(pod.spec.overhead?.[resource]);
}

export function requestedByNode(pods: Pod[]): Map<string, Amounts> {
  const byNode = new Map<string, Amounts>();
  for (const pod of pods) {
    const { nodeName } = pod.spec;
    if (!nodeName || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue;
    const sum = byNode.get(nodeName) ?? nothingRequested;
    const more = podRequests(pod);
    byNode.set(nodeName, { cpu: sum.cpu + more.cpu, memory: sum.memory + more.memory, pods: sum.pods + 1 });
  }
  return byNode;
}

export function allocatable(node: Node): Amounts {
  const { cpu, memory, pods } = node.status?.allocatable ?? {};
  return { cpu: amount(cpu), memory: amount(memory), pods: amount(pods) };
}

export function cpuText(cores: number): string {
  return cores < 10 ? `${Math.round(cores * 1000) / 1000}` : `${Math.round(cores * 10) / 10}`;
}

export function memoryText(bytes: number): string {
  const units = ['B', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${units[power]}`;
}
