import { Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttributesClass } from '@berth/api';
import { isReason } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../testing.ts';
import { bestVolume } from './matching.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(async () => {
  await cluster.stop();
});

function claim(name: string, spec: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim {
  const resources = { requests: { storage: '1Gi' } };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources, ...spec },
  };
}

function volume(name: string, storage: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/data/${name}` }, storageClassName: 'slow', ...spec },
  };
}

const phaseOf = async (name: string) => (await cluster.client.get(PersistentVolumeClaim, { namespace: 'default', name })).status?.phase;
const isGone = <T>(found: Promise<T>) =>
  found.then(
    () => false,
    (error: unknown) => isReason(error, 'NotFound'),
  );

test('the smallest volume that is large enough serves, unless one is kept for the claim', () => {
  const wanted = claim('data', { storageClassName: 'slow' });
  const volumes = [volume('large', '5Gi'), volume('small', '500Mi'), volume('fitting', '2Gi')];
  expect(bestVolume(wanted, volumes, undefined)?.metadata.name).toBe('fitting');
  const kept = volume('kept', '9Gi', { claimRef: { namespace: 'default', name: 'data' } });
  expect(bestVolume(wanted, [...volumes, kept], undefined)?.metadata.name).toBe('kept');
});

test('a claim is bound to a volume that was made by hand, which is released and retained', async () => {
  const { client, eventually } = cluster;
  await client.create(PersistentVolume, volume('by-hand', '2Gi'));
  await client.create(PersistentVolumeClaim, claim('data', { storageClassName: 'slow' }));
  await eventually(async () => (await phaseOf('data')) === 'Bound');
  const bound = await client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' });
  expect(bound).toMatchObject({ spec: { volumeName: 'by-hand' }, status: { capacity: { storage: '2Gi' } } });
  await eventually(async () => (await client.get(PersistentVolume, { name: 'by-hand' })).status?.phase === 'Bound');
  await client.delete(PersistentVolumeClaim, { namespace: 'default', name: 'data' });
  await eventually(async () => (await client.get(PersistentVolume, { name: 'by-hand' })).status?.phase === 'Released');
});

test('a local volume is made on the chosen node, kept while a pod uses its claim, then deleted for the agent to clean up', async () => {
  const { client, eventually } = cluster;
  const labels = { 'kubernetes.io/hostname': 'n1' };
  const annotations = { 'berth.io/volumes-directory': '/var/lib/berth/volumes' };
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels, annotations }, spec: {} });
  const key = { namespace: 'default', name: 'local' };
  const { metadata } = await client.create(PersistentVolumeClaim, claim('local'));
  await eventually(async () =>
    (await client.get(PersistentVolumeClaim, key)).metadata.finalizers?.includes('kubernetes.io/pvc-protection'),
  );
  expect(await phaseOf('local')).toBe('Pending');
  const selected = { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n1' } } };
  await client.patch(PersistentVolumeClaim, key, 'merge', selected);
  await eventually(async () => (await phaseOf('local')) === 'Bound');
  const name = `pvc-${metadata.uid}`;
  const made = await client.get(PersistentVolume, { name });
  expect(made.spec).toMatchObject({
    local: { path: `/var/lib/berth/volumes/${name}_default_local` },
    persistentVolumeReclaimPolicy: 'Delete',
    storageClassName: 'local',
  });
  const spec = {
    nodeName: 'n1',
    containers: [{ name: 'main', image: 'web:1' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'local' } }],
  };
  const user = await client.create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'user', namespace: 'default' }, spec });
  await client.delete(PersistentVolumeClaim, key);
  expect((await client.get(PersistentVolumeClaim, key)).metadata.deletionTimestamp).toBeDefined();
  await client.delete(Pod, user.metadata, { gracePeriodSeconds: 0 });
  await eventually(() => isGone(client.get(PersistentVolumeClaim, key)));
  await eventually(async () => {
    const {
      metadata: { deletionTimestamp, finalizers },
    } = await client.get(PersistentVolume, { name });
    return deletionTimestamp && finalizers?.join() === 'berth.io/local-volume';
  });
  await client.patch(PersistentVolume, { name }, 'merge', { metadata: { finalizers: null } });
  await eventually(() => isGone(client.get(PersistentVolume, { name })));
});

test('a class of attributes stays until no claim and no volume names it', async () => {
  const { client, eventually } = cluster;
  const fast = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttributesClass',
    metadata: { name: 'fast' },
    driverName: 'a.b',
    parameters: { a: 'b' },
  };
  const made = await client.create(VolumeAttributesClass, fast);
  expect(made.metadata.finalizers).toEqual(['kubernetes.io/vac-protection']);
  await client.create(PersistentVolumeClaim, claim('fast', { storageClassName: 'none', volumeAttributesClassName: 'fast' }));
  await client.delete(VolumeAttributesClass, made.metadata);
  expect((await client.get(VolumeAttributesClass, made.metadata)).metadata.deletionTimestamp).toBeDefined();
  await client.delete(PersistentVolumeClaim, { namespace: 'default', name: 'fast' });
  await eventually(() => isGone(client.get(VolumeAttributesClass, made.metadata)));
});
