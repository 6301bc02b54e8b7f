import { Event, Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, VolumeAttributesClass } from '@berth/api';
import { isReason } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../testing.ts';
import { provisioningProblem } from './local-provisioner.ts';
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

const directory = { 'berth.io/volumes-directory': '/var/lib/berth/volumes' };
const nodeWith = (name: string, annotations: Record<string, string>): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name }, annotations: { ...directory, ...annotations } },
  spec: {},
});

test('a volume that its node makes is bound once it is made; one that the node refuses goes, and the scheduler chooses again', async () => {
  const { client, eventually } = cluster;
  for (const name of ['d1', 'd2']) await client.create(Node, nodeWith(name, { 'berth.io/volume-file-systems': 'ext4' }));
  const key = { namespace: 'default', name: 'disk' };
  const { metadata } = await client.create(PersistentVolumeClaim, claim('disk', { resources: { requests: { storage: '1Mi' } } }));
  const choose = (node: string) =>
    client.patch(PersistentVolumeClaim, key, 'merge', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': node } } });
  const name = `pvc-${metadata.uid}`;
  const isThere = () => isGone(client.get(PersistentVolume, { name })).then((gone) => !gone);
  const say = (annotations: Record<string, string>) => client.patch(PersistentVolume, { name }, 'merge', { metadata: { annotations } });
  await choose('d1');
  await eventually(isThere);
  const wanted = await client.get(PersistentVolume, { name });
  expect(wanted).toMatchObject({
    metadata: { annotations: { 'berth.io/disk': 'wanted' } },
    spec: { capacity: { storage: '16Mi' }, local: { path: `/var/lib/berth/volumes/${name}_default_disk.img`, fsType: 'ext4' } },
  });
  expect(await phaseOf('disk')).toBe('Pending');
  await say({ 'berth.io/disk': 'refused', 'berth.io/disk-refusal': 'not enough free storage' });
  await eventually(async () => (await client.get(PersistentVolume, { name })).metadata.deletionTimestamp !== undefined);
  expect((await client.get(PersistentVolumeClaim, key)).metadata.annotations ?? {}).not.toHaveProperty([
    'volume.kubernetes.io/selected-node',
  ]);
  const { items } = await client.list(Event, { namespace: 'default' });
  const failed = items.filter(({ reason, involvedObject }) => reason === 'ProvisioningFailed' && involvedObject.name === 'disk');
  expect(failed.map(({ message }) => message)).toEqual(['failed to provision volume with StorageClass "local": not enough free storage']);
  // The first one is still there when the next node is chosen.
  await choose('d2');
  await client.patch(PersistentVolume, { name }, 'merge', { metadata: { finalizers: null } });
  await eventually(async () => (await isThere()) && (await client.get(PersistentVolume, { name })).metadata.uid !== wanted.metadata.uid);
  await say({ 'berth.io/disk': 'made' });
  await eventually(async () => (await phaseOf('disk')) === 'Bound');
  expect((await client.get(PersistentVolumeClaim, key)).status?.capacity).toEqual({ storage: '16Mi' });
});

test('a claim that asks for more shows how far its volume is, and that its node refused it', async () => {
  const { client, eventually } = cluster;
  const key = { namespace: 'default', name: 'growing' };
  const { metadata } = await client.create(PersistentVolumeClaim, claim('growing'));
  const name = `pvc-${metadata.uid}`;
  await client.patch(PersistentVolumeClaim, key, 'merge', {
    metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'd1' } },
  });
  const say = (change: object) => client.patch(PersistentVolume, { name }, 'merge', change);
  await eventually(async () => !(await isGone(client.get(PersistentVolume, { name }))));
  await say({ metadata: { annotations: { 'berth.io/disk': 'made' } } });
  await eventually(async () => (await phaseOf('growing')) === 'Bound');
  const ask = (storage: string) => client.patch(PersistentVolumeClaim, key, 'merge', { spec: { resources: { requests: { storage } } } });
  const shown = async () => {
    const { status } = await client.get(PersistentVolumeClaim, key);
    const { capacity, allocatedResources, allocatedResourceStatuses, conditions = [] } = status ?? {};
    return [capacity, allocatedResources, allocatedResourceStatuses]
      .map((each) => each?.storage)
      .concat(conditions.map(({ type }) => type));
  };
  const shows = (...wanted: (string | undefined)[]) => eventually(async () => JSON.stringify(await shown()) === JSON.stringify(wanted));
  await ask('2Gi');
  await shows('1Gi', '2Gi', 'ControllerResizeInProgress', 'Resizing');
  expect((await client.get(PersistentVolume, { name })).metadata.annotations).toMatchObject({ 'berth.io/disk-size': '2Gi' });
  await say({ metadata: { annotations: { 'berth.io/disk-size': null } }, spec: { capacity: { storage: '2Gi' } } });
  await shows('2Gi', '2Gi', undefined);
  await ask('100Gi');
  await shows('2Gi', '100Gi', 'ControllerResizeInProgress', 'Resizing');
  await say({ metadata: { annotations: { 'berth.io/disk-refusal': 'not enough free storage' } } });
  await shows('2Gi', '100Gi', 'ControllerResizeInfeasible');
  // As far as Kubernetes lets one go back.
  await ask('3Gi');
  await shows('2Gi', '3Gi', 'ControllerResizeInProgress', 'Resizing');
  await say({ metadata: { annotations: { 'berth.io/disk-size': null } }, spec: { capacity: { storage: '3Gi' } } });
  await shows('3Gi', '3Gi', undefined);
  const { items } = await client.list(Event, { namespace: 'default' });
  const reasons = items.filter(({ involvedObject }) => involvedObject.name === 'growing').map(({ reason }) => reason);
  expect(new Set(reasons)).toEqual(
    new Set(['WaitForFirstConsumer', 'Provisioning', 'ProvisioningSucceeded', 'Resizing', 'VolumeResizeSuccessful', 'VolumeResizeFailed']),
  );
});

