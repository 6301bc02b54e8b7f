// The dashboard's charts find their data in what the control plane keeps: each line is evaluated over samples of a real cluster, and a
// chart's one expression finds what its lines find.
import { parse } from '@berth/promql';
import { expect, test } from 'vitest';
import { type ChartSpec, chartExpression } from '../../apps/dashboard/src/model/metrics/chart-spec.ts';
import { controlPlaneCharts } from '../../apps/dashboard/src/model/metrics/control-plane-charts.ts';
import { nodeCharts } from '../../apps/dashboard/src/model/metrics/node-charts.ts';
import { podCharts } from '../../apps/dashboard/src/model/metrics/pod-charts.ts';
import { workloadCharts } from '../../apps/dashboard/src/model/metrics/workload-charts.ts';
import { found } from '../../libs/metric-history/src/fixtures/recorded-cluster.ts';

const window = '120s';
const pod = 'hello-78f9ccbbf4-mjk4q';
const workload = (kind: string, namespace: string, name: string, pods = 1) => workloadCharts({ kind, namespace, name, pods }, window);

const pages: [page: string, charts: ChartSpec[]][] = [
  ['a node', nodeCharts('node-1', window)],
  ['a pod', podCharts('hello', pod, undefined, window)],
  ['a container', podCharts('hello', pod, 'web', window)],
  ['the control plane', controlPlaneCharts(window)],
  ['a Deployment', workload('Deployment', 'hello', 'hello', 2)],
  ['a large Deployment', workload('Deployment', 'hello', 'hello', 200)],
  // Its pods have neither requests nor limits.
  ['a StatefulSet', workload('StatefulSet', 'shop', 'db').filter(({ id }) => id !== 'throttled')],
  ['a DaemonSet', workload('DaemonSet', 'shop', 'watcher').filter(({ id }) => id !== 'throttled')],
];

const charts = pages.flatMap(([page, specs]) => specs.map((spec) => [`${page}: ${spec.title}`, spec] as const));

test.each(charts)('%s', async (name, spec) => {
  const isBounded = !/^a (Stateful|Daemon)Set/.test(name);
  let sum = 0;
  for (const { expression, look } of spec.lines) {
    const count = await found(parse(expression));
    if (isBounded || (look !== 'requested' && look !== 'limit')) expect(count, expression).toBeGreaterThan(0);
    sum += count;
  }
  expect(await found(parse(chartExpression(spec)))).toBe(sum);
});

test('a workload counts its own pods, and no others of its namespace', async () => {
  const byPod = workload('Deployment', 'shop', 'web').find(({ id }) => id === 'memory-by-pod')?.lines[0]?.expression ?? '';
  expect(await found(parse(byPod))).toBe(2);
  expect(await found(parse(workload('Deployment', 'shop', 'db')[0]?.lines[0]?.expression ?? ''))).toBe(0);
});
