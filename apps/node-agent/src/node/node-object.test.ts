// What an operator keeps from pods, and how many of them there may be, as the node shows it.
import { expect, test } from 'vitest';
import { allocatable, nodeObject, nodeStatus } from './node-object.ts';

const gibibyte = 2 ** 30;
const facts = {
  host: {
    ...{ hostname: 'n', cpuCores: 2, memoryBytes: 8 * gibibyte, diskBytes: 100 * gibibyte, bootId: 'b', machineId: 'm' },
    ...{ kernelVersion: '6.1', osImage: 'Debian', architecture: 'amd64' },
  },
  ...{
    nodeName: 'n',
    nodeIp: '192.0.2.1',
    volumesDirectory: '/v',
    labels: {},
    volumeFileSystems: ['ext4'],
    runtimeVersion: 'r',
    agentVersion: 'a',
  },
  ...{ reservedStorageBytes: 10 * gibibyte, podsMax: 30 },
};
const state = { health: { diskAvailableShare: 1 }, pressures: [], previous: [], images: [] };

test('a tenth of memory and of a core, and what pods are evicted for, unless something else is said', () => {
  expect(allocatable(facts)).toEqual({
    cpuCores: 1.9,
    memoryBytes: 7.2 * gibibyte - ((7.2 * gibibyte) % 1024),
    storageBytes: 90 * gibibyte,
  });
  const reserved = { cpuMillis: 500, memoryBytes: 2 * gibibyte, storageBytes: 5 * gibibyte };
  expect(allocatable({ ...facts, reserved })).toEqual({ cpuCores: 1.5, memoryBytes: 6 * gibibyte, storageBytes: 85 * gibibyte });
  expect(allocatable({ ...facts, reserved: { cpuMillis: 5000, memoryBytes: 99 * gibibyte } })).toMatchObject({
    cpuCores: 0,
    memoryBytes: 0,
  });
});

test('as many pods as there may be, in capacity and allocatable', () => {
  const { capacity, allocatable: free } = nodeStatus(facts, state, '2026-01-01T00:00:00Z');
  expect([capacity?.pods, free?.pods]).toEqual(['30', '30']);
});

test('what its runtime says that it can do, and nothing of a runtime that says nothing', () => {
  const handlers = [
    { name: '', recursiveReadOnlyMounts: true, userNamespaces: true },
    { name: 'crun', recursiveReadOnlyMounts: false, userNamespaces: true },
  ];
  const health = { ...state.health, handlers, supplementalGroupsPolicy: true };
  expect(nodeStatus(facts, { ...state, health }, '2026-01-01T00:00:00Z')).toMatchObject({
    runtimeHandlers: [
      { name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: true } },
      { name: 'crun', features: { recursiveReadOnlyMounts: false, userNamespaces: true } },
    ],
    features: { supplementalGroupsPolicy: true },
  });
  const silent = nodeStatus(facts, state, '2026-01-01T00:00:00Z');
  expect(silent).not.toHaveProperty('runtimeHandlers');
  expect(silent).not.toHaveProperty('features');
});

test('its taints', () => {
  const taints = [{ key: 'dedicated', effect: 'NoSchedule' }];
  expect(nodeObject({ ...facts, taints }, {}).spec).toEqual({ taints });
  expect(nodeObject(facts, {}).spec).toEqual({});
});

test('images are listed with at most five names each, digests first', () => {
  const image = { id: 'sha256:1', repoDigests: ['a@sha256:1'], repoTags: ['a:1', 'a:2', 'a:3', 'a:4', 'a:5'], sizeBytes: 7 };
  expect(nodeStatus(facts, { ...state, images: [image] }, '2026-01-01T00:00:00Z').images).toEqual([
    { names: ['a@sha256:1', 'a:1', 'a:2', 'a:3', 'a:4'], sizeBytes: 7 },
  ]);
});
