// What a storage driver is asked for on a node, and when: by pods, by what CSIDriver says of it, and by what the control plane has done already.
import { createHash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { csiUniqueName } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attachmentName } from '../../../apps/node-agent/src/volumes/csi/csi-places.ts';
import { CsiLab, driverObject, nodeName, podWith } from './csi-lab.ts';

const name = 'mock.example.org';
let lab: CsiLab;
beforeEach(async () => {
  lab = await CsiLab.open();
  lab.drivers.set(name, driverObject());
});
afterEach(() => lab.close());

test('a volume is staged once for all pods of the node, and unstaged after the last', async () => {
  const driver = await lab.driver();
  lab.persistentVolume(
    'data',
    { fsType: 'ext4', volumeAttributes: { tier: 'gold' } },
    { mountOptions: ['noatime'], accessModes: ['ReadWriteMany'] },
  );
  const [one] = (await lab.prepare(podWith('u1', ['data']))).values();
  await lab.prepare(podWith('u2', ['data']));
  const sha = createHash('sha256').update('handle-data').digest('hex');
  const stagingTargetPath = `${lab.folder}/plugins/kubernetes.io/csi/${name}/${sha}/globalmount`;
  expect(driver.callsOf('nodeStageVolume')).toEqual([
    expect.objectContaining({
      ...{ volumeId: 'handle-data', stagingTargetPath, volumeContext: { tier: 'gold' } },
      volumeCapability: expect.objectContaining({
        accessMode: { mode: 'MULTI_NODE_MULTI_WRITER' },
        mount: { fsType: 'ext4', mountFlags: ['noatime'], volumeMountGroup: '' },
      }),
    }),
  ]);
  expect(one).toBe(`${lab.folder}/pods/u1/volumes/kubernetes.io~csi/data/mount`);
  await lab.release('u1');
  expect(driver.callsOf('nodeUnstageVolume')).toEqual([]);
  await lab.release('u2');
  await lab.until(() => driver.callsOf('nodeUnstageVolume').length > 0, 'the volume to be unstaged');
  await lab.until(async () => (await lab.mounts()).length === 0, 'nothing to be mounted');
});

test('secrets, tokens, pod information and the group go where the driver wants them', async () => {
  lab.drivers.set(name, driverObject({ podInfoOnMount: true, tokenRequests: [{ audience: 'vault' }], fsGroupPolicy: 'File' }));
  const driver = await lab.driver({ capabilities: ['STAGE_UNSTAGE_VOLUME', 'VOLUME_MOUNT_GROUP', 'SINGLE_NODE_MULTI_WRITER'] });
  const secretRef = { namespace: 'storage', name: 'key' };
  lab.persistentVolume('data', { nodeStageSecretRef: secretRef, nodePublishSecretRef: secretRef });
  const pod = podWith('u1', ['data'], { securityContext: { fsGroup: 3000 }, serviceAccountName: 'robot' });
  expect(await lab.refusal(pod)).toMatch(
    /^MountVolume.MountDevice failed for volume "data" : fetching NodeStageSecretRef storage\/key failed: .*not found$/,
  );
  lab.secrets.set('storage/key', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'key' },
    data: { word: Buffer.from('open').toString('base64') },
  });
  const [path = ''] = (await lab.prepare(pod)).values();
  const secrets = { word: 'open' };
  const volumeCapability = expect.objectContaining({
    accessMode: { mode: 'SINGLE_NODE_MULTI_WRITER' },
    mount: { fsType: '', mountFlags: [], volumeMountGroup: '3000' },
  });
  expect(driver.callsOf('nodeStageVolume')).toEqual([expect.objectContaining({ secrets, volumeCapability })]);
  const info = { name: 'pod-u1', namespace: 'shop', uid: 'u1' };
  expect(driver.callsOf('nodePublishVolume')).toEqual([
    expect.objectContaining({
      ...{ secrets, volumeCapability },
      volumeContext: {
        ...Object.fromEntries(Object.entries(info).map(([key, value]) => [`csi.storage.k8s.io/pod.${key}`, value])),
        'csi.storage.k8s.io/serviceAccount.name': 'robot',
        'csi.storage.k8s.io/ephemeral': 'false',
        'csi.storage.k8s.io/serviceAccount.tokens': '{"vault":{"token":"token for vault","expirationTimestamp":"2026-01-01T00:00:00Z"}}',
      },
    }),
  ]);
  // The driver was told of the group, so the node leaves the files alone.
  expect((await stat(path)).gid).toBe(0);
});

