import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { podOf } from '../pods/testing.ts';
import type { WeighedPod } from './pod-usage.ts';
import { evictionMessage, ranked } from './ranking.ts';
import { defaultEvictionOptions, evictionSettings, type Signal } from './thresholds.ts';

interface Use {
  memory?: number;
  rootfs?: number;
  logs?: number;
  volume?: number;
  inodes?: number;
  processes?: number;
}

function weighed(name: string, requests: Record<string, string>, use: Use | undefined, priority = 0): WeighedPod {
  const pod: Pod = podOf('app', { containers: [{ name: 'main', resources: { requests } }], priority }, name);
  if (!use) return { pod, usage: undefined };
  const { memory = 0, rootfs = 0, logs = 0, volume = 0, inodes = 0, processes = 0 } = use;
  const containers = [{ name: 'main', memoryBytes: memory, rootfs: { bytes: rootfs, inodes }, logs: { bytes: logs, inodes: 0 } }];
  return { pod, usage: { containers, volumes: new Map([['d', { bytes: volume, inodes: 0 }]]), processes } };
}

const order = (signal: Signal, pods: WeighedPod[], hasImageDisk = false) =>
  ranked(pods, signal, hasImageDisk).map(({ pod }) => pod.metadata.name);

test('memory: beyond its request, then lower priority, then most beyond it; one that is not measured comes first of its priority', () => {
  const pods = [
    weighed('within', { memory: '1000' }, { memory: 900 }),
    weighed('high', {}, { memory: 5000 }, 10),
    weighed('little', { memory: '100' }, { memory: 110 }),
    weighed('much', { memory: '100' }, { memory: 500 }),
    weighed('unknown', {}, undefined),
    weighed('within-low', { memory: '1000' }, { memory: 1 }, -1),
  ];
  expect(order('memory.available', pods)).toEqual(['unknown', 'much', 'little', 'high', 'within-low', 'within']);
  expect(order('allocatableMemory.available', pods)).toEqual(['unknown', 'much', 'little', 'high', 'within-low', 'within']);
});

test('disk: all that is on it counts, and only that', () => {
  const pods = [weighed('layer', {}, { rootfs: 50 }), weighed('logs', {}, { logs: 60 }), weighed('volume', {}, { volume: 70 })];
  expect(order('nodefs.available', pods)).toEqual(['volume', 'logs', 'layer']);
  expect(order('imagefs.available', pods)).toEqual(['volume', 'logs', 'layer']);
  expect(order('imagefs.available', pods, true)[0]).toBe('layer');
  expect(order('nodefs.available', pods, true).at(-1)).toBe('layer');
  const asked = [weighed('asked', { 'ephemeral-storage': '100' }, { rootfs: 90 }), weighed('not', {}, { rootfs: 1 })];
  expect(order('nodefs.available', asked)).toEqual(['not', 'asked']);
});

test('inodes and processes: most first, after priority', () => {
  const pods = [
    weighed('a', {}, { inodes: 1, processes: 9 }),
    weighed('b', {}, { inodes: 9, processes: 1 }),
    weighed('low', {}, { inodes: 1 }, -1),
  ];
  expect(order('nodefs.inodesFree', pods)).toEqual(['low', 'b', 'a']);
  expect(order('pid.available', pods)).toEqual(['low', 'a', 'b']);
});

test('the message names what was short, and who used more than it asked for', () => {
  const { thresholds } = evictionSettings({
    ...defaultEvictionOptions,
    hard: 'memory.available<100Mi,nodefs.available<10%,pid.available<5%',
  });
  const [memory, disk, pids] = thresholds;
  const observations = {
    'memory.available': { available: 50 * 2 ** 20, capacity: 2 ** 30 },
    'nodefs.available': { available: 2 ** 20, capacity: 100 * 2 ** 20 },
    'pid.available': { available: 10, capacity: 1000 },
  };
  const pod = weighed('web', { memory: '10Mi' }, { memory: 30 * 2 ** 20, rootfs: 2048, logs: 1024, processes: 4 });
  const told = (threshold: typeof memory) => threshold && evictionMessage(pod, threshold, observations);
  expect(told(memory)).toBe(
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container main was using 30Mi, request is 10Mi, has larger consumption of memory. ',
  );
  expect(told(disk)).toBe(
    'The node was low on resource: ephemeral-storage. Threshold quantity: 10Mi, available: 1Mi. Container main was using 3Ki, request is 0, has larger consumption of ephemeral-storage. ',
  );
  expect(told(pids)).toBe('The node was low on resource: pids. Threshold quantity: 50, available: 10. ');
});
