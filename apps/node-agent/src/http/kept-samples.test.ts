// Of all that a node counts, what is kept: without labels that a restart changes, without devices of pods, and without times.
import type { Pod } from '@berth/api';
import { describe, expect, it } from 'vitest';
import type { CgroupReader } from '../node/cgroup-counters.ts';
import type { NodeFacts } from '../node/node-object.ts';
import { keptSamples } from './kept-samples.ts';

const pod = {
  metadata: { namespace: 'shop', name: 'web', uid: 'u1' },
  spec: { containers: [{ name: 'app', image: 'app:1' }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'app', image: 'app:1' }] },
} as Pod;
const traffic = { bytes: 7, packets: 1, errors: 0, dropped: 0 };
const reader: CgroupReader = {
  counters: async () => undefined,
  interfaces: async () => [{ name: 'eth0', received: traffic, sent: traffic }],
};
const machine = [
  '# HELP node_load1 Load',
  'node_load1 0.25',
  'node_cpu_seconds_total{cpu="0",mode="idle"} 12.5',
  'node_cpu_seconds_total{cpu="0",mode="irq"} 1',
  'node_network_receive_bytes_total{device="eth0"} 5',
  'node_network_receive_bytes_total{device="veth1"} 5',
  'node_network_receive_bytes_total{device="lo"} 5',
  'node_filesystem_size_bytes{device="/dev/a",mountpoint="/a b"} 512',
  'node_forks_total 9',
];

describe('keptSamples', () => {
  it('has a line for each, and nothing else', async () => {
    const sources = {
      settings: () => ({ facts: { host: { cpuCores: 2, memoryBytes: 1024 } } as NodeFacts }),
      pods: () => [pod],
      volumes: async () => [
        {
          name: 'v',
          claim: { namespace: 'shop', name: 'data' },
          capacityBytes: 9,
          usedBytes: 4,
          availableBytes: 5,
          inodes: 1,
          inodesFree: 1,
          inodesUsed: 0,
        },
      ],
      rates: () => undefined,
      certificateEndsAtMs: () => 1_700_000_060_000,
      clock: { now: () => 1_700_000_000_000 },
      cgroups: { reader, path: (uid: string) => `/berth/pod${uid}` },
      machine: async () => `${machine.join('\n')}\n`,
    };
    const stats = {
      ...{ containerId: 'c1', podUid: 'u1', name: 'app', atMs: 1_700_000_000_000 },
      ...{ cpuUsageNanoseconds: 3e9, memoryWorkingSetBytes: 100, memoryUsageBytes: 120, filesystemUsedBytes: 50, filesystemUsedInodes: 3 },
    };
    const text = await keptSamples(sources, [stats], { cpuNanoseconds: 8e9, memoryBytes: 600 });
    expect(text.trimEnd().split('\n').sort()).toEqual(
      [
        'container_cpu_usage_seconds_total{namespace="shop",pod="web",container="app",image="app:1",cpu="total"} 3',
        'container_cpu_usage_seconds_total{id="/",cpu="total"} 8',
        'container_memory_working_set_bytes{namespace="shop",pod="web",container="app",image="app:1"} 100',
        'container_memory_working_set_bytes{id="/"} 600',
        'container_fs_usage_bytes{namespace="shop",pod="web",container="app",image="app:1"} 50',
        'container_network_receive_bytes_total{namespace="shop",pod="web",interface="eth0"} 7',
        'container_network_transmit_bytes_total{namespace="shop",pod="web",interface="eth0"} 7',
        'container_network_receive_packets_dropped_total{namespace="shop",pod="web",interface="eth0"} 0',
        'container_network_transmit_packets_dropped_total{namespace="shop",pod="web",interface="eth0"} 0',
        'kubelet_certificate_manager_client_ttl_seconds 60',
        'machine_cpu_cores 2',
        'machine_memory_bytes 1024',
        'node_load1 0.25',
        'node_cpu_seconds_total{cpu="0",mode="idle"} 12.5',
        'node_network_receive_bytes_total{device="eth0"} 5',
        'node_filesystem_size_bytes{device="/dev/a",mountpoint="/a b"} 512',
        'kubelet_volume_stats_capacity_bytes{namespace="shop",persistentvolumeclaim="data"} 9',
        'kubelet_volume_stats_used_bytes{namespace="shop",persistentvolumeclaim="data"} 4',
        'kubelet_volume_stats_available_bytes{namespace="shop",persistentvolumeclaim="data"} 5',
      ].sort(),
    );
  });
});