test.each([
  ['File', { accessModes: ['ReadWriteMany'] }, '', 3000],
  ['None', {}, 'ext4', 0],
  ['ReadWriteOnceWithFSType', {}, 'ext4', 3000],
  ['ReadWriteOnceWithFSType', { accessModes: ['ReadWriteMany'] }, 'ext4', 0],
  ['ReadWriteOnceWithFSType', {}, '', 0],
] as const)(
  'with the group policy %s, %o and the file system "%s" a volume belongs to group %i',
  async (fsGroupPolicy, spec, fsType, gid) => {
    lab.drivers.set(name, driverObject({ fsGroupPolicy }));
    await lab.driver();
    lab.persistentVolume('data', { fsType }, spec as object);
    const [path = ''] = (await lab.prepare(podWith('u1', ['data'], { securityContext: { fsGroup: 3000 } }))).values();
    expect((await stat(path)).gid).toBe(gid);
  },
);

test('an inline volume comes and goes with its pod, of drivers that have such', async () => {
  const driver = await lab.driver({ capabilities: [] });
  const pod = podWith('u1', [{ name: 'scratch', csi: { driver: name, volumeAttributes: { size: '1Mi' } } }]);
  const failed =
    'MountVolume.SetUp failed for volume "scratch" : kubernetes.io/csi: mounter.SetupAt failed to check volume lifecycle mode: ';
  expect(await lab.refusal(pod)).toBe(`${failed}volume mode "Ephemeral" not supported by driver ${name} (only supports ["Persistent"])`);
  lab.drivers.delete(name);
  expect(await lab.refusal(pod)).toBe(`${failed}volume mode "Ephemeral" not supported by driver ${name} (no CSIDriver object)`);
  lab.drivers.set(name, driverObject({ volumeLifecycleModes: ['Ephemeral'] }));
  const [path] = (await lab.prepare(pod)).values();
  expect(await lab.mounts()).toContain(path);
  const volumeId = `csi-${createHash('sha256').update('u1scratch').digest('hex')}`;
  expect(driver.callsOf('nodePublishVolume')).toEqual([
    expect.objectContaining({ volumeId, stagingTargetPath: '', volumeContext: { size: '1Mi' } }),
  ]);
  await lab.release('u1');
  expect(driver.callsOf('nodeUnpublishVolume')).toEqual([expect.objectContaining({ volumeId })]);
  expect(await lab.mounts()).toEqual([]);
});

test('a driver that asks for it is given a volume’s facts again after a while, and one that does not is not', async () => {
  const driver = await lab.driver();
  lab.persistentVolume('data');
  const pod = podWith('u1', ['data']);
  for (const requiresRepublish of [false, true]) {
    lab.drivers.set(name, driverObject({ requiresRepublish, podInfoOnMount: requiresRepublish }));
    await lab.prepare(pod);
    lab.aheadMs += 89_000;
    await lab.prepare(pod);
    expect(driver.callsOf('nodePublishVolume')).toHaveLength(1);
  }
  lab.aheadMs += 2_000;
  // The pod keeps its volume meanwhile, also when the driver refuses.
  driver.fail('nodePublishVolume', 'handle-data', { code: 13 });
  await lab.prepare(pod);
  await lab.until(() => driver.callsOf('nodePublishVolume').length === 2, 'the volume to be published again');
  await lab.until(async () => /code = Internal/.test(await lab.refusal(pod)), 'the refusal to be known');
  expect(await lab.mounts()).toHaveLength(2);
  await lab.release('u1');
});

test('a block volume is a device', async () => {
  const driver = await lab.driver();
  lab.persistentVolume('disk', {}, { volumeMode: 'Block' });
  const [path = ''] = (await lab.prepare(podWith('u1', ['disk']))).values();
  const folder = `${lab.folder}/plugins/kubernetes.io/csi/volumeDevices`;
  expect(path).toBe(`${folder}/publish/disk/u1`);
  expect((await stat(path)).isBlockDevice()).toBe(true);
  expect(driver.callsOf('nodePublishVolume')).toEqual([
    expect.objectContaining({
      stagingTargetPath: `${folder}/staging/disk`,
      volumeCapability: expect.objectContaining({ accessType: 'block' }),
    }),
  ]);
  await lab.restart();
  await lab.until(() => lab.reports.at(-1)?.drivers.length === 1, 'the driver to be known again');
  await lab.release('u1');
  await lab.until(() => driver.callsOf('nodeUnstageVolume').length > 0, 'the device to be unstaged');
  expect(await lab.mounts()).toEqual([]);
});

