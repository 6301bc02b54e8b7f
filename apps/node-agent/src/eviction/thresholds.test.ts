import { expect, test } from 'vitest';
import { amountOf, defaultEvictionOptions, type EvictionOptions, evictionSettings, reservedStorage, shownAmount } from './thresholds.ts';

const settings = (more: Partial<EvictionOptions>) => evictionSettings({ ...defaultEvictionOptions, ...more });

test('without options a node has the kubelet’s thresholds, and watches what pods use together like its memory', () => {
  const { thresholds, maxPodGraceSeconds, transitionMs } = settings({});
  expect(thresholds.map(({ signal, bound, graceMs }) => [signal, shownAmount(bound, 1000), graceMs])).toEqual([
    ['memory.available', '100Mi', 0],
    ['nodefs.available', '100', 0],
    ['nodefs.inodesFree', '50', 0],
    ['imagefs.available', '150', 0],
    ['imagefs.inodesFree', '50', 0],
    ['allocatableMemory.available', '100Mi', 0],
  ]);
  expect([maxPodGraceSeconds, transitionMs]).toEqual([0, 300_000]);
  expect(reservedStorage(settings({}), 5000)).toBe(500);
  expect(reservedStorage(settings({ hard: '' }), 5000)).toBe(0);
});

test('soft thresholds have a grace period, and what is to be reclaimed counts for each of a signal', () => {
  const { thresholds } = settings({
    ...{ hard: 'nodefs.available<1Gi', soft: 'nodefs.available<20%, pid.available<100' },
    ...{ softGracePeriod: 'nodefs.available=1m30s,pid.available=1h0.5s', minimumReclaim: 'nodefs.available=5%' },
  });
  expect(thresholds.map(({ signal, graceMs, reclaim }) => [signal, graceMs, reclaim && amountOf(reclaim, 200)])).toEqual([
    ['nodefs.available', 0, 10],
    ['nodefs.available', 90_000, 10],
    ['pid.available', 3_600_500, undefined],
  ]);
});

test('none and all of a resource are no thresholds', () => {
  expect(settings({ hard: 'nodefs.available<0%,imagefs.available<100%' }).thresholds).toEqual([]);
});

test.each<[Partial<EvictionOptions>, string]>([
  [{ hard: 'disk<10%' }, 'unsupported eviction signal "disk"'],
  [{ hard: 'constructor<10%' }, 'unsupported eviction signal "constructor"'],
  [{ hard: 'memory.available' }, '"memory.available" is not SIGNAL<VALUE'],
  [{ hard: 'memory.available<0' }, 'eviction threshold memory.available must be positive: 0'],
  [{ hard: 'memory.available<-1Mi' }, '-1Mi is less than nothing'],
  [{ hard: 'nodefs.available<101%' }, '101% is no share between 0% and 100%'],
  [{ hard: 'nodefs.available<x%' }, 'x% is no share between 0% and 100%'],
  [{ soft: 'memory.available<1Gi' }, 'grace period must be specified for the soft eviction threshold memory.available'],
  [{ soft: 'memory.available<1Gi', softGracePeriod: 'memory.available=soon' }, '"soon" is not a duration such as 1m30s'],
  [{ pressureTransitionPeriod: '' }, '"" is not a duration such as 1m30s'],
])('%o is refused: %s', (options, message) => {
  expect(() => settings(options)).toThrow(message);
});
