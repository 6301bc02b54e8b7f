import { CSIStorageCapacity, Node, PersistentVolume, StorageClass } from '@berth/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../testing.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster.stop());

const disk = (name: string, hostname: string, storage: string, state: string): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': 'berth.io/local', 'berth.io/disk': state } },
  spec: {
    ...{ capacity: { storage }, accessModes: ['ReadWriteOnce'], persistentVolumeReclaimPolicy: 'Retain', storageClassName: 'local' },
    local: { path: `/v/${name}.img`, fsType: 'ext4' },
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] }] },
    },
  },
});

test('what a node offers is what its agent has for volumes, less those that there are and those that are about to be', async () => {
  const { client, eventually } = cluster;
  const labels = { 'kubernetes.io/hostname': 'host' };
  const metadata = { name: 'n', labels, annotations: { 'berth.io/volumes-capacity': '10Gi' } };
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata, spec: {} });
  const said = async () => {
    const { items } = await client.list(CSIStorageCapacity, { namespace: 'kube-system' });
    return items.map(({ storageClassName, capacity }) => `${storageClassName} ${capacity}`).sort();
  };
  const becomes = (...wanted: string[]) => eventually(async () => JSON.stringify(await said()) === JSON.stringify(wanted));
  await becomes('local 10Gi');
  const { items } = await client.list(CSIStorageCapacity, { namespace: 'kube-system' });
  expect(items[0]).toMatchObject({ metadata: { name: 'local.n' }, nodeTopology: { matchLabels: labels } });
  await client.create(PersistentVolume, disk('made', 'host', '3Gi', 'made'));
  await client.create(PersistentVolume, disk('wanted', 'host', '2Gi', 'wanted'));
  await client.create(PersistentVolume, disk('refused', 'host', '4Gi', 'refused'));
  await client.create(PersistentVolume, disk('elsewhere', 'another', '4Gi', 'made'));
  await becomes('local 5Gi');
  const fast = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'fast' }, provisioner: 'berth.io/local' };
  await client.create(StorageClass, fast);
  await becomes('fast 5Gi', 'local 5Gi');
  await client.delete(StorageClass, { name: 'fast' });
  await client.patch(Node, { name: 'n' }, 'merge', { metadata: { annotations: { 'berth.io/volumes-capacity': '4Gi' } } });
  // The disk is fuller than was promised.
  await becomes('local 0');
  await client.delete(PersistentVolume, { name: 'made' });
  await becomes('local 2Gi');
  await client.patch(Node, { name: 'n' }, 'merge', { metadata: { annotations: { 'berth.io/volumes-capacity': null } } });
  await becomes();
});