test('a volume that is to be attached is asked for when it is, and is in use for as long as it is here', async () => {
  const driver = await lab.driver();
  lab.persistentVolume('data');
  // What the driver wants may become known after the pod has asked.
  driver.fail('nodeStageVolume', 'handle-data', { code: 9 });
  await lab.refusal(podWith('u1', ['data']));
  driver.calls.length = 0;
  expect(lab.csi.volumesInUse()).toEqual([]);
  lab.drivers.set(name, driverObject({ attachRequired: true }));
  const [pod, volume] = [podWith('u1', ['data']), { driver: name, handle: 'handle-data' }];
  const [unique, attachment] = [csiUniqueName(volume), attachmentName(volume, nodeName)];
  const tryOnce = () =>
    lab.volumes.prepare(pod, lab.sources('u1')).then(
      () => 'none',
      (error: Error) => error.message,
    );
  expect(await tryOnce()).toBe("Volume has not been added to the list of VolumesInUse in the node's volume status");
  expect(lab.csi.volumesInUse()).toEqual([unique]);
  lab.status = { volumesInUse: [unique] };
  expect(await tryOnce()).toBe('Volume not attached according to node status');
  lab.status = { volumesInUse: [unique], volumesAttached: [{ name: unique, devicePath: '' }] };
  const object = (status: object) => ({
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name: attachment } },
    ...{ spec: { attacher: name, nodeName, source: { persistentVolumeName: 'data' } }, status: { attached: false, ...status } },
  });
  lab.attachments.set(attachment, object({ attachError: { message: 'no such shelf' } }));
  expect(await tryOnce()).toBe('MountVolume.WaitForAttach failed for volume "data" : no such shelf');
  expect(driver.callsOf('nodeStageVolume')).toEqual([]);
  lab.attachments.set(attachment, object({ attached: true, attachmentMetadata: { shelf: '3' } }));
  await lab.prepare(pod);
  for (const method of ['nodeStageVolume', 'nodePublishVolume'])
    expect(driver.callsOf(method)).toEqual([expect.objectContaining({ publishContext: { shelf: '3' } })]);
  await lab.restart();
  expect(lab.csi.volumesInUse()).toEqual([unique]);
  await lab.until(() => lab.reports.at(-1)?.drivers.length === 1, 'the driver to be known again');
  await lab.release('u1');
  await lab.until(() => lab.csi.volumesInUse().length === 0, 'the volume to be in use no more');
  expect(await lab.mounts()).toEqual([]);
});

test('a volume whose driver is gone is given back once it has returned', async () => {
  const driver = await lab.driver();
  lab.persistentVolume('data');
  await lab.prepare(podWith('u1', ['data']));
  await driver.stop();
  await lab.until(() => lab.reports.at(-1)?.drivers.length === 0, 'the driver to be gone');
  const missing = `driver name ${name} not found in the list of registered CSI drivers`;
  await expect(lab.release('u1')).rejects.toThrow(missing);
  expect(await lab.mounts()).toHaveLength(2);
  lab.persistentVolume('other');
  const failed =
    'MountVolume.MountDevice failed for volume "other" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: ';
  expect(await lab.refusal(podWith('u2', ['other']))).toBe(`${failed}${missing}`);
  await driver.start();
  await lab.until(() => lab.reports.at(-1)?.drivers.length === 1, 'the driver to be back');
  await lab.release('u1');
  await lab.until(async () => (await lab.mounts()).length === 0, 'nothing to be mounted');
});

test('sockets of plugins are found in folders of the registry as well, which come and go', async () => {
  const { registry } = lab.csi.folder;
  const deep = join(registry, 'example.org', 'row');
  await mkdir(deep, { recursive: true });
  await mkdir(join(registry, '.hidden'));
  const [driver] = [await lab.driver({ registry: deep })];
  expect(driver.statuses).toEqual([{ pluginRegistered: true, error: '' }]);
  await driver.stop();
  await rm(join(registry, 'example.org'), { recursive: true });
  await lab.until(() => lab.reports.at(-1)?.drivers.length === 0, 'the driver to be gone');
  await mkdir(deep, { recursive: true });
  await driver.start();
  await lab.until(() => driver.statuses.length === 2, 'the driver to be registered again');
});

test.each([
  ['of another type', { type: 'DevicePlugin' }, /no handler registered for plugin type: DevicePlugin at socket/],
  ['of no version', { versions: [] }, /Plugin returned an empty list for supported versions/],
  ['of other versions', { versions: ['0.3.0', '2.0.0'] }, /None of the versions specified \["0.3.0" "2.0.0"\] are supported/],
  ['that does not know the node', { nodeInfo: {} }, /plugin registration failed with err: .*driverNodeID must not be empty/],
])('a plugin %s is told why it is not registered', async (_what, options, error) => {
  const driver = await lab.driver(options);
  expect(driver.statuses[0]).toMatchObject({ pluginRegistered: false, error: expect.stringMatching(error) });
});

test('what a driver says of the node is what the control plane shows', async () => {
  const driver = await lab.driver({
    nodeInfo: { nodeId: 'shelf-7', maxVolumesPerNode: 12, accessibleTopology: { segments: { 'example.org/row': 'b' } } },
  });
  expect(driver.statuses).toEqual([{ pluginRegistered: true, error: '' }]);
  await lab.until(() => lab.reports.length > 0, 'the node to speak of its drivers');
  expect(lab.reports.at(-1)).toEqual({
    drivers: [{ name, nodeID: 'shelf-7', topologyKeys: ['example.org/row'], allocatable: { count: 12 } }],
    topology: { 'example.org/row': 'b' },
  });
});
