// What collectors made for cAdvisor look for, under its names and labels: `/metrics/cadvisor`. One series a container, one a pod as a
// whole (without `container` and `image`), and one for the node (id "/"), as the kubelet has them.
// Names: https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
import type { Pod } from '@berth/api';
import type { CgroupCounters, CgroupReader, DiskCounters, InterfaceCounters, TrafficCounters } from '../node/cgroup-counters.ts';
import { everyContainerStatus } from '../pods/every-container-status.ts';
import { family, type Labels, type Sample } from './metric-text.ts';
import type { ContainerUsage, MeasuredUsage } from './node-usage.ts';

export interface CgroupSources {
  /** Absent where containers are simulated: then there is what the runtime counts. */
  reader: CgroupReader | undefined;
  /** Of a pod, from the root of the hierarchy. */
  path(podUid: string): string;
}

/** Something with a cgroup, and what was counted for it. */
interface Measured {
  labels: Labels;
  counters: CgroupCounters | undefined;
  /** Of containers alone. */
  usage?: ContainerUsage;
}

type Value = number | undefined;
type OfCounters = [name: string, type: 'counter' | 'gauge', help: string, of: (counters: CgroupCounters) => Value];

const counted: OfCounters[] = [
  ['container_cpu_user_seconds_total', 'counter', 'CPU time in user space, in core-seconds', ({ cpu }) => cpu.user],
  ['container_cpu_system_seconds_total', 'counter', 'CPU time in the kernel, in core-seconds', ({ cpu }) => cpu.system],
  ['container_cpu_cfs_periods_total', 'counter', 'Periods in which the CPU limit was enforced', ({ throttling }) => throttling?.periods],
  [
    'container_cpu_cfs_throttled_periods_total',
    'counter',
    'Periods in which the CPU limit was reached',
    ({ throttling }) => throttling?.throttledPeriods,
  ],
  [
    'container_cpu_cfs_throttled_seconds_total',
    'counter',
    'How long processes waited for the next period, in seconds',
    ({ throttling }) => throttling?.throttled,
  ],
  ['container_memory_usage_bytes', 'gauge', 'Memory in use, files that were read included, in bytes', ({ memory }) => memory.usageBytes],
  ['container_memory_max_usage_bytes', 'gauge', 'The most memory that was in use, in bytes', ({ memory }) => memory.maxUsageBytes],
  ['container_memory_rss', 'gauge', 'Memory of processes, in bytes', ({ memory }) => memory.rssBytes],
  ['container_memory_cache', 'gauge', 'Memory for files, in bytes', ({ memory }) => memory.cacheBytes],
  ['container_memory_mapped_file', 'gauge', 'Memory for files that are mapped, in bytes', ({ memory }) => memory.mappedFileBytes],
  ['container_memory_swap', 'gauge', 'Memory on swap devices, in bytes', ({ memory }) => memory.swapBytes],
  ['container_memory_failcnt', 'counter', 'How often the memory limit was hit', ({ memory }) => memory.failures],
  ['container_oom_events_total', 'counter', 'Processes that were killed for want of memory', ({ memory }) => memory.oomKills],
  [
    'container_spec_memory_limit_bytes',
    'gauge',
    'The memory limit, 0 without one, in bytes',
    ({ memory }) => (memory.limitBytes === Number.POSITIVE_INFINITY ? 0 : memory.limitBytes),
  ],
  ['container_processes', 'gauge', 'Processes', ({ processes }) => processes],
  ['container_threads', 'gauge', 'Threads', ({ threads }) => threads],
];

const ofDisks: [name: string, help: string, of: (disk: DiskCounters) => number][] = [
  ['container_fs_reads_bytes_total', 'Bytes read from disks', ({ readBytes }) => readBytes],
  ['container_fs_writes_bytes_total', 'Bytes written to disks', ({ writtenBytes }) => writtenBytes],
  ['container_fs_reads_total', 'Reads from disks', ({ reads }) => reads],
  ['container_fs_writes_total', 'Writes to disks', ({ writes }) => writes],
];

const traffic: [name: string, help: string, field: keyof TrafficCounters][] = [
  ['bytes', 'Bytes', 'bytes'],
  ['packets', 'Packets', 'packets'],
  ['errors', 'Errors', 'errors'],
  ['packets_dropped', 'Packets that were dropped', 'dropped'],
];

