import { Deployment, Event, HorizontalPodAutoscaler, Pod } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import type { KubeObject } from '@berth/machinery';
import { expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';
import type { MetricSpec } from './failures.ts';
import { type History, noHistory, pace } from './pace.ts';
import { planAutoscaler } from './plan.ts';
import type { Usages } from './samples.ts';
import { autoscaler, cpu, now, pods, usages } from './testing.ts';

const custom = 'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';
const lag = 'unable to get external metric default/lag';
const unserved =
  'unable to fetch metrics from external metrics API: the server could not find the requested resource (get lag.external.metrics.k8s.io)';
const describedObject = { kind: 'Service', name: 'shop' };
const selector = { matchLabels: { b: '2', a: '1' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['x', 'y'] }] };

test.each<[MetricSpec, string, string, string]>([
  [
    { type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } } },
    'FailedGetPodsMetric',
    `unable to get metric hits: ${custom}`,
    'failed to get pods metric value: ',
  ],
  [
    { type: 'Object', object: { describedObject, metric: { name: 'hits' }, target: { type: 'Value', value: '10' } } },
    'FailedGetObjectMetric',
    `unable to get metric hits: Service on default shop/${custom}`,
    'failed to get object metric value: ',
  ],
  [
    { type: 'Object', object: { describedObject, metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } } },
    'FailedGetObjectMetric',
    `unable to get metric hits: Service on default shop/${custom}`,
    'failed to get object metric value: failed to get hits object metric: ',
  ],
  [
    { type: 'External', external: { metric: { name: 'lag' }, target: { type: 'AverageValue', averageValue: '10' } } },
    'FailedGetExternalMetric',
    `${lag}/nil: ${unserved}`,
    'failed to get lag external metric value: failed to get lag external metric: ',
  ],
  [
    { type: 'External', external: { metric: { name: 'lag', selector }, target: { type: 'Value', value: '10' } } },
    'FailedGetExternalMetric',
    `${lag}/&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:c,Operator:In,Values:[x y],},},}: ${unserved}`,
    'failed to get lag external metric value: failed to get external metric lag: ',
  ],
])('a metric that nobody serves fails as in Kubernetes: %o', (metric, reason, message, prefix) => {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 2 } };
  const target = { kind: erased(Deployment), object: object as KubeObject & { spec: { replicas: number } } };
  const scaled = (metrics: MetricSpec[], given: Usages, history = noHistory()) => {
    return planAutoscaler({ autoscaler: autoscaler({ metrics }), target, pods: pods(2), usages: given, history }, now);
  };
  const told = (actions: Action[]) =>
    actions.flatMap((action) =>
      action.type === 'event' ? [`${action.event.eventType} ${action.event.reason} ${action.event.message}`] : [],
    );
  const status = (actions: Action[]) => {
    const written = actions.find((action) => action.type === 'updateStatus');
    return ((written?.type === 'updateStatus' ? written.object : {}) as HorizontalPodAutoscaler).status;
  };
  const alone = scaled([metric], usages(100, 100));
  expect(told(alone)).toEqual([
    `Warning ${reason} ${message}`,
    `Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: ${prefix}${message}`,
  ]);
  expect(status(alone)).toMatchObject({ currentReplicas: 2, desiredReplicas: 0, currentMetrics: [{ type: '' }] });
  expect(status(alone)?.conditions).toMatchObject([
    { type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale' },
    { type: 'ScalingActive', status: 'False', reason, message: `the HPA was unable to compute the replica count: ${message}` },
  ]);
  // Beside one that is known, it keeps the target from shrinking, not from growing.
  const growing = scaled([metric, cpu(50)], usages(100, 100));
  expect(growing.map(({ type }) => type)).toEqual(['event', 'patch', 'updateStatus', 'event', 'requeue']);
  expect(told(growing)).toEqual([`Warning ${reason} ${message}`, expect.stringContaining('SuccessfulRescale New size: 4')]);
  expect(status(growing)?.currentMetrics).toMatchObject([{ type: '' }, { type: 'Resource' }]);
  expect(told(scaled([metric, cpu(50)], usages(10, 10)))[1]).toContain('invalid metrics (1 invalid out of 2), first error is: ');
});

test('what goes wrong is told once in each period, however often somebody looks', () => {
  const target = 'deployments.apps "web" not found';
  const observed = { autoscaler: autoscaler(), target, pods: [], usages: usages(), history: noHistory() };
  const first = planAutoscaler(observed, now);
  const written = first.find((action) => action.type === 'updateStatus');
  const after = { ...observed, autoscaler: (written?.type === 'updateStatus' ? written.object : {}) as HorizontalPodAutoscaler };
  const types = (at: number) => planAutoscaler(after, at).map(({ type }) => type);
  expect(first.map(({ type }) => type)).toEqual(['updateStatus', 'event', 'requeue']);
  expect([types(now + 5), types(now + 15_000), types(now + 15_005)]).toEqual([['requeue'], ['event', 'requeue'], ['requeue']]);
});

