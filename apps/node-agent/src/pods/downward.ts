// The downward API: what a pod may learn of itself, for environment variables and volume files
// (Kubernetes, "Downward API", available fields).
import { type Container, everyContainer, type Pod, type ResourceFieldSelector } from '@berth/api';
import { parseQuantity, type Quantity } from '@berth/machinery';

export interface NodeAllocatable {
  cpuCores: number;
  memoryBytes: number;
  /** On the node's own file system. */
  storageBytes: number;
}

export interface PodFacts {
  pod: Pod;
  podIps: string[];
  hostIp: string;
}

/** What a pod can learn of itself and that can change while it runs. */
export function changeable({ metadata, spec }: Pod): unknown[] {
  return [metadata.labels ?? {}, metadata.annotations ?? {}, everyContainer(spec).map(({ resources }) => resources ?? {})];
}

/** The value of a field path; an empty string for a field that is not set. */
export function fieldValue(path: string, { pod, podIps, hostIp }: PodFacts): string {
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return keyValues(pod.metadata.labels);
    case 'metadata.annotations':
      return keyValues(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostIp;
    case 'status.podIP':
      return podIps[0] ?? '';
    case 'status.podIPs':
      return podIps.join(',');
    default:
      return '';
  }
}

/** `key="value"` a line, sorted, quoted as Go's %q does for plain text. */
function keyValues(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
    .join('\n');
}

/** A resource in whole units of the divisor, rounded up; a limit that is not set is the pod's own, or the node's allocatable. */
export function resourceValue(selector: ResourceFieldSelector, container: Container, pod: Pod, allocatable: NodeAllocatable): string {
  const of = selector.containerName
    ? [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((c) => c.name === selector.containerName)
    : container;
  const [kind = '', ...rest] = selector.resource.split('.');
  const name = rest.join('.');
  const units = (quantity: Quantity) => (name === 'cpu' ? quantity.milliValue() : quantity.value());
  const given = (quantity: string | undefined) => quantity !== undefined && parseQuantity(String(quantity));
  const limit = [of?.resources?.limits?.[name], pod.spec.resources?.limits?.[name]].map(given).find((l) => l && units(l) > 0);
  const request = given(of?.resources?.requests?.[name]) || given(of?.resources?.limits?.[name]);
  const found = kind === 'limits' ? limit : request;
  const value = found ? units(found) : kind === 'limits' ? nodeLimit(name, allocatable) : 0;
  const divisor = given(selector.divisor);
  return String(Math.ceil(value / ((divisor && units(divisor)) || units(parseQuantity('1')))));
}

/** Thousandths of cpu, else bytes; what is never overcommitted has no limit unless it is set. */
function nodeLimit(name: string, { cpuCores, memoryBytes, storageBytes }: NodeAllocatable): number {
  switch (name) {
    case 'cpu':
      return Math.round(cpuCores * 1000);
    case 'memory':
      return memoryBytes;
    case 'ephemeral-storage':
      return storageBytes;
    default:
      return 0;
  }
}
