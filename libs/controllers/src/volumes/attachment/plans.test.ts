// What one look at a volume or a node leads to, where the order of things decides.
import type { Node, PersistentVolume, Pod, VolumeAttachment } from '@berth/api';
import { expect, test } from 'vitest';
import type { AttachedVolume } from './attached-volume.ts';
import { planNode } from './plan-node.ts';
import { planVolume } from './plan-volume.ts';
import { ToldPods } from './told-pods.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const csi = { driver: 'd', handle: 'h' };
const uniqueName = 'kubernetes.io/csi/d^h';
const nodeWith = (status: Node['status']): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', uid: 'n', resourceVersion: '7' },
  spec: {},
  status: { conditions: [{ type: 'Ready', status: 'True' }], ...status },
});
const volume: PersistentVolume = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv' },
  spec: { accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle: 'h' } },
};
const pod = (name: string, namespace = 'default'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, uid: `${namespace}/${name}` },
  spec: { containers: [] },
});

function attached(node: Node, pods: Pod[], deletionTimestamp?: string): AttachedVolume {
  const metadata = { name: 'a', uid: 'a', ...(deletionTimestamp && { deletionTimestamp }) };
  const spec = { attacher: 'd', nodeName: 'n1', source: { persistentVolumeName: 'pv' } };
  const attachment: VolumeAttachment = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    ...{ metadata, spec, status: { attached: true } },
  };
  return { attachment, uniqueName, volume, pods, node, unneededMs: 0 };
}

const listing = [{ name: uniqueName, devicePath: '' }];

test('an attachment is deleted once the node’s status is without it, which is written only over the status that was read', () => {
  const still = attached(nodeWith({ volumesAttached: listing }), []);
  expect(planVolume({ ...csi, needing: [], attached: [still] }, now, new ToldPods())).toEqual([]);
  expect(planNode({ node: still.node as Node, attached: [still] })).toMatchObject([
    { type: 'patch', subresource: 'status', patch: { metadata: { resourceVersion: '7' }, status: { volumesAttached: null } } },
  ]);
  const free = attached(nodeWith({}), []);
  expect(planVolume({ ...csi, needing: [], attached: [free] }, now, new ToldPods())).toMatchObject([{ type: 'delete', uid: 'a' }]);
  const used = attached(nodeWith({ volumesAttached: listing, volumesInUse: [uniqueName] }), []);
  expect(planNode({ node: used.node as Node, attached: [used] })).toEqual([]);
});

test('a pod elsewhere is told who has its volume, by names of its own namespace, and nothing while it is on its way', () => {
  const needing = [{ node: nodeWith({}), nodeName: 'n2', volume, pods: [pod('wants')] }];
  const said = (users: Pod[], deletionTimestamp?: string) =>
    planVolume({ ...csi, needing, attached: [attached(nodeWith({}), users, deletionTimestamp)] }, now, new ToldPods())
      .flatMap((action) => (action.type === 'independently' ? action.groups.flat() : [action]))
      .flatMap((action) => (action.type === 'event' ? [action.event.message] : []));
  const error = 'Multi-Attach error for volume "pv" Volume is already';
  expect(said([pod('a'), pod('b')])).toEqual([`${error} used by pod(s) a, b`]);
  expect(said([pod('a'), pod('b', 'other'), pod('c', 'other')])).toEqual([
    `${error} used by pod(s) a and 2 pod(s) in different namespaces`,
  ]);
  expect(said([pod('b', 'other')])).toEqual([`${error} used by 1 pod(s) in different namespaces`]);
  expect(said([])).toEqual([`${error} exclusively attached to one node and can't be attached to another`]);
  expect(said([], '2026-01-01T00:00:00Z')).toEqual([]);
});
