import { mkdtemp, rm } from 'node:fs/promises';
import { ConfigMap } from '@berth/api';
import { expect, test } from 'vitest';
import { Cluster } from '../../tools/cluster/cluster.ts';
import { eventually } from '../../tools/cluster/eventually.ts';
import { layoutOf, testInstances } from '../../tools/cluster/layout.ts';

const creates = 1_000;

const configMap = (index: number): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `object-${index}`, namespace: 'default' },
  data: { index: String(index) },
});

async function withEtcdCluster(use: (cluster: Cluster) => Promise<void>): Promise<void> {
  const directory = await mkdtemp('/tmp/be2e-etcd-');
  const cluster = new Cluster({ ...layoutOf(testInstances.etcd, 'etcd'), directory });
  try {
    await cluster.startControlPlane();
    await use(cluster);
  } finally {
    await cluster.stop({ removeState: true });
    await rm(directory, { recursive: true, force: true });
  }
}

test('kill -9 of etcd in the middle of 1,000 concurrent creates loses no acknowledged object', () =>
  withEtcdCluster(async (cluster) => {
    const client = await cluster.client();
    try {
      let acknowledged = 0;
      let crashed: Promise<void> | undefined;
      const outcomes = await Promise.allSettled(
        Array.from({ length: creates }, async (_, index) => {
          await client.create(ConfigMap, configMap(index));
          acknowledged++;
          if (acknowledged === creates / 5) crashed = cluster.processes.crash('etcd').then(() => cluster.startEtcd());
          return `object-${index}`;
        }),
      );
      await crashed;
      const kept = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(crashed, 'the crash came after the last create').toBeDefined();
      const found = await eventually('the store to answer again', 60_000, async () => {
        const { items } = await client.list(ConfigMap, { namespace: 'default' });
        return new Set(items.map((item) => item.metadata.name));
      });
      expect(kept.filter((name) => !found.has(name))).toEqual([]);
      await eventually('writes to work again', 60_000, () => client.create(ConfigMap, configMap(creates)));
    } finally {
      client.close();
    }
  }));
