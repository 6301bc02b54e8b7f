import type { UsageReport } from '@berth/protocol';
import type { ContainerStats } from '@berth/runtime';
import { silentLogger, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { hostCounters, UsageReporter } from './usage-reporter.ts';

const stats = (containerId: string, atMs: number, cpuUsageNanoseconds: number): ContainerStats => ({
  containerId,
  podUid: 'u1',
  name: 'main',
  atMs,
  cpuUsageNanoseconds,
  memoryUsageBytes: 0,
  memoryWorkingSetBytes: 1_000,
  filesystemUsedBytes: 0,
  filesystemUsedInodes: 0,
});

test('CPU is what was used between two measurements; a container that is new is told of at the next one', async () => {
  let nowMs = 0;
  const reports: UsageReport[] = [];
  let seen: ContainerStats[] = [stats('a', 0, 0)];
  let cpuNanoseconds = 0;
  const reporter = new UsageReporter({
    volumesCapacity: async () => 2 ** 33,
    runtime: { stats: async () => seen },
    link: { reportUsage: (report) => reports.push(report) },
    host: async () => ({ cpuNanoseconds, memoryBytes: 5_000 }),
    podName: () => ({ namespace: 'default', name: 'web' }),
    clock: { ...systemClock, monotonicMs: () => nowMs },
    logger: silentLogger,
  });
  await reporter.measure();
  expect(reports).toEqual([]);
  nowMs = 10_000;
  cpuNanoseconds = 5e9;
  seen = [stats('a', 10_000, 2e9), stats('b', 10_000, 9e9)];
  await reporter.measure();
  expect(reports[0]).toMatchObject({
    ...{ windowSeconds: 10, volumesCapacityBytes: 2 ** 33 },
    node: { cpuNanoCores: 5e8, memoryBytes: 5_000 },
    pods: [{ name: 'web', containers: [{ name: 'main', cpuNanoCores: 2e8, memoryBytes: 1_000 }] }],
  });
});

test('reads this machine', async () => {
  const counters = await hostCounters();
  expect(counters.cpuNanoseconds).toBeGreaterThan(0);
  expect(counters.memoryBytes).toBeGreaterThan(2 ** 20);
});
