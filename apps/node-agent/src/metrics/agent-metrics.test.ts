import { expect, test } from 'vitest';
import { AgentMetrics } from './agent-metrics.ts';

test('how full claims are is said under the names of a kubelet, once for each claim, and no longer once it is unmounted', async () => {
  const amounts = { capacityBytes: 100, availableBytes: 60, usedBytes: 40, inodes: 10, inodesFree: 7, inodesUsed: 3 };
  const volume = { name: 'data', claim: { namespace: 'shop', name: 'db' }, ...amounts };
  let volumes = [volume, { ...volume, name: 'same' }];
  const sources = {
    nodeName: 'n',
    pods: () => [],
    stats: async () => [],
    isConnected: () => true,
    ingress: async () => '',
    podName: () => undefined,
    clock: { now: () => 10_000 },
    certificateEndsAtMs: () => 70_000,
  };
  const metrics = new AgentMetrics({ ...sources, volumes: async () => volumes });
  expect(await metrics.scrape()).toContain('\nkubelet_certificate_manager_client_ttl_seconds 60\n');
  const lines = async () => (await metrics.scrape()).split('\n').filter((line) => line.startsWith('kubelet_volume_stats_'));
  const labels = '{namespace="shop",persistentvolumeclaim="db"}';
  expect(await lines()).toEqual([
    `kubelet_volume_stats_capacity_bytes${labels} 100`,
    `kubelet_volume_stats_available_bytes${labels} 60`,
    `kubelet_volume_stats_used_bytes${labels} 40`,
    `kubelet_volume_stats_inodes${labels} 10`,
    `kubelet_volume_stats_inodes_free${labels} 7`,
    `kubelet_volume_stats_inodes_used${labels} 3`,
  ]);
  volumes = [];
  expect(await lines()).toEqual([]);
});
