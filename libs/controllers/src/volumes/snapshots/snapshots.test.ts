// The life of snapshots in a cluster without agents: the test plays the node, and upstream's controller.
import {
  CustomResourceDefinition,
  contentFinalizer,
  Event,
  establishedKinds,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  snapshotApiVersion,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from '@berth/api';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../../testing.ts';

const namespace = 'default';
const volumes = '/var/lib/berth/volumes';
let cluster: TestCluster;
let kinds: Record<'VolumeSnapshot' | 'VolumeSnapshotContent' | 'VolumeSnapshotClass', KindDefinition>;

const kindNamed = async (name: string): Promise<KindDefinition> => {
  const definition = () => cluster.client.get(CustomResourceDefinition, { name: `${name}.snapshot.storage.k8s.io` });
  const found = await cluster.eventually(async () => establishedKinds(await definition().catch(() => ({ spec: {} }) as never))?.stored);
  return found;
};

beforeAll(async () => {
  cluster = await startTestCluster();
  const labels = { 'kubernetes.io/hostname': 'n1' };
  const annotations = { 'berth.io/volumes-directory': volumes, 'berth.io/volume-file-systems': 'ext4' };
  await cluster.client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels, annotations }, spec: {} });
  const [VolumeSnapshot, VolumeSnapshotContent, VolumeSnapshotClass] = [
    await kindNamed('volumesnapshots'),
    await kindNamed('volumesnapshotcontents'),
    await kindNamed('volumesnapshotclasses'),
  ];
  kinds = { VolumeSnapshot, VolumeSnapshotContent, VolumeSnapshotClass };
  await cluster.eventually(async () => (await cluster.client.list(VolumeSnapshotClass, {})).items.length === 1);
});
afterAll(() => cluster.stop());

type ClaimSpec = Partial<PersistentVolumeClaim['spec']>;
const claimOf = (name: string, spec: ClaimSpec = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const snapshotOf = (
  name: string,
  source: VolumeSnapshot['spec']['source'],
  more: Partial<VolumeSnapshot['spec']> = {},
): VolumeSnapshot => ({
  apiVersion: snapshotApiVersion,
  kind: 'VolumeSnapshot',
  metadata: { name, namespace },
  spec: { source, ...more },
});
const claim = (name: string) => cluster.client.get(PersistentVolumeClaim, { namespace, name });
const volume = (uid = '') => cluster.client.get(PersistentVolume, { name: `pvc-${uid}` });
const snapshot = async (name: string) => (await cluster.client.get(kinds.VolumeSnapshot, { namespace, name })) as VolumeSnapshot;
const content = async (name: string) => (await cluster.client.get(kinds.VolumeSnapshotContent, { name })) as VolumeSnapshotContent;
const there = <T>(found: Promise<T>): Promise<T | undefined> =>
  found.catch((error: unknown) => {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  });
const isGone = async (found: Promise<unknown>) => (await there(found)) === undefined;
const reasons = async (name: string) =>
  (await cluster.client.list(Event, { namespace })).items
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason, message }) => `${reason}: ${message}`);

/** As its node makes it. */
async function made(uid: string | undefined): Promise<void> {
  await cluster.eventually(async () => there(volume(uid)));
  await cluster.client.patch(PersistentVolume, { name: `pvc-${uid}` }, 'merge', { metadata: { annotations: { 'berth.io/disk': 'made' } } });
}

async function boundClaim(name: string, spec: ClaimSpec = {}): Promise<PersistentVolumeClaim> {
  const { metadata } = await cluster.client.create(PersistentVolumeClaim, claimOf(name, spec));
  const annotations = { 'volume.kubernetes.io/selected-node': 'n1' };
  await cluster.client.patch(PersistentVolumeClaim, metadata, 'merge', { metadata: { annotations } });
  await made(metadata.uid);
  return cluster.eventually(async () => {
    const found = await claim(name);
    return found.status?.phase === 'Bound' && found;
  });
}

/** As the gateway writes what its node says. */
async function taken(name: string): Promise<void> {
  const status = {
    readyToUse: true,
    creationTime: 1764500000000000000n,
    restoreSize: 2 ** 30,
    snapshotHandle: `n1/snapshot-${(await content(name)).metadata.uid}.ext4`,
  };
  const current = await content(name);
  await cluster.client.updateStatus(kinds.VolumeSnapshotContent, { ...current, status } as KubeObject);
}

async function readySnapshot(name: string, claimName: string): Promise<VolumeSnapshot> {
  const { metadata } = await cluster.client.create(kinds.VolumeSnapshot, snapshotOf(name, { persistentVolumeClaimName: claimName }));
  await cluster.eventually(async () => there(content(`snapcontent-${metadata.uid}`)));
  await taken(`snapcontent-${metadata.uid}`);
  return cluster.eventually(async () => {
    const found = await snapshot(name);
    return found.status?.readyToUse && found;
  });
}

