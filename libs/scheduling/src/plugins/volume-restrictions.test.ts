// A claim for one pod alone, and claims whose class stands in the old annotation.
import type { PersistentVolumeClaim } from '@berth/api';
import { expect, test } from 'vitest';
import type { Snapshot } from '../snapshot.ts';
import { decide, refusal, testFacts, testNode, testPod, testSnapshot } from '../test-cluster.ts';

const mounts = (claimName: string) => ({ spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] } });

function claim(accessMode: string, namespace = 'default'): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace },
    spec: { accessModes: [accessMode], volumeName: `pv-${namespace}` },
    status: { phase: 'Bound' },
  };
}

function withClaims(...claims: PersistentVolumeClaim[]): Snapshot {
  const snapshot = testSnapshot(testNode('a'), testNode('b'));
  for (const one of claims) {
    snapshot.volumes.setClaim(one);
    const metadata = { name: one.spec.volumeName ?? '' };
    snapshot.volumes.setVolume({ apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec: { capacity: { storage: '1Gi' } } });
  }
  return snapshot;
}

const words =
  '0/2 nodes are available: 2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod. ' +
  'preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.';

test('a claim for one pod is refused to a second one on every node, until the first is gone', () => {
  const snapshot = withClaims(claim('ReadWriteOncePod'), claim('ReadWriteOncePod', 'other'));
  const second = testPod('second', mounts('data'));
  expect(decide(second, snapshot).feasibleCount).toBe(2);
  snapshot.addPod(testFacts('first', mounts('data')), 'a');
  expect(decide(second, snapshot)).toMatchObject({ nodeName: undefined, message: words, rejectedBy: ['VolumeRestrictions'] });
  expect(decide(testPod('p', { ...mounts('data'), namespace: 'other' }), snapshot).feasibleCount).toBe(2);
  expect(decide(testPod('p'), snapshot).feasibleCount).toBe(2);
  snapshot.removePod('uid-default-first');
  expect(decide(second, snapshot).feasibleCount).toBe(2);
});

test('that a claim is for one pod may be known only after a pod has it; other claims are shared', () => {
  const snapshot = withClaims();
  snapshot.addPod(testFacts('first', mounts('data')), 'a');
  const second = testPod('second', mounts('data'));
  expect(refusal(second, snapshot)).toContain('persistentvolumeclaim "data" not found');
  for (const [mode, count] of [
    ['ReadWriteOncePod', 0],
    ['ReadWriteOnce', 2],
  ] as const) {
    const known = withClaims(claim(mode));
    known.addPod(testFacts('first', mounts('data')), 'a');
    expect(decide(second, known).feasibleCount).toBe(count);
    snapshot.volumes.setClaim(claim(mode));
    const metadata = { name: 'pv-default' };
    snapshot.volumes.setVolume({ apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec: { capacity: { storage: '1Gi' } } });
    expect(decide(second, snapshot).feasibleCount).toBe(count);
  }
});

test('the old annotation says the class of a claim, whatever stands in the field', () => {
  const snapshot = testSnapshot(testNode('a'));
  const { volumes } = snapshot;
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 'real-fast' };
  volumes.setClaim({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default', annotations },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'local' },
    status: { phase: 'Pending' },
  });
  const storageClass = (name: string, volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer') =>
    volumes.setClass({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner: 'x/y', volumeBindingMode });
  storageClass('local', 'WaitForFirstConsumer');
  storageClass('real-fast', 'Immediate');
  const pod = testPod('p', mounts('data'));
  expect(refusal(pod, snapshot)).toBe('0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.');
  storageClass('real-fast', 'WaitForFirstConsumer');
  expect(decide(pod, snapshot).claims).toEqual(['default/data']);
});