export async function cadvisorMetrics(usage: MeasuredUsage, cgroups: CgroupSources): Promise<string> {
  const { cpuCores, memoryBytes } = usage.facts.host;
  const { containers, pods, interfaces } = await measure(usage, cgroups);
  const all = [...containers, ...pods];
  return [
    ...usageFamilies(usage, all),
    ...counted.map(([name, type, help, of]) =>
      family(
        name,
        type,
        help,
        samples(all, ({ counters }) => counters && of(counters)),
      ),
    ),
    ...ofDisks.map(([name, help, of]) =>
      family(
        name,
        'counter',
        help,
        all.flatMap((one) => diskSamples(one, of)),
      ),
    ),
    ...traffic.flatMap(([suffix, help, field]) => [
      family(`container_network_receive_${suffix}_total`, 'counter', `${help} received`, networkSamples(interfaces, 'received', field)),
      family(`container_network_transmit_${suffix}_total`, 'counter', `${help} sent`, networkSamples(interfaces, 'sent', field)),
    ]),
    family('machine_cpu_cores', 'gauge', 'Cores of the node', [{ labels: {}, value: cpuCores }]),
    family('machine_memory_bytes', 'gauge', 'Memory of the node, in bytes', [{ labels: {}, value: memoryBytes }]),
  ].join('');
}

/** What the runtime counts as well, so that it is there for simulated containers, too; and of the node. */
function usageFamilies({ counters }: MeasuredUsage, all: Measured[]): string[] {
  const cpuLabels = (labels: Labels) => ({ ...labels, cpu: 'total' });
  const cpu = samples(all, ({ counters: own, usage }) => own?.cpu.usage ?? (usage && usage.cpuNanoseconds / 1e9));
  const node: Labels = { id: '/' };
  return [
    family('container_cpu_usage_seconds_total', 'counter', 'CPU time used, in core-seconds', [
      ...cpu.map((sample) => ({ ...sample, labels: cpuLabels(sample.labels) })),
      { labels: cpuLabels(node), value: counters.cpuNanoseconds / 1e9 },
    ]),
    family('container_memory_working_set_bytes', 'gauge', 'Memory in use that cannot be reclaimed, in bytes', [
      ...samples(all, ({ counters: own, usage }) => own?.memory.workingSetBytes ?? usage?.memoryBytes),
      { labels: node, value: counters.memoryBytes },
    ]),
    family(
      'container_fs_usage_bytes',
      'gauge',
      "Size of the container's writable layer, in bytes",
      samples(all, ({ usage }) => usage?.filesystemBytes),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'When the container was started, in seconds since 1970',
      samples(all, ({ usage }) => (usage?.startedAt === undefined ? undefined : Date.parse(usage.startedAt) / 1000)),
    ),
    family(
      'container_last_seen',
      'gauge',
      'When the container was last measured, in seconds since 1970',
      samples(all, ({ usage }) => usage && usage.atMs / 1000),
    ),
  ];
}

interface PodInterfaces {
  labels: Labels;
  found: InterfaceCounters[];
}

async function measure({ pods }: MeasuredUsage, { reader, path }: CgroupSources) {
  const containers: Measured[] = [];
  const wholes: Measured[] = [];
  const interfaces: PodInterfaces[] = [];
  for (const { pod, containers: used } of pods) {
    const podPath = path(pod.metadata.uid ?? '');
    const labels: Labels = { id: podPath, namespace: pod.metadata.namespace, pod: pod.metadata.name };
    for (const usage of used) {
      const id = `${podPath}/${usage.id}`;
      const container = { ...labels, container: usage.name, id, image: imageOf(pod, usage.name), name: usage.id };
      containers.push({ labels: container, counters: await reader?.counters(id), usage });
    }
    wholes.push({ labels, counters: await reader?.counters(podPath) });
    // Those of the node's network are the node's.
    const first = used[0];
    if (pod.spec.hostNetwork || !first) continue;
    const found = await reader?.interfaces(`${podPath}/${first.id}`);
    if (found) interfaces.push({ labels, found });
  }
  return { containers, pods: wholes, interfaces };
}

function imageOf({ status }: Pod, container: string): string | undefined {
  return everyContainerStatus(status).find(({ name }) => name === container)?.image;
}

function samples(all: Measured[], value: (one: Measured) => Value): Sample[] {
  return all.map((one) => ({ labels: one.labels, value: value(one), ...(one.usage && { atMs: one.usage.atMs }) }));
}

function diskSamples({ labels, counters }: Measured, of: (disk: DiskCounters) => number): Sample[] {
  return [...(counters?.disks ?? [])].map(([device, disk]) => ({ labels: { ...labels, device }, value: of(disk) }));
}

function networkSamples(pods: PodInterfaces[], way: 'received' | 'sent', field: keyof TrafficCounters): Sample[] {
  return pods.flatMap(({ labels, found }) => found.map((one) => ({ labels: { ...labels, interface: one.name }, value: one[way][field] })));
}
