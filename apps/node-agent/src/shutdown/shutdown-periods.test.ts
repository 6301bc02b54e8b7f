import { expect, test } from 'vitest';
import { parseCommandLine } from '../command-line.ts';
import { podOf } from '../pods/testing.ts';
import { preparesForShutdown } from './shutdown-inhibitor.ts';
import { shutdownGroups } from './shutdown-periods.ts';

const periods = (...more: string[]) =>
  parseCommandLine(['--data-dir', '/d', '--gateway', 'h:1', '--node-ip', '192.0.2.1', ...more], {})?.config.shutdown;

test('pods have no time of their own unless it is asked for; critical ones have theirs after all others', () => {
  expect(periods()).toEqual([]);
  expect(periods('--shutdown-grace-period', '1m30s', '--shutdown-grace-period-critical-pods', '10s')).toEqual([
    { priority: 0, seconds: 80 },
    { priority: 2_000_000_000, seconds: 10 },
  ]);
  expect(periods('--shutdown-grace-period-by-pod-priority', '1000=20,-5=10,0=30')).toEqual([
    { priority: -5, seconds: 10 },
    { priority: 0, seconds: 30 },
    { priority: 1000, seconds: 20 },
  ]);
});

test.each([
  [['--shutdown-grace-period=500ms'], 'at least one second'],
  [['--shutdown-grace-period=5s', '--shutdown-grace-period-critical-pods=6s'], 'cannot be longer'],
  [['--shutdown-grace-period=5'], '"5" is not a duration'],
  [['--shutdown-grace-period=5s', '--shutdown-grace-period-by-pod-priority=0=1'], 'give one of the two'],
  [['--shutdown-grace-period-by-pod-priority=high=1'], '"high=1" is not PRIORITY=SECONDS'],
])('%j is refused in words', (options, why) => {
  expect(() => periods(...options)).toThrow(why);
});

test('a pod is in the group of the highest priority that is not above its own, the lowest else; empty groups are left out', () => {
  const pods = [-10, 0, 999, 1000, 2_000_000_001].map((priority) => podOf('app', { priority }, String(priority)));
  const groups = shutdownGroups(
    [0, 1000, 5000].map((priority) => ({ priority, seconds: 1 })),
    [...pods, podOf('app', {}, 'none')],
  );
  expect(groups.map((group) => [group.priority, group.pods.map(({ metadata }) => metadata.name)])).toEqual([
    [0, ['-10', '0', '999', 'none']],
    [1000, ['1000']],
    [5000, ['2000000001']],
  ]);
  expect(shutdownGroups([], pods)).toEqual([]);
});

test('what busctl prints of logind is understood, and whatever else it prints is passed over', () => {
  const said = (data: unknown[], member = 'PrepareForShutdown') => JSON.stringify({ type: 'signal', member, payload: { type: 'b', data } });
  expect(
    [said([true]), said([false]), said([true], 'PrepareForSleep'), said([]), 'Monitoring bus message stream.', '1'].map(
      preparesForShutdown,
    ),
  ).toEqual([...[true, false, undefined, undefined, undefined, undefined]]);
});
