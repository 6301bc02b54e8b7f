// What the node, its pods and containers use, in the text format of Prometheus under the kubelet's names for `/metrics/resource`.
// Each sample carries the time at which it was measured.
import { type NodeUsage, sum } from './node-usage.ts';

type Labels = Record<string, string | undefined>;

interface Sample {
  labels: Labels;
  value: number | undefined;
  atMs?: number;
}

export function resourceMetrics({ atMs, counters, pods }: NodeUsage): string {
  const containers = pods.flatMap(({ pod, containers: all }) =>
    all.map((container) => ({ labels: podLabels(pod.metadata, container.name), container })),
  );
  const ofContainers = (value: (container: (typeof containers)[number]['container']) => number | undefined): Sample[] =>
    containers.map(({ labels, container }) => ({ labels, value: value(container), atMs: container.atMs }));
  const ofPods = (field: 'cpuNanoseconds' | 'memoryBytes'): Sample[] =>
    pods.map(({ pod, containers: all }) => ({ labels: podLabels(pod.metadata), value: sum(all.map((one) => one[field])), atMs }));
  const seconds = ({ value, ...sample }: Sample): Sample => ({ ...sample, value: value === undefined ? undefined : value / 1e9 });
  return [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'CPU time that the container has used, in core-seconds',
      ofContainers(({ cpuNanoseconds }) => cpuNanoseconds / 1e9),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Memory of the container that cannot be reclaimed, in bytes',
      ofContainers(({ memoryBytes }) => memoryBytes),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'When the container was started, in seconds since 1970',
      ofContainers(({ startedAt }) => (startedAt === undefined ? undefined : Date.parse(startedAt) / 1000)),
    ),
    family('node_cpu_usage_seconds_total', 'counter', 'CPU time that the node has used, in core-seconds', [
      { labels: {}, value: counters.cpuNanoseconds / 1e9, atMs },
    ]),
    family('node_memory_working_set_bytes', 'gauge', 'Memory of the node that cannot be reclaimed, in bytes', [
      { labels: {}, value: counters.memoryBytes, atMs },
    ]),
    family(
      'pod_cpu_usage_seconds_total',
      'counter',
      'CPU time that the containers of the pod have used, in core-seconds',
      ofPods('cpuNanoseconds').map(seconds),
    ),
    family('pod_memory_working_set_bytes', 'gauge', 'Memory of the pod that cannot be reclaimed, in bytes', ofPods('memoryBytes')),
    family('resource_scrape_error', 'gauge', '1 if these numbers could not be read, else 0', [{ labels: {}, value: 0 }]),
  ].join('');
}

function podLabels({ namespace, name }: { namespace?: string; name?: string }, container?: string): Labels {
  return { container, namespace, pod: name };
}

/** Nothing at all for a family without samples. */
function family(name: string, type: 'counter' | 'gauge', help: string, samples: Sample[]): string {
  const lines = samples.flatMap(({ labels, value, atMs }) =>
    value === undefined ? [] : [`${name}${labelText(labels)} ${value}${atMs === undefined ? '' : ` ${Math.round(atMs)}`}\n`],
  );
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${JSON.stringify(value)}`]));
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
