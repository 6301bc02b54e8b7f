// Volumes that are in one zone, and how many a node can have attached.
import type { CSINode, PersistentVolume, VolumeAttachment } from '@berth/api';
import { expect, test } from 'vitest';
import type { Snapshot } from '../snapshot.ts';
import { decide, refusal, testFacts, testNode, testPod, testSnapshot } from '../test-cluster.ts';

const driver = 'disk.example.com';
const zone = 'topology.kubernetes.io/zone';
const oldZone = 'failure-domain.beta.kubernetes.io/zone';
const mounts = (...names: string[]) => ({
  spec: { volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) },
});

/** A claim, bound to a volume of the same name. */
function bind(snapshot: Snapshot, name: string, volume: Partial<PersistentVolume['spec']> = {}, labels: Record<string, string> = {}): void {
  const metadata = { name, namespace: 'default' };
  snapshot.volumes.setClaim({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: { accessModes: ['ReadWriteMany'], volumeName: name },
    status: { phase: 'Bound' },
  });
  snapshot.volumes.setVolume({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, labels }, spec: volume });
}

const csi = (volumeHandle: string) => ({ csi: { driver, volumeHandle } });

function limits(nodeName: string, count: number | undefined): CSINode {
  const allocatable = count === undefined ? {} : { allocatable: { count } };
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name: nodeName },
    spec: { drivers: [{ name: driver, nodeID: nodeName, ...allocatable }] },
  };
}

function attachment(name: string, nodeName: string, persistentVolumeName: string): VolumeAttachment {
  const spec = { attacher: driver, nodeName, source: { persistentVolumeName } };
  return { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name }, spec };
}

test('a volume of a zone is reached from that zone, by the old name of the label as well, and from nodes of no zone', () => {
  const snapshot = testSnapshot(
    testNode('a', { labels: { [zone]: 'a' } }),
    testNode('b', { labels: { [zone]: 'b' } }),
    testNode('anywhere'),
    testNode('region', { labels: { 'topology.kubernetes.io/region': 'r' } }),
  );
  const feasible = () => decide(testPod('p', mounts('data')), snapshot).feasibleCount;
  bind(snapshot, 'data');
  expect(feasible()).toBe(4);
  bind(snapshot, 'data', {}, { [zone]: 'a' });
  expect(refusal(testPod('p', mounts('data')), snapshot)).toBe('');
  expect(feasible()).toBe(2);
  bind(snapshot, 'data', {}, { [zone]: 'a__b' });
  expect(feasible()).toBe(3);
  bind(snapshot, 'data', {}, { [oldZone]: 'b' });
  expect(feasible()).toBe(2);
  // What is no list of zones says nothing.
  bind(snapshot, 'data', {}, { [zone]: 'a__' });
  expect(feasible()).toBe(4);
  bind(snapshot, 'data', {}, { [zone]: 'c' });
  snapshot.removeNode('anywhere');
  expect(decide(testPod('p', mounts('data')), snapshot)).toMatchObject({
    rejectedBy: ['VolumeZone'],
    message:
      '0/3 nodes are available: 3 node(s) had no available volume zone. ' +
      'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  });
});

test('a node takes as many volumes of a driver as its CSINode says, each counted once', () => {
  const snapshot = testSnapshot(testNode('a'));
  const { volumes } = snapshot;
  for (const name of ['one', 'two', 'three']) bind(snapshot, name, csi(name));
  bind(snapshot, 'local', { hostPath: { path: '/x' } });
  const fits = (...claims: string[]) => decide(testPod('p', mounts(...claims)), snapshot).feasibleCount === 1;
  snapshot.addPod(testFacts('first', mounts('one', 'local')), 'a');
  snapshot.addPod(testFacts('second', mounts('one')), 'a');
  expect(fits('two', 'three')).toBe(true);
  volumes.setNodeLimits(limits('a', 2));
  expect([fits('two'), fits('two', 'three'), fits('one', 'two'), fits('local')]).toEqual([true, false, true, true]);
  volumes.setAttachment(attachment('x', 'a', 'three'));
  expect([fits('two'), fits('three'), fits('one')]).toEqual([false, true, true]);
  expect(refusal(testPod('p', mounts('two')), snapshot)).toBe('0/1 nodes are available: 1 node(s) exceed max volume count.');
  // One that is attached for a pod of the node counts once.
  volumes.removeAttachment(attachment('x', 'a', 'three'));
  volumes.setAttachment(attachment('y', 'a', 'one'));
  volumes.setAttachment(attachment('z', 'other', 'three'));
  expect(fits('two')).toBe(true);
  snapshot.addPod(testFacts('third', mounts('two')), 'a');
  expect(fits('three')).toBe(false);
  volumes.setNodeLimits(limits('a', undefined));
  expect(fits('three')).toBe(true);
  volumes.setNodeLimits(limits('a', 0));
  expect([fits('three'), fits('one')]).toEqual([false, true]);
  volumes.removeNodeLimits('a');
  expect(fits('three')).toBe(true);
});

test('a volume that is yet to be made counts for the driver that makes it; a pod of lower priority gives its place up', () => {
  const snapshot = testSnapshot(testNode('a'));
  const { volumes } = snapshot;
  volumes.setNodeLimits(limits('a', 1));
  volumes.setClass({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'disks' },
    provisioner: driver,
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  for (const name of ['one', 'two']) {
    const metadata = { name, namespace: 'default' };
    const spec = { accessModes: ['ReadWriteOnce' as const], storageClassName: 'disks' };
    volumes.setClaim({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec, status: { phase: 'Pending' } });
  }
  const pod = (claim: string, priority: number) => testPod(claim, { spec: { ...mounts(claim).spec, priority } });
  expect(decide(pod('one', 0), snapshot)).toMatchObject({ nodeName: 'a', claims: ['default/one'] });
  snapshot.addPod(testFacts('one', mounts('one')), 'a');
  expect(decide(pod('two', 0), snapshot)).toMatchObject({ feasibleCount: 0, rejectedBy: ['NodeVolumeLimits'] });
  expect(decide(pod('two', 1), snapshot).preemption).toMatchObject({ nodeName: 'a', victims: [{ key: 'default/one' }] });
});
