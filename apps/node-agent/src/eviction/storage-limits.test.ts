import type { Container, PodSpec } from '@berth/api';
import { expect, test } from 'vitest';
import { podOf } from '../pods/testing.ts';
import type { PodUsage } from './pod-usage.ts';
import { exceededLimit, isLimited } from './storage-limits.ts';

const mebibyte = 2 ** 20;
const bytes = (mebibytes: number) => ({ bytes: mebibytes * mebibyte, inodes: 1 });

function usageOf(rootfs: number, logs: number, volume: number): PodUsage {
  return {
    containers: [{ name: 'main', memoryBytes: 0, rootfs: bytes(rootfs), logs: bytes(logs) }],
    volumes: new Map([['d', bytes(volume)]]),
    processes: 1,
  };
}

const limited = (limit: string, more: Partial<Container> = {}): Partial<PodSpec> => ({
  containers: [{ name: 'main', image: 'app', resources: { limits: { 'ephemeral-storage': limit } }, ...more }],
});
const emptyDir = (sizeLimit?: string, medium?: string) => ({
  volumes: [{ name: 'd', emptyDir: { ...(sizeLimit && { sizeLimit }), ...(medium && { medium }) } }],
});

test.each<[string, Partial<PodSpec>, PodUsage, string | undefined]>([
  ['an emptyDir beyond its size', emptyDir('10Mi'), usageOf(0, 0, 30), 'Usage of EmptyDir volume "d" exceeds the limit "10Mi". '],
  ['an emptyDir of just its size', emptyDir('10Mi'), usageOf(90, 90, 10), undefined],
  ['an emptyDir whose size is nothing has none', emptyDir('0'), usageOf(0, 0, 30), undefined],
  ['an emptyDir without a size', emptyDir(), usageOf(0, 0, 30), undefined],
  [
    'a container by its layer',
    limited('10Mi'),
    usageOf(11, 0, 0),
    'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
  ],
  [
    'a container by its logs, where another one has room',
    { containers: [...(limited('10Mi').containers ?? []), { name: 'other', resources: { limits: { 'ephemeral-storage': '1Gi' } } }] },
    usageOf(6, 5, 0),
    'Container main exceeded its local ephemeral storage limit "10Mi". ',
  ],
  [
    'a pod by its volume',
    { ...limited('10Mi'), ...emptyDir() },
    usageOf(4, 3, 4),
    'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
  ],
  ['a pod within its limit', { ...limited('10Mi'), ...emptyDir() }, usageOf(4, 3, 3), undefined],
  ['a limit of nothing on a container', limited('0'), usageOf(0, 0, 0), undefined],
])('%s', (_, spec, usage, message) => {
  expect(exceededLimit(podOf('app', spec), usage, false)).toBe(message);
});

test('a writable layer on a disk of its own is not the container’s, but it is the pod’s', () => {
  const both = {
    containers: [...(limited('10Mi').containers ?? []), { name: 'other', resources: { limits: { 'ephemeral-storage': '1Gi' } } }],
  };
  expect(exceededLimit(podOf('app', both), usageOf(11, 0, 0), true)).toBeUndefined();
});

test('only pods with a limit are measured all the time', () => {
  expect([emptyDir('10Mi'), limited('1Gi'), emptyDir('0'), emptyDir(), {}].map((spec) => isLimited(podOf('app', spec)))).toEqual([
    ...[true, true, false, false, false],
  ]);
});
