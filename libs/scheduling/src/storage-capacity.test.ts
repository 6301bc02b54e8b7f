// How much storage nodes offer to the claims of a pod.
import type { CSIStorageCapacity, PersistentVolumeClaim } from '@berth/api';
import { expect, test } from 'vitest';
import type { Snapshot } from './snapshot.ts';
import { decide, refusal, testFacts, testNode, testPod, testSnapshot } from './test-cluster.ts';

const words =
  '0/1 nodes are available: 1 node(s) did not have enough free storage. ' +
  'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';

function claim(name: string, storage: string, storageClassName: string): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
    status: { phase: 'Pending' },
  };
}

function cluster(provisioner: string, ...nodes: string[]): Snapshot {
  const snapshot = testSnapshot(...nodes.map((name) => testNode(name)));
  const metadata = { name: 'disks' };
  const mode = { volumeBindingMode: 'WaitForFirstConsumer' as const };
  snapshot.volumes.setClass({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata, provisioner, ...mode });
  for (const [name, size] of Object.entries({ one: '8Gi', two: '8Gi', three: '3Gi' }))
    snapshot.volumes.setClaim(claim(name, size, 'disks'));
  return snapshot;
}

function capacity(node: string, amounts: Partial<CSIStorageCapacity>): CSIStorageCapacity {
  const matchLabels = { 'kubernetes.io/hostname': node };
  const metadata = { name: node, namespace: 'kube-system' };
  return {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity', metadata, storageClassName: 'disks', nodeTopology: { matchLabels } },
    ...amounts,
  };
}

const mounts = (...names: string[]) => ({
  spec: { volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) },
});

test('a node of the built-in class takes what it has room for, all claims of a pod together; one that says nothing takes everything', () => {
  const snapshot = cluster('berth.io/local', 'a');
  const fits = (...claims: string[]) => decide(testPod('p', mounts(...claims)), snapshot).feasibleCount === 1;
  expect(fits('one', 'two')).toBe(true);
  snapshot.volumes.setCapacity(capacity('a', { capacity: '10Gi' }));
  expect([fits('one'), fits('one', 'two'), fits('one', 'three'), fits('three')]).toEqual([true, false, false, true]);
  snapshot.volumes.setCapacity(capacity('a', { capacity: '2Gi' }));
  expect(decide(testPod('p', mounts('three')), snapshot)).toMatchObject({ message: words, rejectedBy: ['VolumeBinding'] });
  snapshot.volumes.setCapacity(capacity('b', { capacity: '20Gi' }));
  expect(fits('three')).toBe(false);
  snapshot.volumes.removeCapacity('kube-system/a');
  expect(fits('three')).toBe(true);
});

test('what a pod was promised a moment ago is promised to no other, until its volume is there and counted', () => {
  const snapshot = cluster('berth.io/local', 'a', 'b');
  for (const name of ['a', 'b']) snapshot.volumes.setCapacity(capacity(name, { capacity: '10Gi' }));
  const decideFor = (name: string) => decide(testPod(name, mounts(name)), snapshot);
  const { nodeName: first } = decideFor('one');
  snapshot.addPod(testFacts('one', mounts('one')), first ?? '');
  const { nodeName: second, feasibleCount } = decideFor('two');
  expect([feasibleCount, [first, second].sort()]).toEqual([1, ['a', 'b']]);
  snapshot.addPod(testFacts('two', mounts('two')), second ?? '');
  expect(refusal(testPod('three', mounts('three')), snapshot)).toContain('2 node(s) did not have enough free storage');
  // The volume is made: from now on its node's capacity says so.
  snapshot.volumes.setVolume({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pvc-uid-one' }, spec: {} });
  expect(decideFor('three').nodeName).toBe(first);
  snapshot.volumes.setCapacity(capacity(first ?? '', { capacity: '2Gi' }));
  expect(decideFor('three').nodeName).toBeUndefined();
});

test('a CSI driver is asked for room only when it says that it publishes it, and then wherever it says nothing there is none', () => {
  const snapshot = cluster('disks.example.com', 'a');
  const fits = () => decide(testPod('p', mounts('one')), snapshot).feasibleCount === 1;
  const driver = (storageCapacity: boolean) =>
    snapshot.volumes.setDriver({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: 'disks.example.com' },
      spec: { storageCapacity },
    });
  expect(fits()).toBe(true);
  driver(true);
  expect(fits()).toBe(false);
  // The largest volume says more than what there is in all.
  snapshot.volumes.setCapacity(capacity('a', { capacity: '100Gi', maximumVolumeSize: '5Gi' }));
  expect(fits()).toBe(false);
  snapshot.volumes.setCapacity(capacity('a', { capacity: '8Gi' }));
  expect(fits()).toBe(true);
  snapshot.volumes.setCapacity({ ...capacity('a', { capacity: '8Gi' }), nodeTopology: {} });
  expect(fits()).toBe(true);
  const { nodeTopology: _, ...unreachable } = capacity('a', { capacity: '8Gi' });
  snapshot.volumes.setCapacity(unreachable);
  expect(fits()).toBe(false);
  driver(false);
  expect(fits()).toBe(true);
});