test('a snapshot of a claim gets a content for its node, follows it, and goes with it; its claim stays until it is taken', async () => {
  const { client, eventually } = cluster;
  const { metadata: source, spec } = await boundClaim('data');
  const { metadata } = await client.create(kinds.VolumeSnapshot, snapshotOf('first', { persistentVolumeClaimName: 'data' }));
  const name = `snapcontent-${metadata.uid}`;
  const asked = await eventually(async () => there(content(name)));
  expect(asked).toMatchObject({
    metadata: {
      annotations: { 'berth.io/snapshot-node': 'n1', 'berth.io/snapshot-volume': `ext4:${volumes}/pvc-${source.uid}_default_data.img` },
    },
    spec: {
      ...{
        driver: 'berth.io/local',
        deletionPolicy: 'Delete',
        source: { volumeHandle: spec.volumeName },
        volumeSnapshotClassName: 'local',
      },
      ...{ sourceVolumeMode: 'Filesystem', volumeSnapshotRef: { namespace, name: 'first', uid: metadata.uid } },
    },
  });
  expect((await claim('data')).metadata.finalizers).toContain('snapshot.storage.kubernetes.io/pvc-as-source-protection');
  await taken(name);
  const ready = await eventually(async () => {
    const found = await snapshot('first');
    return found.status?.readyToUse && found.metadata.finalizers?.length === 2 && found;
  });
  expect(ready.status).toEqual({
    boundVolumeSnapshotContentName: name,
    creationTime: '2025-11-30T10:53:20Z',
    readyToUse: true,
    restoreSize: '1Gi',
  });
  await eventually(
    async () => !(await claim('data')).metadata.finalizers?.includes('snapshot.storage.kubernetes.io/pvc-as-source-protection'),
  );
  await eventually(async () => (await reasons('first')).includes('SnapshotReady: Snapshot default/first is ready to use.'));
  await client.delete(kinds.VolumeSnapshot, metadata);
  const leaving = await eventually(async () => {
    const found = await content(name);
    const isLeaving = found.metadata.annotations?.['snapshot.storage.kubernetes.io/volumesnapshot-being-deleted'] !== undefined;
    return isLeaving && found.metadata.deletionTimestamp !== undefined && found;
  });
  // Which its node takes off once the file is gone.
  expect(leaving.metadata.finalizers).toEqual([contentFinalizer]);
  expect(await isGone(snapshot('first'))).toBe(false);
  await client.patch(kinds.VolumeSnapshotContent, leaving.metadata, 'merge', { metadata: { finalizers: null } });
  await eventually(() => isGone(snapshot('first')));
});

test('a claim that begins with a snapshot is made on the node that has it, and keeps it from being deleted meanwhile', async () => {
  const { client, eventually } = cluster;
  await boundClaim('kept');
  const { status } = await readySnapshot('second', 'kept');
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'second' };
  const small = { dataSource, resources: { requests: { storage: '100Mi' } } };
  await client.create(PersistentVolumeClaim, claimOf('small', small));
  await eventually(async () =>
    (await reasons('small')).some((text) =>
      text.includes('requested volume size 104857600 is less than the size 1073741824 for the source'),
    ),
  );
  await client.delete(PersistentVolumeClaim, { namespace, name: 'small' });
  await client.create(PersistentVolumeClaim, claimOf('never', { dataSource: { ...dataSource, name: 'none' } }));
  await eventually(async () =>
    (await reasons('never')).some((text) => text.startsWith('ProvisioningFailed') && text.includes('"none" not found')),
  );
  await client.delete(PersistentVolumeClaim, { namespace, name: 'never' });
  const { metadata } = await client.create(
    PersistentVolumeClaim,
    claimOf('restored', { dataSource, resources: { requests: { storage: '2Gi' } } }),
  );
  const { metadata: asked } = await eventually(async () => there(volume(metadata.uid)));
  const handle = (await content(status?.boundVolumeSnapshotContentName ?? '')).status?.snapshotHandle;
  expect(asked.annotations).toMatchObject({ 'berth.io/disk': 'wanted', 'berth.io/disk-source': `snapshot:${handle?.split('/')[1]}` });
  await client.delete(kinds.VolumeSnapshot, { namespace, name: 'second' });
  await eventually(async () => (await reasons('second')).includes('SnapshotDeletePending: Snapshot is being used to restore a PVC'));
  expect((await content(status?.boundVolumeSnapshotContentName ?? '')).metadata.deletionTimestamp).toBeUndefined();
  await made(metadata.uid);
  await eventually(async () => (await claim('restored')).status?.phase === 'Bound');
  await eventually(async () => (await content(status?.boundVolumeSnapshotContentName ?? '')).metadata.deletionTimestamp !== undefined);
});

