import type { Pod } from '@berth/api';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import type { Failure } from '../pods/failure.ts';
import { podOf } from '../pods/testing.ts';
import { EvictionManager } from './eviction-manager.ts';
import type { PodUsage } from './pod-usage.ts';
import type { Observations } from './pressure.ts';
import { defaultEvictionOptions, type EvictionOptions, evictionSettings } from './thresholds.ts';

const running = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  ...podOf('app', spec, name),
  status: { phase: 'Running', startTime: '2026-01-01T00:00:00Z' },
});
const disk = (available: number): Observations => ({ 'nodefs.available': { available, capacity: 1000 } });

/** A node of the given pods, each with a folder of so many bytes; evictions give their bytes back. */
function nodeOf(pods: Pod[], bytes: Record<string, number>, options: Partial<EvictionOptions> = {}) {
  const clock = new SimulatedClock();
  const evicted: [string, Failure][] = [];
  const events: string[] = [];
  const removedImages: string[] = [];
  const world = { available: 1000, imageBytes: 0, changes: 0 };
  const usage = (pod: Pod): PodUsage => ({
    containers: [],
    volumes: new Map([['d', { bytes: bytes[pod.metadata.name] ?? 0, inodes: 1 }]]),
    processes: 1,
  });
  const manager = new EvictionManager({
    settings: evictionSettings({ ...defaultEvictionOptions, hard: 'nodefs.available<10%', ...options }),
    measurements: { observe: async () => disk(world.available), usage: async (pod) => usage(pod), hasImageDisk: async () => false },
    runtime: {
      stats: async () => [],
      listContainers: async () => [],
      listImages: async () => [{ id: 'old', repoTags: [], repoDigests: [], sizeBytes: world.imageBytes }],
      removeImage: async (id) => {
        removedImages.push(id);
        world.available += world.imageBytes;
        world.imageBytes = 0;
      },
    },
    pods: () => pods.filter(({ metadata }) => !evicted.some(([uid]) => uid === metadata.uid)),
    evict: async (uid, failure) => {
      evicted.push([uid, failure]);
      world.available += bytes[uid.slice('uid-'.length)] ?? 0;
    },
    allocatableMemoryBytes: 2 ** 30,
    keepsImage: () => false,
    event: (reason, message) => events.push(`${reason}: ${message}`),
    changed: () => world.changes++,
    clock,
    logger: silentLogger,
  });
  return { manager, clock, evicted, events, removedImages, world, names: () => evicted.map(([uid]) => uid.slice('uid-'.length)) };
}

test('a node that is not short of anything leaves its pods alone', async () => {
  const node = nodeOf([running('a')], { a: 500 });
  node.manager.start();
  await node.clock.advance(60_000);
  expect([node.names(), node.events, node.world.changes, node.manager.conditions]).toEqual([[], [], 0, []]);
  node.manager.stop();
});

test('a node that is short says so and evicts one after the other, until it is not; critical pods are spared', async () => {
  const pods = [running('small'), running('big'), running('critical', { priority: 2_000_000_000 }), running('late')];
  const node = nodeOf(pods, { small: 20, big: 40, critical: 900, late: 5 });
  node.world.available = 45;
  node.manager.start();
  await node.clock.advance(1_000);
  expect(node.names()).toEqual(['big', 'small']);
  expect(node.evicted[0]?.[1]).toMatchObject({
    ...{ reason: 'Evicted', message: expect.stringContaining('The node was low on resource: ephemeral-storage. '), graceSeconds: 1 },
    condition: { type: 'DisruptionTarget', reason: 'TerminationByKubelet' },
  });
  expect(node.events).toEqual(['EvictionThresholdMet: Attempting to reclaim ephemeral-storage']);
  expect([node.manager.conditions, node.world.changes]).toEqual([['DiskPressure'], 1]);
  await node.clock.advance(320_000);
  expect([node.manager.conditions, node.world.changes, node.names()]).toEqual([[], 2, ['big', 'small']]);
  node.manager.stop();
});

test('images that nothing uses go before any pod does', async () => {
  const node = nodeOf([running('a')], { a: 500 });
  Object.assign(node.world, { available: 50, imageBytes: 100 });
  expect(await node.manager.round()).toBe(false);
  expect([node.removedImages, node.names()]).toEqual([['old'], []]);
});

test('a node full of images cleans itself before a pod is refused', async () => {
  const node = nodeOf([running('a')], { a: 500 });
  Object.assign(node.world, { available: 50, imageBytes: 100 });
  await node.manager.round();
  expect([node.removedImages, node.manager.conditions, node.world.changes, node.events]).toEqual([['old'], [], 0, []]);
});

test('under a soft threshold pods have time to end', async () => {
  const node = nodeOf(
    [running('a')],
    { a: 500 },
    {
      ...{ hard: '', soft: 'nodefs.available<10%', softGracePeriod: 'nodefs.available=1m', maxPodGraceSeconds: 7 },
    },
  );
  node.world.available = 50;
  node.manager.start();
  await node.clock.advance(59_000);
  expect([node.names(), node.manager.conditions]).toEqual([[], ['DiskPressure']]);
  await node.clock.advance(10_000);
  expect(node.evicted).toMatchObject([['uid-a', { graceSeconds: 7 }]]);
  node.manager.stop();
});

test('pods beyond a limit of their own go, however much room there is, also where thresholds are off', async () => {
  const limited = (name: string) => running(name, { volumes: [{ name: 'd', emptyDir: { sizeLimit: '100' } }] });
  const node = nodeOf([limited('over'), limited('at'), running('free')], { over: 101, at: 100, free: 500 }, { hard: '' });
  expect(await node.manager.round()).toBe(true);
  expect(node.evicted).toEqual([
    ['uid-over', { reason: 'Evicted', message: 'Usage of EmptyDir volume "d" exceeds the limit "100". ', graceSeconds: 1 }],
  ]);
  expect(await node.manager.round()).toBe(false);
});
