// Storage drivers through the session hub: what a node needs to know of its volumes reaches it alone, and what it says of its drivers and volumes is written.
import { CSIDriver, CSINode, Node, PersistentVolume, PersistentVolumeClaim, Secret, VolumeAttachment } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HubFixture } from './hub-fixture.ts';

let fixture: HubFixture;
beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
});
afterEach(() => fixture.stop());

const storage = { apiVersion: 'storage.k8s.io/v1' };

/** A claim with the volume of a driver, and what that names. */
async function volume(name: string, driver: string): Promise<PersistentVolumeClaim> {
  const { client } = fixture;
  const secretRef = { namespace: 'storage', name: `key-of-${name}` };
  await client.create(Secret, { apiVersion: 'v1', kind: 'Secret', metadata: secretRef });
  await client.create(PersistentVolume, {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `pv-${name}` } },
    spec: { csi: { driver, volumeHandle: name, nodeStageSecretRef: secretRef } },
  });
  return client.create(PersistentVolumeClaim, {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'default' } },
    ...{ spec: { volumeName: `pv-${name}` }, status: { capacity: { storage: '1Gi' } } },
  });
}

test('a node is sent the drivers and secrets that volumes of its pods name, and the attachments of its own', async () => {
  const [one, two] = [fixture.agent('one'), fixture.agent('two')];
  for (const name of ['disks', 'inline', 'tapes']) {
    await fixture.client.create(CSIDriver, { ...storage, kind: 'CSIDriver', metadata: { name }, spec: {} });
  }
  await volume('data', 'disks');
  await volume('other', 'tapes');
  const attachment = { ...storage, kind: 'VolumeAttachment', metadata: { name: 'csi-1' } };
  await fixture.client.create(VolumeAttachment, {
    ...attachment,
    spec: { attacher: 'disks', nodeName: 'one', source: { persistentVolumeName: 'pv-data' } },
  });
  await fixture.pod('web', 'one', {
    volumes: [
      { name: 'a', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'b', csi: { driver: 'inline' } },
    ],
  });
  await fixture.clock.advance(100);
  const expected = [
    'CSIDriver/disks',
    'CSIDriver/inline',
    'PersistentVolume/pv-data',
    'PersistentVolumeClaim/data',
    'Pod/web',
    'Secret/key-of-data',
  ];
  expect(one.keys).toEqual([...expected, 'VolumeAttachment/csi-1']);
  expect(two.keys).toEqual([]);
  await fixture.client.delete(VolumeAttachment, { name: 'csi-1' });
  await fixture.clock.advance(100);
  expect(one.keys).toEqual(expected);
});

test('what a node says of its drivers stands in its CSINode and on its Node, and goes with a driver but for labels', async () => {
  const one = fixture.agent('one');
  await fixture.clock.advance(100);
  const node = () => fixture.client.get(Node, { name: 'one' });
  const disks = { name: 'disks', nodeID: 'shelf-1', topologyKeys: ['example.org/row'], allocatable: { count: 4 } };
  const nodeId = 'csi.volume.kubernetes.io/nodeid';
  one.link.reportCsiNode({ drivers: [disks], topology: { 'example.org/row': 'b', 'kubernetes.io/os': 'another' } });
  await fixture.clock.advance(100);
  const { uid } = (await node()).metadata;
  expect(await fixture.client.get(CSINode, { name: 'one' })).toMatchObject({
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'one', uid }] },
    spec: { drivers: [disks] },
  });
  // A label that stood there before is not the driver's to change.
  expect((await node()).metadata).toMatchObject({
    labels: { 'example.org/row': 'b', 'kubernetes.io/os': 'linux' },
    annotations: { [nodeId]: '{"disks":"shelf-1"}' },
  });
  one.link.reportCsiNode({ drivers: [], topology: {} });
  await fixture.clock.advance(100);
  expect((await fixture.client.get(CSINode, { name: 'one' })).spec).toEqual({ drivers: [] });
  expect((await node()).metadata.labels).toMatchObject({ 'example.org/row': 'b' });
  expect((await node()).metadata.annotations?.[nodeId]).toBeUndefined();
});

test('what a node says of a claim of its pods stands in the claim’s status, and what it says of others does not', async () => {
  const [one, two] = [fixture.agent('one'), fixture.agent('two')];
  const { metadata } = await volume('data', 'disks');
  const uid = metadata.uid ?? '';
  await fixture.pod('web', 'one', { volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'data' } }] });
  await fixture.clock.advance(100);
  const status = async () => (await fixture.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' })).status;
  const claim = { namespace: 'default', name: 'data', uid, storage: '2Gi' };
  two.link.reportClaimExpanded(claim);
  one.link.reportClaimExpanded({ ...claim, uid: 'of-one-before' });
  await fixture.clock.advance(100);
  expect(await status()).toEqual({ capacity: { storage: '1Gi' } });
  const pending = { allocatedResources: { storage: '2Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } };
  const before = await fixture.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' });
  // Of what waits for no node, nothing is in progress.
  one.link.reportClaimExpanded({ ...claim, isInProgress: true });
  await fixture.clock.advance(100);
  expect(await status()).toEqual(before.status);
  await fixture.client.updateStatus(PersistentVolumeClaim, { ...before, status: { ...before.status, ...pending } });
  one.link.reportClaimExpanded({ ...claim, isInProgress: true });
  await fixture.clock.advance(100);
  expect((await status())?.allocatedResourceStatuses).toEqual({ storage: 'NodeResizeInProgress' });
  const begun = await fixture.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' });
  await fixture.client.updateStatus(PersistentVolumeClaim, { ...begun, status: before.status ?? {} });
  one.link.reportClaimExpanded({ ...claim, error: 'no room', isInfeasible: true });
  await fixture.clock.advance(100);
  expect(await status()).toEqual({
    capacity: { storage: '1Gi' },
    conditions: [
      { type: 'NodeResizeError', status: 'True', lastTransitionTime: expect.any(String), message: 'failed to expand pvc with no room' },
    ],
    allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' },
  });
  one.link.reportClaimExpanded(claim);
  await fixture.clock.advance(100);
  expect(await status()).toEqual({ capacity: { storage: '2Gi' } });
});