test('a claim that begins with another claim is made where that is; the other stays until it is', async () => {
  const { client, eventually } = cluster;
  const { metadata: source } = await boundClaim('original');
  const dataSourceRef = { kind: 'PersistentVolumeClaim', name: 'original' };
  const { metadata } = await client.create(PersistentVolumeClaim, claimOf('clone', { dataSourceRef }));
  const asked = await eventually(async () => there(volume(metadata.uid)));
  expect(asked.metadata.annotations?.['berth.io/disk-source']).toBe(`volume:${volumes}/pvc-${source.uid}_default_original.img`);
  await eventually(async () =>
    (await claim('original')).metadata.finalizers?.includes('provisioner.storage.kubernetes.io/cloning-protection'),
  );
  await made(metadata.uid);
  await eventually(
    async () => !(await claim('original')).metadata.finalizers?.includes('provisioner.storage.kubernetes.io/cloning-protection'),
  );
});

test('a block volume is a file without a file system, and so is what begins with it', async () => {
  const { client, eventually } = cluster;
  const { metadata } = await boundClaim('raw', { volumeMode: 'Block' });
  const bound = await volume(metadata.uid);
  expect(bound.spec).toMatchObject({ volumeMode: 'Block', local: { path: `${volumes}/pvc-${metadata.uid}_default_raw.img` } });
  expect(bound.spec.local?.fsType).toBeUndefined();
  const dataSourceRef = { kind: 'PersistentVolumeClaim', name: 'raw' };
  const clone = await client.create(PersistentVolumeClaim, claimOf('raw-clone', { volumeMode: 'Block', dataSourceRef }));
  await eventually(async () => (await there(volume(clone.metadata.uid)))?.spec.volumeMode === 'Block');
  await client.create(PersistentVolumeClaim, claimOf('no-clone', { dataSourceRef }));
  await eventually(async () => (await reasons('no-clone')).some((reason) => reason.includes('must be the same volume mode')));
});

test('a snapshot that was there before is bound to the content that names it, and stays when that is to be retained', async () => {
  const { client, eventually } = cluster;
  const object: VolumeSnapshotContent = {
    apiVersion: snapshotApiVersion,
    kind: 'VolumeSnapshotContent',
    metadata: { name: 'imported' },
    spec: {
      deletionPolicy: 'Retain',
      driver: 'berth.io/local',
      source: { snapshotHandle: 'n1/snapshot-old.ext4' },
      volumeSnapshotRef: { namespace, name: 'bound' },
    },
  };
  await client.create(kinds.VolumeSnapshotContent, object);
  const wrong = { volumeSnapshotContentName: 'missing' };
  await client.create(kinds.VolumeSnapshot, snapshotOf('unbound', wrong));
  await eventually(async () => (await snapshot('unbound')).status?.error?.message === 'VolumeSnapshotContent is missing');
  await client.create(kinds.VolumeSnapshot, snapshotOf('other', { volumeSnapshotContentName: 'imported' }));
  await eventually(
    async () => (await snapshot('other')).status?.error?.message === 'VolumeSnapshotContent [imported] is bound to a different snapshot',
  );
  const { metadata } = await client.create(kinds.VolumeSnapshot, snapshotOf('bound', { volumeSnapshotContentName: 'imported' }));
  await eventually(async () => (await content('imported')).spec.volumeSnapshotRef.uid === metadata.uid);
  await taken('imported');
  await eventually(async () => (await snapshot('bound')).status?.readyToUse);
  await client.delete(kinds.VolumeSnapshot, metadata);
  await eventually(() => isGone(snapshot('bound')));
  expect((await content('imported')).metadata.deletionTimestamp).toBeUndefined();
  await client.delete(kinds.VolumeSnapshotContent, { name: 'imported' });
  await eventually(() => isGone(content('imported')));
});

test('what is asked for that cannot be is said, and what upstream’s rules refuse is refused', async () => {
  const { client, eventually } = cluster;
  await client.create(PersistentVolumeClaim, claimOf('unbound-claim'));
  await client.create(kinds.VolumeSnapshot, snapshotOf('early', { persistentVolumeClaimName: 'unbound-claim' }));
  await eventually(async () => (await snapshot('early')).status?.error?.message?.includes('is not yet bound to a PV'));
  await expect(client.create(kinds.VolumeSnapshot, snapshotOf('none', {}))).rejects.toThrow(
    'exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set',
  );
  const change = { spec: { source: { persistentVolumeClaimName: 'another' } } };
  await expect(client.patch(kinds.VolumeSnapshot, { namespace, name: 'early' }, 'merge', change)).rejects.toThrow(
    'persistentVolumeClaimName is immutable',
  );
});