test('scaling up keeps to its rate, scaling down waits for the highest of the last minutes', () => {
  const history: History = { ...noHistory(), wanted: [{ atMs: now - 60_000, replicas: 6 }] };
  expect(pace(autoscaler(), history, 2, 8, now)).toEqual({ replicas: 6, limit: 'ScaleDownStabilized' });
  expect(pace(autoscaler(), history, 2, 8, now + 400_000)).toEqual({ replicas: 2 });
  expect(pace(autoscaler(), noHistory(), 20, 2, now)).toEqual({ replicas: 6, limit: 'ScaleUpLimit' });
  const changes = [{ atMs: now - 5_000, by: 4 }];
  expect(pace(autoscaler(), { ...noHistory(), changes }, 20, 6, now)).toEqual({ replicas: 6, limit: 'ScaleUpLimit' });
  const never = autoscaler({ behavior: { scaleDown: { selectPolicy: 'Disabled' } } });
  expect(pace(never, noHistory(), 1, 5, now).replicas).toBe(5);
});

test('the plan scales the target and says why', () => {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 2 } };
  const target = { kind: erased(Deployment), object: object as KubeObject & { spec: { replicas: number } } };
  const observed = { autoscaler: autoscaler(), target, pods: pods(2), usages: usages(100, 100), history: noHistory() };
  const actions = planAutoscaler(observed, now);
  expect(actions.map(({ type }) => type)).toEqual(['patch', 'updateStatus', 'event', 'requeue']);
  expect(actions[0]).toMatchObject({ subresource: 'scale', patch: { spec: { replicas: 4 } } });
  expect(actions[2]).toMatchObject({
    event: { message: 'New size: 4; reason: cpu resource utilization (percentage of request) above target' },
  });
  const conditions = (list: Action[]) => {
    const written = list.find((action) => action.type === 'updateStatus');
    const { status } = (written?.type === 'updateStatus' ? written.object : {}) as HorizontalPodAutoscaler;
    return status?.conditions?.map(({ type, status: value, reason }) => `${type} ${value} ${reason}`);
  };
  expect(conditions(actions)).toEqual([
    'AbleToScale True SucceededRescale',
    'ScalingActive True ValidMetricFound',
    'ScalingLimited False DesiredWithinRange',
  ]);
  const blind = planAutoscaler({ ...observed, usages: usages() }, now);
  expect(conditions(blind)).toEqual(['AbleToScale True SucceededGetScale', 'ScalingActive False FailedGetResourceMetric']);
  const lost = planAutoscaler({ ...observed, target: 'deployments.apps "web" not found' }, now);
  expect(conditions(lost)).toEqual(['AbleToScale False FailedGetScale']);
  expect(lost).toContainEqual(expect.objectContaining({ event: expect.objectContaining({ message: 'deployments.apps "web" not found' }) }));
});

test('in a cluster, bounds hold even when nothing is measured', async () => {
  const { client, eventually, stop } = await startTestCluster();
  try {
    const labels = { app: 'web' };
    const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'main', image: 'web' }] } };
    const metadata = { name: 'web', namespace: 'default' };
    const spec = { replicas: 1, selector: { matchLabels: labels }, template };
    await client.create(Deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
    await client.create(HorizontalPodAutoscaler, { ...autoscaler({ minReplicas: 3 }), metadata });
    await eventually(async () => (await client.get(Deployment, metadata)).spec.replicas === 3);
    const found = await eventually(async () => {
      const { status } = await client.get(HorizontalPodAutoscaler, metadata);
      return status?.desiredReplicas === 3 && status;
    });
    expect(found.lastScaleTime).toBeDefined();
    const pods: MetricSpec = { type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } } };
    await client.patch(HorizontalPodAutoscaler, metadata, 'merge', { spec: { metrics: [pods] } });
    const failed = await eventually(async () => {
      const { status } = await client.get(HorizontalPodAutoscaler, metadata);
      return status?.conditions?.some(({ reason }) => reason === 'FailedGetPodsMetric') && status;
    });
    expect(failed.currentMetrics).toEqual([{ type: '' }]);
    const events = await eventually(async () => {
      const { items } = await client.list(Event, { namespace: 'default' });
      return items.some(({ reason }) => reason === 'FailedComputeMetricsReplicas') && items;
    });
    expect(events.map(({ reason }) => reason)).toContain('FailedGetPodsMetric');
  } finally {
    await stop();
  }
});

test('in a cluster, a target grows by what agents report of its pods', async () => {
  const { client, report, eventually, markReady, stop } = await startTestCluster();
  try {
    report([]);
    const labels = { app: 'web' };
    const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'main', image: 'web' }] } };
    const metadata = { name: 'web', namespace: 'default' };
    const spec = { replicas: 1, selector: { matchLabels: labels }, template };
    await client.create(Deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
    const pod = await eventually(async () => (await client.list(Pod, { namespace: 'default' })).items[0]);
    await markReady(pod);
    const usage = { cpuNanoCores: 0, memoryBytes: 3 * 2 ** 20 };
    const { name, uid = '' } = pod.metadata;
    const measured = [{ namespace: 'default', name, uid, containers: [{ name: 'main', ...usage }] }];
    report([{ nodeName: 'n1', at: '2026-01-01T00:00:00Z', windowSeconds: 15, node: usage, pods: measured }]);
    const memory: MetricSpec = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Mi' } } };
    await client.create(HorizontalPodAutoscaler, { ...autoscaler({ metrics: [memory] }), metadata });
    await eventually(async () => (await client.get(Deployment, metadata)).spec.replicas === 3);
  } finally {
    await stop();
  }
});
