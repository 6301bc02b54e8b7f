// What a node did: processors, memory, pods, disks and network, against what it has and what is asked of it.
import { type ChartSpec, selector } from './chart-spec.ts';

/** Of pods that hold what they asked for, as the scheduler counts: those that have ended hold nothing. */
const holding = 'on (namespace, pod) group_left () max by (namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running"})';

export function nodeCharts(node: string, window: string): ChartSpec[] {
  return [...requestedCharts(node, window), ...deviceCharts(node, window)];
}

function requestedCharts(node: string, window: string): ChartSpec[] {
  const own = selector({ node });
  const of = (resource: string) => selector({ node, resource });
  const requested = (resource: string) => `sum(kube_pod_container_resource_requests${of(resource)} * ${holding})`;
  const allocatable = (resource: string) => `max(kube_node_status_allocatable${of(resource)})`;
  const containers = selector({ node }, 'container!=""');
  return [
    {
      id: 'cpu',
      title: 'CPU',
      unit: 'cores',
      lines: [
        {
          name: 'used',
          look: 'used',
          expression: `sum(rate(node_cpu_seconds_total${selector({ node }, 'mode!~"idle|iowait"')}[${window}]))`,
        },
        { name: 'by pods', expression: `sum(rate(container_cpu_usage_seconds_total${containers}[${window}]))` },
        { name: 'requested', look: 'requested', expression: requested('cpu') },
        { name: 'allocatable', look: 'limit', expression: allocatable('cpu') },
      ],
    },
    {
      id: 'memory',
      title: 'Memory',
      unit: 'bytes',
      lines: [
        { name: 'used', look: 'used', expression: `max(node_memory_MemTotal_bytes${own}) - max(node_memory_MemAvailable_bytes${own})` },
        { name: 'by pods', expression: `sum(container_memory_working_set_bytes${containers})` },
        { name: 'requested', look: 'requested', expression: requested('memory') },
        { name: 'allocatable', look: 'limit', expression: allocatable('memory') },
      ],
    },
    {
      id: 'pods',
      title: 'Pods',
      unit: 'count',
      lines: [
        { name: 'pods', look: 'used', expression: `count(kube_pod_info${own})` },
        { name: 'allocatable', look: 'limit', expression: allocatable('pods') },
      ],
    },
  ];
}

function deviceCharts(node: string, window: string): ChartSpec[] {
  const own = selector({ node });
  return [
    {
      id: 'filesystems',
      title: 'File systems, used',
      unit: 'share',
      lines: [{ name: '', by: 'device', expression: fileSystems(node) }],
    },
    {
      id: 'disks',
      title: 'Disks',
      unit: 'bytesPerSecond',
      lines: [
        { name: 'read', expression: `sum(rate(node_disk_read_bytes_total${own}[${window}]))` },
        { name: 'written', expression: `sum(rate(node_disk_written_bytes_total${own}[${window}]))` },
      ],
    },
    {
      id: 'network',
      title: 'Network',
      unit: 'bytesPerSecond',
      lines: [
        { name: 'received', expression: `sum(rate(node_network_receive_bytes_total${outside(node)}[${window}]))` },
        { name: 'sent', expression: `sum(rate(node_network_transmit_bytes_total${outside(node)}[${window}]))` },
      ],
    },
  ];
}

/** Not what only goes round within the machine: each byte of a pod would count twice. */
function outside(node: string): string {
  return selector({ node }, 'device!~"lo|veth.*|ifb.*|brth.*|berth.*|cni.*|docker.*|br-.*"');
}

/** A device has several places where it is mounted; those of memory are no disks. */
function fileSystems(node: string): string {
  const disks = selector({ node }, 'fstype!~"tmpfs|overlay|squashfs|ramfs"');
  return `1 - max by (device) (node_filesystem_avail_bytes${disks}) / (max by (device) (node_filesystem_size_bytes${disks}) > 0)`;
}
