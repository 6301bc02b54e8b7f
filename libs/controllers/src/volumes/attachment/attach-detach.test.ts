// Attaching and detaching, on simulated time: the tests play the parts of attachers and node agents.
import { createHash } from 'node:crypto';
import { CSIDriver, Event, Lease, Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachment } from '@berth/api';
import { isReason } from '@berth/machinery';
import { microTimestamp, timestamp } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeNamespace, startTestCluster, type TestCluster } from '../../testing.ts';

const driver = 'disks.example.com';
const namespace = 'default';
let clock: SimulatedClock;
let cluster: TestCluster;
/** Whose leases are renewed as time passes. */
let alive: string[];

beforeEach(async () => {
  clock = new SimulatedClock();
  cluster = await startTestCluster(clock);
  await makeNamespace(cluster.client, 'kube-node-lease').catch((error: unknown) => {
    if (!isReason(error, 'AlreadyExists')) throw error;
  });
  alive = [];
  for (const name of ['n1', 'n2']) await makeNode(name);
});
afterEach(() => cluster.stop());

const leaseOf = (name: string) => ({ name, namespace: 'kube-node-lease' });
const renewal = () => ({ spec: { holderIdentity: 'kubelet', renewTime: microTimestamp(clock) } });

async function makeNode(name: string) {
  const { client } = cluster;
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} });
  await client.patch(Node, { name }, 'merge', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, { subresource: 'status' });
  await client.create(Lease, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: leaseOf(name), ...renewal() });
  alive.push(name);
}

async function later(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 15) {
    for (const name of alive) await cluster.client.patch(Lease, leaseOf(name), 'merge', renewal());
    await clock.advance(Math.min(left, 15) * 1000);
  }
}

const uniqueName = (name: string) => `kubernetes.io/csi/${driver}^handle-${name}`;
const attachmentName = (name: string, node: string) => `csi-${createHash('sha256').update(`handle-${name}${driver}${node}`).digest('hex')}`;

