import type { NodeStatus } from '@berth/api';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { NodeReporter } from './node-reporter.ts';

const host = {
  ...{ hostname: 'n', cpuCores: 2, memoryBytes: 2 ** 32, diskBytes: 2 ** 40, bootId: 'b', machineId: 'm' },
  ...{ kernelVersion: '6.1', osImage: 'Debian', architecture: 'amd64' },
};
const facts = {
  host,
  nodeName: 'n',
  nodeIp: '192.0.2.1',
  volumesDirectory: '/v',
  volumeFileSystems: [],
  labels: {},
  runtimeVersion: 'r',
  agentVersion: 'a',
  reservedStorageBytes: 0,
  podsMax: 110,
};
const readyOf = (status: NodeStatus) => status.conditions?.find(({ type }) => type === 'Ready')?.status;

test('a node that is not ready is looked at often, one that is only now and then, and only news is told at once', async () => {
  const clock = new SimulatedClock();
  const reports: { atMs: number; ready: string | undefined }[] = [];
  let network: string | undefined = 'no network yet';
  const reporter = new NodeReporter({
    facts,
    clock,
    logger: silentLogger,
    health: async () => ({ diskAvailableShare: 1, ...(network && { network }) }),
    pressures: () => [],
    images: () => [],
    volumesInUse: () => [],
    link: { reportNode: (status: NodeStatus) => reports.push({ atMs: clock.monotonicMs(), ready: readyOf(status) }) },
  });
  await reporter.start();
  clock.after(1_200, () => {
    network = undefined;
  });
  await clock.advance(30_000);
  expect(reports).toEqual([
    { atMs: 0, ready: 'False' },
    { atMs: 1_500, ready: 'True' },
  ]);
  await clock.advance(60_000);
  expect(reports).toHaveLength(3);
  reporter.stop();
});
