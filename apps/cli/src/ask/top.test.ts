// What uses how much of what it asked for, and what is said of what nobody has measured.
import type { Node, NodeMetrics, Pod, PodMetrics } from '@berth/api';
import { UsageError } from '@berth/telemetry/command-line';
import { expect, test } from 'vitest';
import { textTable } from '../text-table.ts';
import { runTop } from './top.ts';
import { nodeUsage, podUsage, usageRows } from './usage-table.ts';

const pod = (name: string, containers: object[], status: object = { phase: 'Running' }, nodeName = 'n1') =>
  ({ metadata: { name, namespace: 'shop' }, spec: { nodeName, containers }, status }) as unknown as Pod;
const resources = (requests: object, limits: object = {}) => ({ name: 'main', resources: { requests, limits } });
const usage = (name: string, ...used: Record<string, string>[]) =>
  ({
    metadata: { name, namespace: 'shop' },
    containers: used.map((one, index) => ({ name: `c${index}`, usage: one })),
  }) as unknown as PodMetrics;

const pods = [
  pod('idle', [resources({ cpu: '100m', memory: '64Mi' }, { cpu: '1', memory: '128Mi' })]),
  pod('busy', [resources({ cpu: '500m' }), { name: 'side', resources: { limits: { memory: '1Gi' } } }]),
  pod('waiting', [resources({})], { phase: 'Pending' }, ''),
  pod('starting', [resources({})], { phase: 'Pending' }),
  pod('new', [resources({ cpu: '1' })]),
  pod('done', [resources({ cpu: '4' })], { phase: 'Succeeded' }),
];
const metrics = [
  usage('idle', { cpu: '5m', memory: '32Mi' }),
  usage('busy', { cpu: '900m', memory: '10Mi' }, { cpu: '100000000n', memory: '6Mi' }),
];

test('pods: shares of requests and limits, of all containers; limits only where every container has one', () => {
  const lines = textTable(usageRows(podUsage(pods, metrics, undefined), 'pods', false)).split('\n');
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ['NAME', 'CPU', 'REQUESTED', '%', 'LIMIT', '%', 'MEMORY', 'REQUESTED', '%', 'LIMIT', '%'],
    ['busy', '1000m', '500m', '200%', '-', '-', '16Mi', '-', '-', '-', '-'],
    ['idle', '5m', '100m', '5%', '1000m', '1%', '32Mi', '64Mi', '50%', '128Mi', '25%'],
    ['new', ...Array(10).fill('-'), 'no numbers yet from n1'],
    ['starting', ...Array(10).fill('-'), 'no numbers: it is Pending'],
    ['waiting', ...Array(10).fill('-'), 'no numbers: it has no node yet'],
  ]);
});

test('the greediest first, and those without numbers last', () => {
  const names = (sort: 'cpu' | 'memory') => podUsage(pods, metrics, sort).map(({ name }) => name);
  expect(names('cpu').slice(0, 2)).toEqual(['busy', 'idle']);
  expect(names('memory')).toEqual(['idle', 'busy', 'new', 'starting', 'waiting']);
});

test('nodes: what their pods asked for and what is used, of what they can give', () => {
  const node = (name: string, ready: string) =>
    ({
      metadata: { name },
      status: { allocatable: { cpu: '2', memory: '1Gi' }, conditions: [{ type: 'Ready', status: ready }] },
    }) as unknown as Node;
  const measured = [{ metadata: { name: 'n1' }, usage: { cpu: '500m', memory: '256Mi' } }] as unknown as NodeMetrics[];
  const rows = usageRows(
    nodeUsage([node('n2', 'False'), node('n1', 'True'), node('n3', 'True')], measured, pods, undefined),
    'nodes',
    false,
  );
  expect(rows.slice(1)).toEqual([
    ['n1', '500m', '1600m', '80%', '2000m', '25%', '256Mi', '64Mi', '6%', '1024Mi', '25%', ''],
    ['n2', ...Array(10).fill('-'), 'no numbers: it is not ready'],
    ['n3', ...Array(10).fill('-'), 'no numbers yet'],
  ]);
});

test('bad command lines are refused before a cluster is asked', async () => {
  for (const argv of [['services'], ['pods', 'web'], ['--sort', 'disk'], ['-A', '-n', 'x'], ['-w'], ['-o', 'yaml']])
    await expect(runTop(argv, () => undefined)).rejects.toThrow(UsageError);
});
