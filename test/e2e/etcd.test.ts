import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect } from 'node:tls';
import { ConfigMap } from '@berth/api';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
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

test('etcd answers nobody on this machine but the control plane', () =>
  withEtcdCluster(async ({ layout }) => {
    const address = { host: '127.0.0.1', port: layout.etcdPort };
    const ask = async (options: ConnectionOptions) => {
      const socket = connect({ ...address, ...options });
      try {
        await once(socket, 'secureConnect');
        socket.end('GET /version HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n');
        return (await text(socket)).split('\r\n')[0] || 'cut off';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error);
      } finally {
        socket.destroy();
      }
    };
    const pki = (name: string) => readFile(join(layout.directory, 'pki', name));
    const ca = await pki('etcd/ca.crt');
    const clusterPair = await (await CertificateAuthority.open(join(layout.directory, 'pki'), systemClock)).issueClient('ann', [
      'system:masters',
    ]);
    expect(await ask({ ca, cert: await pki('etcd/client.crt'), key: await pki('etcd/client.key') })).toBe('HTTP/1.1 200 OK');
    expect(await ask({ ca })).toMatch(/^(cut off|ERR_SSL|ECONNRESET)/);
    expect(await ask({ ca, cert: clusterPair.certificate, key: clusterPair.key })).toMatch(/^(cut off|ERR_SSL|ECONNRESET)/);
    await expect(fetch(`http://127.0.0.1:${layout.etcdPort}/version`)).rejects.toThrow('fetch failed');
  }));
