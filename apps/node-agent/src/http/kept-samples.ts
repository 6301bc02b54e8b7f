// What the control plane keeps a history of, out of what this node counts for Prometheus anyway: it goes with the report of usage that is
// sent every fifteen seconds, so that nobody scrapes.
import type { ContainerStats } from '@berth/runtime';
import { certificateTtl } from '../metrics/agent-metrics.ts';
import type { HostCounters } from '../node/usage-reporter.ts';
import { type CgroupSources, cadvisorMetrics } from './cadvisor-metrics.ts';
import { family } from './metric-text.ts';
import { type MeasuredUsage, measuredUsage, type UsageSources } from './node-usage.ts';

export interface KeptSources extends UsageSources {
  cgroups: CgroupSources;
  /** Of the machine, in the text format of Prometheus. */
  machine(): Promise<string>;
  certificateEndsAtMs(): number | undefined;
}

const kept = new Set(
  [
    'container_cpu_usage_seconds_total container_cpu_cfs_periods_total container_cpu_cfs_throttled_periods_total',
    'container_memory_working_set_bytes container_memory_rss container_memory_cache container_oom_events_total',
    'container_fs_usage_bytes container_fs_reads_bytes_total container_fs_writes_bytes_total',
    'container_network_receive_bytes_total container_network_transmit_bytes_total',
    'container_network_receive_packets_dropped_total container_network_transmit_packets_dropped_total',
    'machine_cpu_cores machine_memory_bytes',
    'node_cpu_seconds_total node_load1 node_load5 node_load15 node_boot_time_seconds',
    'node_memory_MemTotal_bytes node_memory_MemAvailable_bytes node_memory_MemFree_bytes node_memory_Cached_bytes node_memory_Buffers_bytes',
    'node_filesystem_size_bytes node_filesystem_avail_bytes node_filesystem_files node_filesystem_files_free',
    'node_network_receive_bytes_total node_network_transmit_bytes_total',
    'node_disk_read_bytes_total node_disk_written_bytes_total node_disk_io_time_seconds_total',
    'kubelet_certificate_manager_client_ttl_seconds',
    'kubelet_volume_stats_capacity_bytes kubelet_volume_stats_used_bytes kubelet_volume_stats_available_bytes',
  ].flatMap((names) => names.split(' ')),
);

/** Of each processor: the rest is next to nothing. */
const droppedModes = /mode="(?:nice|irq|softirq)"/;
/** The node's ends of pods' networks, which are counted by pod, and what never leaves the machine. */
const droppedDevices = /device="(?:veth|lo")/;
/** A container has a new one with each restart; the whole node has this one. */
const identity = /(?<=[{,])(?:id="[^"]+[^/"]"|name="[^"]*")(?:,|(?=}))/g;

export async function keptSamples(sources: KeptSources, stats: ContainerStats[], counters: HostCounters): Promise<string> {
  const usage = await measuredUsage(sources, stats, counters);
  const [containers, machine] = await Promise.all([cadvisorMetrics(usage, ofContainers(sources, usage)), sources.machine()]);
  return keptLines([containers, machine, volumes(usage), ofCertificate(sources)].join(''));
}

/** Pods as a whole are the sums of their containers. */
function ofContainers({ cgroups: { reader, path } }: KeptSources, { pods }: MeasuredUsage): CgroupSources {
  if (!reader) return { reader, path };
  const wholes = new Set(pods.map(({ pod }) => path(pod.metadata.uid ?? '')));
  const counters = async (of: string) => (wholes.has(of) ? undefined : reader.counters(of, 'main'));
  return { reader: { counters, interfaces: (of) => reader.interfaces(of) }, path };
}

function keptLines(text: string): string {
  let lines = '';
  for (const line of text.split('\n')) {
    const brace = line.search(/[{ ]/);
    const name = line.slice(0, brace);
    if (!kept.has(name)) continue;
    if (name === 'node_cpu_seconds_total' && droppedModes.test(line)) continue;
    if (name.startsWith('node_network_') && droppedDevices.test(line)) continue;
    lines += `${name.startsWith('container_') ? line.replace(identity, '').replace(',}', '}') : line}\n`;
  }
  // The history has a time of its own for all of them.
  return lines.replace(/^(.*\} \S+|\w+ \S+) \d+$/gm, '$1');
}

function ofCertificate({ clock, certificateEndsAtMs }: KeptSources): string {
  const endsAtMs = certificateEndsAtMs();
  if (endsAtMs === undefined) return '';
  const [name, help] = certificateTtl;
  return family(name, 'gauge', help, [{ labels: {}, value: Math.round((endsAtMs - clock.now()) / 1000) }]);
}

function volumes({ pods }: MeasuredUsage): string {
  const all = pods.flatMap((pod) => pod.volumes);
  const of = (name: string, help: string, value: (volume: (typeof all)[number]) => number) =>
    family(
      `kubelet_volume_stats_${name}`,
      'gauge',
      help,
      all.map((volume) => ({
        labels: { namespace: volume.claim.namespace, persistentvolumeclaim: volume.claim.name },
        value: value(volume),
      })),
    );
  return [
    of('capacity_bytes', 'Capacity of the volume, in bytes', ({ capacityBytes }) => capacityBytes),
    of('used_bytes', 'What is used of it, in bytes', ({ usedBytes }) => usedBytes),
    of('available_bytes', 'What is left of it, in bytes', ({ availableBytes }) => availableBytes),
  ].join('');
}
