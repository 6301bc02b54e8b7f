import type { Pod } from '@berth/api';
import { keyOf } from '@berth/machinery';
import { expect, test } from 'vitest';
import type { MetricSpec } from './failures.ts';
import { tolerancesOf } from './measure.ts';
import { autoscaler, counted, cpu, pods, proposed, replicas, tenth, usages } from './testing.ts';

test('what pods use, against what they may, gives how many there shall be', () => {
  expect(replicas(usages(100, 100), 2)).toBe(4);
  expect(replicas(usages(20, 20, 20, 20), 4)).toBe(2);
  expect(replicas(usages(52, 53), 2)).toBe(2);
  // One that says nothing counts as idle on the way up, and as using all that it asks for on the way down.
  expect(replicas(usages(100, undefined), 2)).toBe(2);
  expect(replicas(usages(10, 10, undefined), 3)).toBe(3);
  expect(replicas(usages(10, 10, 10, undefined), 4)).toBe(3);
  expect(proposed(cpu(50), pods(2), usages(100, 50))).toMatchObject({
    status: { resource: { current: { averageUtilization: 75, averageValue: '75m' } } },
  });
});

const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '16Mi' } } };
const ofMain = (name: string) => ({
  type: 'ContainerResource',
  containerResource: { name, container: 'main', target: { type: 'Utilization', averageUtilization: 50 } },
});
const using = (pod: Pod, containers: Record<string, [milli: number, mebibytes: number]>) =>
  [
    keyOf(pod),
    {
      sinceMs: 0,
      containers: new Map(
        Object.entries(containers).map(([name, [cpu, mebibytes]]) => [
          name,
          { cpu: BigInt(cpu) * 1_000_000n, memory: BigInt(mebibytes) * 2n ** 20n * 1_000_000_000n },
        ]),
      ),
    },
  ] as const;

test('memory is measured by its amount, one container alone, and sidecars with the others', () => {
  const [first, second] = pods(2) as [Pod, Pod];
  const sidecar = { name: 'side', image: 'side', restartPolicy: 'Always', resources: { requests: { cpu: '300m' } } };
  const withSidecar = [first, second].map((pod) => ({ ...pod, spec: { ...pod.spec, initContainers: [sidecar] } }));
  const used = new Map(withSidecar.map((pod) => using(pod, { main: [100, 24], side: [100, 8] })));
  expect(proposed(memory, withSidecar, used)).toEqual({
    replicas: 4,
    name: 'memory resource',
    status: { type: 'Resource', resource: { name: 'memory', current: { averageValue: String(32 * 2 ** 20) } } },
  });
  expect(proposed(ofMain('cpu'), withSidecar, used)).toEqual({
    replicas: 4,
    name: 'cpu container resource utilization (percentage of request)',
    status: {
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container: 'main', current: { averageUtilization: 100, averageValue: '100m' } },
    },
  });
  // 200m of 400m each.
  expect(counted(cpu(50), withSidecar, used)).toBe(2);
});

test('pods that are starting say nothing of cpu, and count as idle only on the way up', () => {
  const unready = (pod: Pod, startTime: string, lastTransitionTime = startTime): Pod => ({
    ...pod,
    status: { phase: 'Running', startTime, conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] },
  });
  const [first, second] = pods(2) as [Pod, Pod];
  const starting = unready(second, '2026-01-01T11:58:00Z');
  expect(counted(cpu(50), [first, starting], usages(100, 500))).toBe(2);
  expect(counted(cpu(50), [first, starting], usages(10, 500))).toBe(1);
  // Unready by now, but not since its start: it counts.
  expect(counted(cpu(50), [first, unready(second, '2026-01-01T11:00:00Z', '2026-01-01T11:30:00Z')], usages(100, 500))).toBe(12);
  // Ready by now, but what is known of it began before.
  const ready = (lastTransitionTime: string): Pod => ({
    ...second,
    status: { phase: 'Running', startTime: '2026-01-01T11:58:00Z', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] },
  });
  expect(counted(cpu(50), [first, ready('2026-01-01T11:59:30Z')], usages(100, 500))).toBe(2);
  expect(counted(cpu(50), [first, ready('2026-01-01T11:58:30Z')], usages(100, 500))).toBe(12);
  const pending = { ...second, status: { phase: 'Pending' } };
  expect(counted(cpu(50), [first, pending], usages(100))).toBe(2);
  expect(counted(cpu(50), [starting], usages(undefined, 500))).toBe(
    'failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)',
  );
});

test('what keeps a resource from being measured is told in Kubernetes’ words', () => {
  const nothing = 'unable to get metrics for resource cpu: no metrics returned from resource metrics API';
  expect(proposed(cpu(50), pods(1), usages())).toEqual({
    reason: 'FailedGetResourceMetric',
    message: `failed to get cpu utilization: ${nothing}`,
    summary: `failed to get cpu resource metric value: failed to get cpu utilization: ${nothing}`,
  });
  const asking = (metric: MetricSpec, resources?: object) => {
    const [pod] = pods(1) as [Pod];
    const other = { ...pod, spec: { containers: [{ name: 'other', image: 'web', ...(resources && { resources }) }] } };
    return proposed(metric, [other], new Map([using(other, { other: [10, 1] })]));
  };
  expect(asking(cpu(50))).toMatchObject({ message: 'failed to get cpu utilization: missing request for cpu in container other of Pod p0' });
  expect(asking(ofMain('cpu'))).toEqual({
    reason: 'FailedGetContainerResourceMetric',
    message:
      'failed to get cpu utilization: unable to get metrics for resource cpu: failed to get container metrics: container main not present in metrics for pod default/p0',
    summary:
      'failed to get main container metric value: failed to get cpu utilization: unable to get metrics for resource cpu: failed to get container metrics: container main not present in metrics for pod default/p0',
  });
  expect(proposed(memory, pods(1), usages())).toMatchObject({ message: expect.stringMatching(/^failed to get memory usage: unable/) });
});

test('how far from the target usage may be is the autoscaler’s to say, for each direction', () => {
  const careful = tolerancesOf(autoscaler({ behavior: { scaleUp: { tolerance: '0' }, scaleDown: { tolerance: '500m' } } }));
  const replicas = (used: number, tolerances = careful) => counted(cpu(50), pods(2), usages(used, used), tolerances);
  expect([replicas(52), replicas(52, tenth)]).toEqual([3, 2]);
  expect([replicas(25), replicas(25, tenth)]).toEqual([2, 1]);
});

test('a share of nothing is no share: pods that ask for 0 of a resource say nothing', () => {
  const idle = pods(2).map((pod) => ({
    ...pod,
    spec: { containers: [{ name: 'main', image: 'web', resources: { requests: { cpu: '0' } } }] },
  }));
  expect(counted(cpu(50), idle, usages(100, 100))).toBe('failed to get cpu utilization: no metrics returned matched known pods');
});
