// Volumes of storage drivers that become larger: what a driver is asked on the node, and what the control plane hears of it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CsiLab, driverObject, podWith } from './csi-lab.ts';

let lab: CsiLab;
beforeEach(async () => {
  lab = await CsiLab.open();
  lab.drivers.set('mock.example.org', driverObject());
});
afterEach(() => lab.close());

test('a volume grows with the next mount and while a pod has it, and how full it is comes from its driver', async () => {
  const driver = await lab.driver({ capabilities: ['STAGE_UNSTAGE_VOLUME', 'EXPAND_VOLUME', 'GET_VOLUME_STATS', 'VOLUME_CONDITION'] });
  const pod = podWith('u1', [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]);
  const grow = (storage: string, status: object) => {
    lab.persistentVolume('data', {}, { capacity: { storage } });
    lab.claimStatuses.set('data', { capacity: { storage: '1Gi' }, ...status });
  };
  grow('2Gi', {});
  const [path = ''] = (await lab.prepare(pod)).values();
  const claim = { name: 'data', uid: 'uid-data' };
  expect(driver.callsOf('nodeExpandVolume')).toEqual([
    expect.objectContaining({ volumePath: path, capacityRange: { requiredBytes: 2 * 2 ** 30, limitBytes: 0 } }),
  ]);
  expect(lab.expansions.splice(0)).toEqual([
    { ...claim, storage: '2Gi', isInProgress: true },
    { ...claim, storage: '2Gi' },
  ]);
  grow('3Gi', { allocatedResources: { storage: '3Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } });
  driver.fail('nodeExpandVolume', 'handle-data', { code: 11 });
  await lab.prepare(pod);
  await lab.until(() => lab.expansions.length === 2, 'the claim to be refused');
  expect(lab.expansions[0]).toEqual({ ...claim, storage: '3Gi', isInProgress: true });
  const detail =
    'Expander.NodeExpand failed to expand the volume : rpc error: code = OutOfRange desc = nodeExpandVolume handle-data was told to fail';
  expect(lab.expansions[1]).toEqual({ ...claim, storage: '3Gi', error: detail, isInfeasible: true });
  expect(lab.events).toEqual([
    'FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "data" ',
    `VolumeResizeFailed: NodeExpandVolume.NodeExpandVolume failed for volume "data" : ${detail}`,
  ]);
  expect(await lab.volumes.usage(pod)).toEqual([
    {
      ...{ name: 'v', claim: { namespace: 'shop', name: 'data' }, volumeHealthStats: { abnormal: true } },
      ...{ capacityBytes: 1000, availableBytes: 600, usedBytes: 400, inodes: 10, inodesFree: 7, inodesUsed: 3 },
    },
  ]);
});

test('a volume that several nodes have grows on each of them, also after the claim shows its size, and once', async () => {
  const driver = await lab.driver({ capabilities: ['STAGE_UNSTAGE_VOLUME', 'EXPAND_VOLUME'] });
  const pod = podWith('u1', [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]);
  const show = (storage: string) => {
    lab.persistentVolume('data', {}, { capacity: { storage } });
    lab.claimStatuses.set('data', { capacity: { storage } });
  };
  lab.claimModes.set('data', ['ReadWriteMany']);
  show('2Gi');
  await lab.prepare(pod);
  expect(driver.callsOf('nodeExpandVolume')).toEqual([]);
  show('3Gi');
  await lab.prepare(pod);
  await lab.until(() => lab.events.length > 0, 'the volume to be larger');
  await lab.prepare(pod);
  expect(driver.callsOf('nodeExpandVolume')).toMatchObject([{ capacityRange: { requiredBytes: 3 * 2 ** 30 } }]);
  // The claim's status is another node's.
  expect(lab.expansions).toEqual([]);
});

test('that a volume has grown is said again as long as its claim does not show it', async () => {
  await lab.driver({ capabilities: ['STAGE_UNSTAGE_VOLUME', 'EXPAND_VOLUME'] });
  const pod = podWith('u1', [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]);
  lab.persistentVolume('data', {}, { capacity: { storage: '2Gi' } });
  const inProgress = { allocatedResources: { storage: '2Gi' }, allocatedResourceStatuses: { storage: 'NodeResizeInProgress' } };
  lab.claimStatuses.set('data', { capacity: { storage: '1Gi' }, ...inProgress });
  await lab.prepare(pod);
  const said = lab.expansions.splice(0).at(-1);
  expect(said).toEqual({ name: 'data', uid: 'uid-data', storage: '2Gi' });
  await lab.prepare(pod);
  expect(lab.expansions.splice(0)).toEqual([said]);
  lab.claimStatuses.set('data', { capacity: { storage: '2Gi' } });
  await lab.prepare(pod);
  expect(lab.expansions).toEqual([]);
});
