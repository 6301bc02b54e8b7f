// Claims of classes whose volumes drivers make and enlarge: what is left to provisioners and resizers, whose parts the tests play.
import { Event, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../testing.ts';

const provisioner = 'disks.example.com';
const namespace = 'default';
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  for (const volumeBindingMode of ['Immediate', 'WaitForFirstConsumer']) {
    await cluster.client.create(StorageClass, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: volumeBindingMode.toLowerCase() },
      provisioner,
      volumeBindingMode,
      allowVolumeExpansion: true,
    });
  }
});
afterAll(() => cluster.stop());

const get = (name: string) => cluster.client.get(PersistentVolumeClaim, { namespace, name });
const events = async (name: string) => {
  const { items } = await cluster.client.list(Event, { namespace });
  return items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason, type, message }) => [reason, type, message]);
};
const provisionersOf = ({ metadata: { annotations = {} } }: PersistentVolumeClaim) =>
  ['volume.kubernetes.io/storage-provisioner', 'volume.beta.kubernetes.io/storage-provisioner'].map((name) => annotations[name]);

function makeClaim(name: string, storageClassName: string): Promise<PersistentVolumeClaim> {
  return cluster.client.create(PersistentVolumeClaim, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '1Gi' } } },
  });
}

/** As an external provisioner does. */
function provision({ metadata }: PersistentVolumeClaim, spec: Partial<PersistentVolume['spec']> = {}): Promise<PersistentVolume> {
  return cluster.client.create(PersistentVolume, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: `pvc-${metadata.uid}`,
      annotations: { 'pv.kubernetes.io/provisioned-by': provisioner },
      finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'],
    },
    spec: {
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'immediate',
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: metadata.name, uid: metadata.uid ?? '' },
      csi: { driver: provisioner, volumeHandle: metadata.uid ?? '' },
      ...spec,
    },
  });
}

async function boundClaim(name: string, spec: Partial<PersistentVolume['spec']> = {}): Promise<PersistentVolume> {
  const volume = await provision(await makeClaim(name, 'immediate'), spec);
  await cluster.eventually(async () => (await get(name)).status?.phase === 'Bound');
  return volume;
}

const resize = (name: string, storage: string) =>
  cluster.client.patch(PersistentVolumeClaim, { namespace, name }, 'merge', { spec: { resources: { requests: { storage } } } });

test('a claim names the provisioner that is to make its volume, is bound to what it makes, and the deletion is left to it', async () => {
  const { client, eventually } = cluster;
  const claim = await makeClaim('made', 'immediate');
  await eventually(async () => provisionersOf(await get('made'))[0]);
  expect(provisionersOf(await get('made'))).toEqual([provisioner, provisioner]);
  await eventually(async () => (await events('made')).length > 0);
  const waiting =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. ` +
    'If volume creation is delayed, please verify that the provisioner is running and correctly registered.';
  expect(await events('made')).toEqual([['ExternalProvisioning', 'Normal', waiting]]);
  const { metadata } = await provision(claim);
  await eventually(async () => (await get('made')).status?.phase === 'Bound');
  expect((await get('made')).status).toMatchObject({ capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'] });
  await eventually(async () => (await client.get(PersistentVolume, metadata)).status?.phase === 'Bound');
  await client.delete(PersistentVolumeClaim, { namespace, name: 'made' });
  await eventually(async () => (await client.get(PersistentVolume, metadata)).status?.phase === 'Released');
  const released = await client.get(PersistentVolume, metadata);
  expect(released.metadata.deletionTimestamp).toBeUndefined();
  expect(await events(metadata.name)).toEqual([]);
  // The provisioner deletes the object first, and takes its finalizer off once the volume is gone.
  await client.delete(PersistentVolume, metadata);
  const protections = async () => (await client.get(PersistentVolume, metadata)).metadata.finalizers;
  await eventually(async () => (await protections())?.join() === 'external-provisioner.volume.kubernetes.io/finalizer');
});

test('a claim that waits for a pod names no provisioner before the scheduler has chosen a node', async () => {
  const { client, eventually } = cluster;
  await makeClaim('waiting', 'waitforfirstconsumer');
  await eventually(async () => (await events('waiting')).length > 0);
  expect(await events('waiting')).toEqual([['WaitForFirstConsumer', 'Normal', 'waiting for first consumer to be created before binding']]);
  expect(provisionersOf(await get('waiting'))).toEqual([undefined, undefined]);
  const annotations = { 'volume.kubernetes.io/selected-node': 'n1' };
  await client.patch(PersistentVolumeClaim, { namespace, name: 'waiting' }, 'merge', { metadata: { annotations } });
  await eventually(async () => provisionersOf(await get('waiting'))[0] === provisioner);
});

test('how large a bound claim is says who enlarges its file system, not the volume', async () => {
  const { client, eventually } = cluster;
  const { metadata } = await boundClaim('growing');
  await resize('growing', '5Gi');
  await eventually(async () => (await events('growing')).some(([reason]) => reason === 'ExternalExpanding'));
  expect((await events('growing')).at(-1)).toEqual([
    'ExternalExpanding',
    'Normal',
    'waiting for an external controller to expand this PVC',
  ]);
  await client.patch(PersistentVolume, metadata, 'merge', { spec: { capacity: { storage: '5Gi' } } });
  // Something that the controller does after it has seen the volume.
  const status = { conditions: [{ type: 'FileSystemResizePending', status: 'True' }], allocatedResources: { storage: '5Gi' } };
  const states = { allocatedResourceStatuses: { storage: 'NodeResizePending' } };
  await client.patch(
    PersistentVolumeClaim,
    { namespace, name: 'growing' },
    'merge',
    { status: { ...status, ...states } },
    { subresource: 'status' },
  );
  await boundClaim('other');
  expect((await get('growing')).status).toMatchObject({ capacity: { storage: '2Gi' }, ...status, ...states });
  expect((await events('growing')).filter(([reason]) => reason === 'ExternalExpanding')).toHaveLength(1);
});

test('a claim bound to a volume whose file system is yet to be enlarged has the size from before, and the attributes that the volume has', async () => {
  const { client, eventually } = cluster;
  const claim = await makeClaim('small', 'immediate');
  const annotations = { 'volume.alpha.kubernetes.io/pre-resize-capacity': '1Gi' };
  const { uid = '' } = claim.metadata;
  await client.create(PersistentVolume, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'small', annotations },
    spec: {
      capacity: { storage: '3Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'immediate',
      volumeAttributesClassName: 'fast',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: 'small', uid },
      csi: { driver: provisioner, volumeHandle: 'small' },
    },
  });
  await eventually(async () => (await get('small')).status?.phase === 'Bound');
  expect((await get('small')).status).toMatchObject({ capacity: { storage: '1Gi' }, currentVolumeAttributesClassName: 'fast' });
  // From now on the resizer says it.
  await client.patch(PersistentVolume, { name: 'small' }, 'merge', { metadata: { labels: { a: 'b' } } });
  const status = { currentVolumeAttributesClassName: 'slow' };
  await client.patch(PersistentVolumeClaim, { namespace, name: 'small' }, 'merge', { status }, { subresource: 'status' });
  await boundClaim('another');
  expect((await get('small')).status).toMatchObject(status);
});
