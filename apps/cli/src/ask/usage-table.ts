// What pods and nodes use, against what they asked for and may use. What nobody has measured is said so, and is never a zero. Pure.
import { hasEnded, type Node, type NodeMetrics, type Pod, type PodMetrics } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import { podRequests } from '@berth/scheduling';

export type UsageResource = 'cpu' | 'memory';

/** CPU in thousandths of a core, memory in bytes. */
export interface Usage {
  used: number;
  /** Undefined where none is stated, or, of limits, one container has none. */
  requested?: number;
  limit?: number;
}

export interface UsageRow {
  namespace?: string;
  name: string;
  /** Undefined where there are no numbers. */
  usage?: Record<UsageResource, Usage>;
  /** Why there are none. */
  note?: string;
}

const resources: UsageResource[] = ['cpu', 'memory'];
const mebibyte = 2 ** 20;

function amount(resource: UsageResource, quantity: string | undefined): number {
  const parsed = parseQuantity(quantity ?? '0');
  return resource === 'cpu' ? parsed.milliValue() : parsed.value();
}

const both = <T>(of: (resource: UsageResource) => T): Record<UsageResource, T> => ({ cpu: of('cpu'), memory: of('memory') });

/** Pods that have ended use nothing, and are left out. */
export function podUsage(pods: readonly Pod[], metrics: readonly PodMetrics[], sort: UsageResource | undefined): UsageRow[] {
  const measured = new Map(metrics.map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one]));
  const rows = pods
    .filter((pod) => !hasEnded(pod))
    .map((pod) => podRow(pod, measured.get(`${pod.metadata.namespace}/${pod.metadata.name}`)));
  return sorted(rows, sort);
}

function podRow(pod: Pod, measured: PodMetrics | undefined): UsageRow {
  const { name, namespace } = pod.metadata;
  if (!measured) return { namespace, name, note: whyNoNumbers(pod) };
  const requests = podRequests(pod.spec);
  const usage = both((resource): Usage => {
    const used = measured.containers.reduce((sum, container) => sum + amount(resource, container.usage[resource]), 0);
    const requested = requests.get(resource);
    const limit = limitOf(pod, resource);
    return { used, ...(requested ? { requested } : {}), ...(limit ? { limit } : {}) };
  });
  return { namespace, name, usage };
}

/** Of all containers that run together: a pod of which one may use everything may use everything. */
function limitOf({ spec }: Pod, resource: UsageResource): number | undefined {
  const ofPod = spec.resources?.limits?.[resource];
  if (ofPod !== undefined) return amount(resource, ofPod);
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const limits = [...spec.containers, ...sidecars].map((container) => container.resources?.limits?.[resource]);
  return limits.includes(undefined) ? undefined : limits.reduce((sum, limit) => sum + amount(resource, limit), 0);
}

function whyNoNumbers({ spec, status }: Pod): string {
  if (!spec.nodeName) return 'no numbers: it has no node yet';
  if (status?.phase !== 'Running') return `no numbers: it is ${status?.phase ?? 'Pending'}`;
  return `no numbers yet from ${spec.nodeName}`;
}

/** What pods have asked for stands against what a node can give, and so does what it uses. */
export function nodeUsage(
  nodes: readonly Node[],
  metrics: readonly NodeMetrics[],
  pods: readonly Pod[],
  sort: UsageResource | undefined,
): UsageRow[] {
  const measured = new Map(metrics.map((one) => [one.metadata.name, one]));
  const requested = requestedByNode(pods);
  const rows = nodes.map(({ metadata: { name }, status }): UsageRow => {
    const own = measured.get(name);
    if (!own) {
      const isReady = status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True');
      return { name, note: isReady ? 'no numbers yet' : 'no numbers: it is not ready' };
    }
    const usage = both((resource): Usage => {
      const limit = amount(resource, status?.allocatable?.[resource]);
      return { used: amount(resource, own.usage[resource]), requested: requested.get(name)?.[resource] ?? 0, ...(limit ? { limit } : {}) };
    });
    return { name, usage };
  });
  return sorted(rows, sort);
}

function requestedByNode(pods: readonly Pod[]): Map<string, Record<UsageResource, number>> {
  const sums = new Map<string, Record<UsageResource, number>>();
  for (const pod of pods) {
    const { nodeName } = pod.spec;
    if (!nodeName || hasEnded(pod)) continue;
    const sum = sums.get(nodeName) ?? { cpu: 0, memory: 0 };
    const requests = podRequests(pod.spec);
    for (const resource of resources) sum[resource] += requests.get(resource) ?? 0;
    sums.set(nodeName, sum);
  }
  return sums;
}

/** The greediest first, or by name; what has no numbers last. */
function sorted(rows: UsageRow[], sort: UsageResource | undefined): UsageRow[] {
  const byName = (a: UsageRow, b: UsageRow) => {
    const [left, right] = [a, b].map(({ namespace = '', name }) => `${namespace}/${name}`) as [string, string];
    return left < right ? -1 : left > right ? 1 : 0;
  };
  const used = ({ usage }: UsageRow) => (usage && sort ? usage[sort].used : usage ? 0 : -1);
  return rows.toSorted((a, b) => (sort ? used(b) - used(a) : 0) || byName(a, b));
}

/** @param of `pods`, whose last column of each resource is their limit, or `nodes`, whose it is what they can give */
export function usageRows(rows: readonly UsageRow[], of: 'pods' | 'nodes', hasNamespaces: boolean): string[][] {
  const whole = of === 'pods' ? 'LIMIT' : 'ALLOCATABLE';
  const heading = [
    ...(hasNamespaces ? ['NAMESPACE'] : []),
    'NAME',
    ...['CPU', 'MEMORY'].flatMap((name) => [name, 'REQUESTED', '%', whole, '%']),
    '',
  ];
  return [heading, ...rows.map((row) => cells(row, of, hasNamespaces))];
}

function cells({ namespace = '', name, usage, note = '' }: UsageRow, of: 'pods' | 'nodes', hasNamespaces: boolean): string[] {
  const numbers = resources.flatMap((resource) => {
    if (!usage) return ['-', '-', '-', '-', '-'];
    const { used, requested, limit } = usage[resource];
    // Of a node, how much of what it can give is asked for, and how much is used.
    const requestedShare = of === 'pods' ? share(used, requested) : share(requested, limit);
    return [text(resource, used), text(resource, requested), requestedShare, text(resource, limit), share(used, limit)];
  });
  return [...(hasNamespaces ? [namespace] : []), name, ...numbers, note];
}

function share(part: number | undefined, whole: number | undefined): string {
  return part === undefined || !whole ? '-' : `${Math.round((100 * part) / whole)}%`;
}

function text(resource: UsageResource, value: number | undefined): string {
  if (value === undefined) return '-';
  return resource === 'cpu' ? `${value}m` : `${Math.ceil(value / mebibyte)}Mi`;
}
