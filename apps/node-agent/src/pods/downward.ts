// The downward API: what a pod may learn of itself, for environment variables and volume files
// (Kubernetes, "Downward API", available fields).
import { type Container, everyContainer, type Pod, type ResourceFieldSelector } from '@berth/api';
import { parseQuantity } from '@berth/machinery';

export interface NodeAllocatable {
  cpuCores: number;
  memoryBytes: number;
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

/** A resource in units of the divisor, rounded up; a limit that is not set is the node's allocatable. */
export function resourceValue(selector: ResourceFieldSelector, container: Container, pod: Pod, allocatable: NodeAllocatable): string {
  const of = selector.containerName
    ? [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((c) => c.name === selector.containerName)
    : container;
  const [kind = '', ...rest] = selector.resource.split('.');
  const name = rest.join('.');
  const given = kind === 'limits' ? of?.resources?.limits?.[name] : (of?.resources?.requests?.[name] ?? of?.resources?.limits?.[name]);
  const fallback = kind !== 'limits' ? 0 : name === 'cpu' ? allocatable.cpuCores : name === 'memory' ? allocatable.memoryBytes : 0;
  const value = given === undefined ? fallback : parseQuantity(String(given)).toNumber();
  const divisor = selector.divisor && String(selector.divisor) !== '0' ? parseQuantity(String(selector.divisor)).toNumber() : 1;
  // A tiny tolerance keeps 0.1 / 0.001 at 100 rather than 101.
  return String(Math.ceil(value / divisor - 1e-9));
}