test('what a class or a claim asks for that no volume can have is said', () => {
  const problem = (storageClass: Partial<StorageClass>, systems = 'ext4', spec: Partial<PersistentVolumeClaim['spec']> = {}) =>
    provisioningProblem(
      claim('data', spec),
      { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'c' }, provisioner: 'berth.io/local', ...storageClass },
      'n',
      nodeWith('n', { 'berth.io/volume-file-systems': systems }),
    );
  expect(problem({})).toBeUndefined();
  expect(problem({}, 'ext4', { volumeAttributesClassName: 'fast' })).toContain('makes no volumes with attributes');
  expect(problem({ parameters: { 'csi.storage.k8s.io/fstype': 'ext4' }, mountOptions: ['noatime', 'nodev,nosuid'] })).toBeUndefined();
  expect(problem({ parameters: { fsType: 'xfs' } }, 'ext4,xfs')).toBeUndefined();
  expect(problem({ parameters: { fsType: 'xfs' } })).toContain('install the Debian package xfsprogs');
  expect(problem({ parameters: { fsType: 'btrfs' } })).toBe('file system "btrfs" is not supported: use ext4 or xfs');
  const block = { volumeMode: 'Block' };
  expect(problem({ parameters: { fsType: 'btrfs' } }, 'ext4', block)).toBeUndefined();
  expect(problem({}, '', block)).toBe('node "n" makes no volumes with a file of their own, which block volumes are');
  expect(problem({ parameters: { speed: 'fast' } })).toContain('knows no parameter "speed"');
  expect(problem({ mountOptions: ['noatime,loop=/dev/loop0'] })).toContain('mount option "loop=/dev/loop0" is not supported');
});

test('a class that waits for no pod gets its volume on a node of its topologies', async () => {
  const { client, eventually } = cluster;
  for (const name of ['t1', 't2']) await client.create(Node, nodeWith(name, {}));
  const allowedTopologies = [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: ['t2'] }] }];
  await client.create(StorageClass, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'of-t2' },
    provisioner: 'berth.io/local',
    allowedTopologies,
  });
  for (const name of ['first', 'second']) {
    await client.create(PersistentVolumeClaim, claim(name, { storageClassName: 'of-t2' }));
    await eventually(async () => (await phaseOf(name)) === 'Bound');
    const { spec } = await client.get(PersistentVolumeClaim, { namespace: 'default', name });
    const { nodeAffinity } = (await client.get(PersistentVolume, { name: spec.volumeName ?? '' })).spec;
    expect(JSON.stringify(nodeAffinity)).toContain('"t2"');
  }
});