async function boundClaim(name: string, accessModes = ['ReadWriteOnce']): Promise<void> {
  const { client, eventually } = cluster;
  const [storageClassName, capacity] = ['none', { storage: '1Gi' }];
  await client.create(PersistentVolume, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pv-${name}` },
    spec: { capacity, accessModes, storageClassName, claimRef: { namespace, name }, csi: { driver, volumeHandle: `handle-${name}` } },
  });
  await client.create(PersistentVolumeClaim, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes, storageClassName, resources: { requests: capacity } },
  });
  await eventually(async () => (await client.get(PersistentVolumeClaim, { name, namespace })).status?.phase === 'Bound');
}

async function runPod(name: string, nodeName: string, claimName: string): Promise<Pod> {
  const { client } = cluster;
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName } }];
  const spec = { nodeName, containers: [{ name: 'main', image: 'web:1' }], volumes };
  const pod = await client.create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec });
  const state = { running: { startedAt: timestamp(clock) } };
  const status = { phase: 'Running', containerStatuses: [{ name: 'main', image: 'web:1', ready: true, restartCount: 0, state }] };
  return client.patch(Pod, pod.metadata, 'merge', { status }, { subresource: 'status' });
}

const removePod = (name: string) => cluster.client.delete(Pod, { name, namespace }, { gracePeriodSeconds: 0 });
const attachments = async () => (await cluster.client.list(VolumeAttachment, {})).items;
const attachmentOn = (node: string) => cluster.eventually(async () => (await attachments()).find(({ spec }) => spec.nodeName === node));
const listed = async (node: string) => {
  const { status } = await cluster.client.get(Node, { name: node });
  return (status?.volumesAttached ?? []).map(({ name }) => name);
};
const messages = async (pod: string, reason: string) =>
  (await cluster.client.list(Event, { namespace })).items
    .filter((event) => event.involvedObject.name === pod && event.reason === reason)
    .map(({ message }) => message);
const setStatus = (node: string, status: object) =>
  cluster.client.patch(Node, { name: node }, 'merge', { status }, { subresource: 'status' });

/** As an attacher does: its finalizer, then that it is attached. */
async function attached(node: string): Promise<VolumeAttachment> {
  const { metadata } = await attachmentOn(node);
  await cluster.client.patch(VolumeAttachment, metadata, 'merge', { metadata: { finalizers: ['external-attacher/x'] } });
  return cluster.client.patch(VolumeAttachment, metadata, 'merge', { status: { attached: true } }, { subresource: 'status' });
}

async function detached({ metadata }: VolumeAttachment): Promise<void> {
  await cluster.client.patch(VolumeAttachment, metadata, 'merge', { metadata: { finalizers: null } });
}

/** Long enough for whatever is about to be done. */
async function settled(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    await clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a volume is attached to the node of its pod, which is told, and detached once no pod needs it and the node does not use it', async () => {
  const { client, eventually } = cluster;
  await boundClaim('data');
  await runPod('web', 'n1', 'data');
  const made = await attachmentOn('n1');
  expect(made.metadata.name).toBe(attachmentName('data', 'n1'));
  expect(made.spec).toEqual({ attacher: driver, nodeName: 'n1', source: { persistentVolumeName: 'pv-data' } });
  expect(await listed('n1')).toEqual([]);
  await attached('n1');
  await eventually(async () => (await listed('n1')).length > 0);
  const { status } = await client.get(Node, { name: 'n1' });
  expect(status?.volumesAttached).toEqual([{ name: uniqueName('data'), devicePath: '' }]);
  await eventually(async () => (await messages('web', 'SuccessfulAttachVolume')).length > 0);
  expect(await messages('web', 'SuccessfulAttachVolume')).toEqual(['AttachVolume.Attach succeeded for volume "pv-data" ']);

  await setStatus('n1', { volumesInUse: [uniqueName('data')] });
  await removePod('web');
  await settled();
  expect((await attachmentOn('n1')).metadata.deletionTimestamp).toBeUndefined();
  expect(await listed('n1')).toEqual([uniqueName('data')]);
  // However long it takes a node that is well.
  await later(500);
  expect((await attachmentOn('n1')).metadata.deletionTimestamp).toBeUndefined();
  await setStatus('n1', { volumesInUse: null });
  await eventually(async () => (await attachmentOn('n1')).metadata.deletionTimestamp !== undefined);
  // What its agent may mount is said first.
  expect(await listed('n1')).toEqual([]);
  await detached(made);
  await eventually(async () => (await attachments()).length === 0);
});

test('a volume goes on being attached while containers of its deleted pod run', async () => {
  await boundClaim('data');
  await runPod('web', 'n1', 'data');
  await attached('n1');
  await cluster.client.delete(Pod, { name: 'web', namespace }, { gracePeriodSeconds: 30 });
  await settled();
  expect((await attachmentOn('n1')).metadata.deletionTimestamp).toBeUndefined();
  const state = { terminated: { exitCode: 0 } };
  const containerStatuses = [{ name: 'main', image: 'web:1', ready: false, restartCount: 0, state }];
  await cluster.client.patch(Pod, { name: 'web', namespace }, 'merge', { status: { containerStatuses } }, { subresource: 'status' });
  await cluster.eventually(async () => (await attachmentOn('n1')).metadata.deletionTimestamp !== undefined);
});

test('a driver that needs no attaching gets no attachments, and volumes of others none either', async () => {
  const { client, eventually } = cluster;
  await client.create(CSIDriver, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: driver },
    spec: { attachRequired: false },
  });
  await boundClaim('data');
  await runPod('web', 'n1', 'data');
  await settled();
  expect(await attachments()).toEqual([]);
  await client.delete(CSIDriver, { name: driver });
  await eventually(async () => (await attachments()).length === 1);
});

test('a volume for one node is attached to one, and pods elsewhere are told who has it', async () => {
  const { client, eventually } = cluster;
  await boundClaim('data');
  await runPod('first', 'n1', 'data');
  await attached('n1');
  await runPod('second', 'n2', 'data');
  await eventually(async () => (await messages('second', 'FailedAttachVolume')).length > 0);
  expect(await messages('second', 'FailedAttachVolume')).toEqual([
    'Multi-Attach error for volume "pv-data" Volume is already used by pod(s) first',
  ]);
  expect((await attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n1']);
  await removePod('first');
  await eventually(async () => (await attachmentOn('n1')).metadata.deletionTimestamp !== undefined);
  await settled();
  // Not before it has left.
  expect(await attachments()).toHaveLength(1);
  await detached(await attachmentOn('n1'));
  await attachmentOn('n2');
  await settled();
  const { items } = await client.list(Event, { namespace });
  expect(items.filter(({ reason }) => reason === 'FailedAttachVolume').map(({ count }) => count)).toEqual([1]);
});

test('a volume whose user is gone, but that its node still uses, keeps others from it; a pod of another namespace is counted alone', async () => {
  const { eventually } = cluster;
  await boundClaim('data');
  await runPod('first', 'n1', 'data');
  await attached('n1');
  await setStatus('n1', { volumesInUse: [uniqueName('data')] });
  await removePod('first');
  await settled();
  await runPod('second', 'n2', 'data');
  await eventually(async () => (await messages('second', 'FailedAttachVolume')).length > 0);
  expect(await messages('second', 'FailedAttachVolume')).toEqual([
    `Multi-Attach error for volume "pv-data" Volume is already exclusively attached to one node and can't be attached to another`,
  ]);
});

