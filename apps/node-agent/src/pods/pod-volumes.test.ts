// Pods and volumes that take their time: a pod that waits for one says so only after a while, and keeps its object until all are given back.
import { expect, test } from 'vitest';
import { type VolumeSources, VolumeWait } from '../volumes/volume-manager.ts';
import { podOf, TestNode } from './testing.ts';

const deleted = (name: string) => {
  const pod = podOf('app', {}, name);
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 } };
};

test('a pod that waits for a volume is prepared again when there is news, and says what it waits for after two minutes and three seconds', async () => {
  const node = new TestNode();
  await node.manager.start();
  let sources: VolumeSources | undefined;
  node.volumes.prepare = async (_pod, given) => {
    sources = given;
    const wait = new VolumeWait('it is being set up');
    wait.volumes.push('logs', 'data');
    throw wait;
  };
  node.want([podOf('app')]);
  await node.clock.advance(122_000);
  expect(node.told('FailedMount')).toEqual([]);
  await node.clock.advance(2_000);
  const waiting = 'unmounted volumes=[data logs], unattached volumes=[], failed to process volumes=[]';
  expect(node.told('FailedMount')).toEqual([`FailedMount: Unable to attach or mount volumes: ${waiting}: context deadline exceeded`]);
  node.volumes.prepare = async () => new Map();
  sources?.changed();
  await node.clock.advance(1_000);
  expect(await node.running()).toEqual(['main#0']);
});

test('a pod that is deleted keeps its object until its volumes are given back, which is tried ever later', async () => {
  const node = new TestNode();
  await node.manager.start();
  node.want([podOf('app', {}, 'web')]);
  await node.clock.advance(5_000);
  const triedAtMs: number[] = [];
  node.volumes.release = async () => {
    triedAtMs.push(node.clock.now());
    throw new Error('the driver is gone');
  };
  node.want([deleted('web')]);
  await node.clock.advance(40_000);
  expect([await node.running(), node.isTerminated()]).toEqual([[], false]);
  const pauses = triedAtMs.slice(1).map((atMs, index) => (atMs - (triedAtMs[index] ?? 0)) / 1000);
  expect(pauses.slice(0, 6)).toEqual([0.5, 1, 2, 4, 8, 16]);
  node.volumes.release = async () => undefined;
  // A driver that comes back does not wait for the next try.
  node.manager.driversChanged();
  await node.clock.advance(35_000);
  expect(node.isTerminated()).toBe(true);
});

test('nothing of a pod that is gone is removed before its volumes are given back', async () => {
  const node = new TestNode();
  await node.manager.start();
  node.want([podOf('app', {}, 'web')]);
  await node.clock.advance(5_000);
  node.volumes.release = () => Promise.reject(new Error('the driver is gone'));
  node.want([]);
  await node.clock.advance(30_000);
  expect(node.cleanedUp).toEqual([]);
  node.volumes.release = async () => undefined;
  await node.clock.advance(120_000);
  expect(node.cleanedUp).toEqual(['uid-web']);
});
