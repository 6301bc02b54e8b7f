// What the node, its pods and containers use, in the text format of Prometheus under the kubelet's names for `/metrics/resource`.
// Each sample carries the time at which it was measured.
import type { Pod } from '@berth/api';
import { family, type Labels, type Sample } from './metric-text.ts';
import { type ContainerUsage, type NodeUsage, sum } from './node-usage.ts';

export function resourceMetrics(usage: NodeUsage): string {
  const { atMs, counters, pods } = usage;
  const ofPods = (scale: number, field: 'cpuNanoseconds' | 'memoryBytes'): Sample[] =>
    pods.map(({ pod, containers }) => {
      const total = sum(containers.map((container) => container[field]));
      return { labels: podLabels(pod), value: total === undefined ? undefined : total / scale, atMs };
    });
  const ofNode = (value: number): Sample[] => [{ labels: {}, value, atMs }];
  return [
    containerMetrics(usage),
    family(
      'node_cpu_usage_seconds_total',
      'counter',
      'CPU time that the node has used, in core-seconds',
      ofNode(counters.cpuNanoseconds / 1e9),
    ),
    family('node_memory_working_set_bytes', 'gauge', 'Memory of the node that cannot be reclaimed, in bytes', ofNode(counters.memoryBytes)),
    family('pod_cpu_usage_seconds_total', 'counter', 'CPU time that the pod has used, in core-seconds', ofPods(1e9, 'cpuNanoseconds')),
    family('pod_memory_working_set_bytes', 'gauge', 'Memory of the pod that cannot be reclaimed, in bytes', ofPods(1, 'memoryBytes')),
    family('resource_scrape_error', 'gauge', '1 if these numbers could not be read, else 0', [{ labels: {}, value: 0 }]),
  ].join('');
}

function containerMetrics(usage: NodeUsage): string {
  const startedAt = ({ startedAt: at }: ContainerUsage) => (at === undefined ? undefined : Date.parse(at) / 1000);
  return [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'CPU time that the container has used, in core-seconds',
      ofContainers(usage, (one) => one.cpuNanoseconds / 1e9),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Memory of the container that cannot be reclaimed, in bytes',
      ofContainers(usage, (one) => one.memoryBytes),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'When the container was started, in seconds since 1970',
      ofContainers(usage, startedAt),
    ),
  ].join('');
}

function ofContainers({ pods }: NodeUsage, value: (container: ContainerUsage) => number | undefined): Sample[] {
  return pods.flatMap(({ pod, containers }) =>
    containers.map((container) => ({ labels: podLabels(pod, container.name), value: value(container), atMs: container.atMs })),
  );
}

function podLabels({ metadata }: Pod, container?: string): Labels {
  return { container, namespace: metadata.namespace, pod: metadata.name };
}