test.each([['ReadWriteMany'], ['ReadOnlyMany']])('a volume that is %s is attached wherever it is needed', async (mode) => {
  await boundClaim('data', [mode]);
  await runPod('first', 'n1', 'data');
  await runPod('second', 'n2', 'data');
  await cluster.eventually(async () => (await attachments()).length === 2);
});

test('each failure of an attacher is told once, and so is one that does not answer', async () => {
  const { client, eventually } = cluster;
  await boundClaim('data');
  await runPod('web', 'n1', 'data');
  const { metadata } = await attachmentOn('n1');
  const failed = async () => (await client.list(Event, { namespace })).items.filter(({ reason }) => reason === 'FailedAttachVolume');
  await later(119);
  expect(await failed()).toEqual([]);
  await later(5);
  await eventually(async () => (await failed()).length === 1);
  const late = `timed out waiting for external-attacher of ${driver} CSI driver to attach volume handle-data`;
  expect(await messages('web', 'FailedAttachVolume')).toEqual([`AttachVolume.Attach failed for volume "pv-data" : ${late}`]);
  const fail = () => {
    const attachError = { message: 'rpc error: code = Internal desc = no', time: timestamp(clock) };
    return client.patch(VolumeAttachment, metadata, 'merge', { status: { attached: false, attachError } }, { subresource: 'status' });
  };
  await fail();
  const count = async () => (await failed()).find(({ message }) => message?.includes('rpc error'))?.count;
  await eventually(async () => (await count()) === 1);
  // What else changes is no failure.
  await client.patch(VolumeAttachment, metadata, 'merge', { metadata: { labels: { a: 'b' } } });
  await settled();
  expect(await count()).toBe(1);
  await later(15);
  await fail();
  await eventually(async () => (await count()) === 2);
  expect((await messages('web', 'FailedAttachVolume')).at(-1)).toBe(
    'AttachVolume.Attach failed for volume "pv-data" : rpc error: code = Internal desc = no',
  );
});

test('what a lost node has is detached six minutes after its pod was removed, and one that is out of service at once', async () => {
  const { client, eventually } = cluster;
  for (const name of ['data', 'more']) {
    await boundClaim(name);
    await runPod(`web-${name}`, name === 'data' ? 'n1' : 'n2', name);
    await attached(name === 'data' ? 'n1' : 'n2');
  }
  await setStatus('n1', { volumesInUse: [uniqueName('data')] });
  await setStatus('n2', { volumesInUse: [uniqueName('more')] });
  alive = ['n2'];
  await later(75);
  await eventually(async () => (await client.get(Node, { name: 'n1' })).status?.conditions?.[0]?.status === 'Unknown');
  await removePod('web-data');
  await settled();
  await later(345);
  expect((await attachmentOn('n1')).metadata.deletionTimestamp).toBeUndefined();
  await later(30);
  await eventually(async () => (await attachmentOn('n1')).metadata.deletionTimestamp !== undefined);

  await removePod('web-more');
  await settled();
  expect((await attachmentOn('n2')).metadata.deletionTimestamp).toBeUndefined();
  const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }];
  await client.patch(Node, { name: 'n2' }, 'merge', { spec: { taints } });
  await eventually(async () => (await attachmentOn('n2')).metadata.deletionTimestamp !== undefined);
});

test('what was attached for a node, a pod or a volume that is gone leaves it, and what others attached stays', async () => {
  const { client, eventually } = cluster;
  const attach = (name: string, nodeName: string, volume: string) =>
    client.create(VolumeAttachment, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name },
      spec: { attacher: driver, nodeName, source: { persistentVolumeName: volume } },
    });
  await boundClaim('data');
  const [lost, byHand, orphan] = [attachmentName('data', 'gone'), 'by-hand', attachmentName('none', 'n2')];
  await attach(attachmentName('data', 'n1'), 'n1', 'pv-data');
  await eventually(async () => (await attachments()).length === 0);
  await setStatus('n2', { volumesInUse: [uniqueName('none')] });
  await attach(lost, 'gone', 'pv-data');
  await attach(byHand, 'n1', 'pv-data');
  await attach(orphan, 'n2', 'pv-none');
  await settled();
  expect((await attachments()).map(({ metadata }) => metadata.name).sort()).toEqual([byHand, lost, orphan].sort());
  await setStatus('n2', { volumesInUse: null });
  await eventually(async () => (await attachments()).length === 2);
  // Nobody says that the lost node does not use it.
  await later(380);
  await eventually(async () => (await attachments()).length === 1);
  expect((await attachments())[0]?.metadata.name).toBe(byHand);
});
