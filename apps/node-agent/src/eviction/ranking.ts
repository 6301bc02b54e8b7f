// Whom an eviction hits first, and what it is told: those beyond their requests before others, lower priorities before higher, and
// among equals whoever uses most beyond what he asked for. Order and words are the kubelet's. Pure.
import type { Pod } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import { podRequests } from '@berth/scheduling';
import { type DiskPart, diskUsage, memoryBytes, type PodUsage, total, type WeighedPod } from './pod-usage.ts';
import type { Observations } from './pressure.ts';
import { binary, meaningOf, type Signal, shownAmount, type Threshold } from './thresholds.ts';

type Compare = (a: WeighedPod, b: WeighedPod) => number;

/** The first is evicted first. @param hasImageDisk images and writable layers are on a disk of their own */
export function ranked(pods: WeighedPod[], signal: Signal, hasImageDisk: boolean): WeighedPod[] {
  const orders = ordersFor(signal, hasImageDisk);
  return [...pods].sort((a, b) => {
    for (const compare of orders) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  });
}

function ordersFor(signal: Signal, hasImageDisk: boolean): Compare[] {
  const { resource } = meaningOf(signal);
  if (resource === 'pids') return [byPriority, mostFirst(({ usage }) => usage?.processes ?? 0)];
  if (resource === 'memory') return byUse((usage) => memoryBytes(usage), 'memory');
  const parts = partsOn(signal, hasImageDisk);
  return byUse((usage) => diskUsage(usage, parts)[resource === 'inodes' ? 'inodes' : 'bytes'], resource);
}

/** What of a pod is on the disk that is short. */
function partsOn(signal: Signal, hasImageDisk: boolean): DiskPart[] {
  if (!hasImageDisk) return ['rootfs', 'logs', 'volumes'];
  return signal.startsWith('imagefs') ? ['rootfs'] : ['logs', 'volumes'];
}

function byUse(use: (usage: PodUsage) => number, resource: string): Compare[] {
  const request = ({ spec }: Pod) => podRequests(spec).get(resource) ?? 0;
  const exceeds = ({ pod, usage }: WeighedPod) => !usage || use(usage) > request(pod);
  const beyond = ({ pod, usage }: WeighedPod) => (usage ? use(usage) - request(pod) : Number.POSITIVE_INFINITY);
  return [(a, b) => Number(exceeds(b)) - Number(exceeds(a)), byPriority, mostFirst(beyond)];
}

const byPriority: Compare = (a, b) => (a.pod.spec.priority ?? 0) - (b.pod.spec.priority ?? 0);

function mostFirst(amount: (pod: WeighedPod) => number): Compare {
  // Two that are not measured are equal, though infinite.
  return (a, b) => (amount(a) === amount(b) ? 0 : amount(b) - amount(a));
}

/** @param threshold the one that is acted on */
export function evictionMessage({ pod, usage }: WeighedPod, threshold: Threshold, observations: Observations): string {
  const { resource } = meaningOf(threshold.signal);
  const observed = observations[threshold.signal];
  const parts = [`The node was low on resource: ${resource}. `];
  if (observed) {
    parts.push(
      `Threshold quantity: ${shownAmount(threshold.bound, observed.capacity)}, available: ${shownAvailable(threshold, observed.available)}. `,
    );
  }
  if (!usage || resource === 'inodes' || resource === 'pids') return parts.join('');
  const ofPod = pod.spec.resources?.requests?.memory;
  if (resource === 'memory' && ofPod !== undefined) parts.push(larger('Pod', pod.metadata.name, memoryBytes(usage), ofPod, resource));
  const specs = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  for (const container of usage.containers) {
    const used = resource === 'memory' ? container.memoryBytes : total(container.rootfs, container.logs).bytes;
    const spec = specs.find(({ name }) => name === container.name);
    const request = spec?.resources?.requests?.[resource] ?? '0';
    if (spec && used > parseQuantity(request).value()) parts.push(larger('Container', container.name, used, request, resource));
  }
  return parts.join('');
}

function larger(what: string, name: string, used: number, request: string, resource: string): string {
  return `${what} ${name} was using ${binary(used)}, request is ${parseQuantity(request)}, has larger consumption of ${resource}. `;
}

function shownAvailable({ signal }: Threshold, available: number): string {
  return meaningOf(signal).resource === 'inodes' || signal === 'pid.available'
    ? parseQuantity(String(available)).toString()
    : binary(available);
}
