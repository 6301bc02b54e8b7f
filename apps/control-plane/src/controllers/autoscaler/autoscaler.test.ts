import { Deployment, HorizontalPodAutoscaler, type Pod } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import type { KubeObject } from '@berth/machinery';
import { expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';
import { propose, tolerancesOf, type Usages } from './measure.ts';
import { type History, pace } from './pace.ts';
import { planAutoscaler } from './plan.ts';

const now = Date.parse('2026-01-01T12:00:00Z');
const cpu = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

function autoscaler(spec: Partial<HorizontalPodAutoscaler['spec']> = {}): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default', uid: 'h1', generation: 1 },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 10,
      metrics: [cpu(50)],
      ...spec,
    },
  };
}

const tenth = tolerancesOf(autoscaler());

function pods(count: number): Pod[] {
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${index}`, namespace: 'default', uid: `p${index}` },
    spec: { containers: [{ name: 'main', image: 'web', resources: { requests: { cpu: '100m' } } }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  }));
}

/** Millicores of each pod; undefined where nothing is known. */
function usages(...milli: (number | undefined)[]): Usages {
  const known = milli.flatMap((amount, index) => (amount === undefined ? [] : [[index, amount] as const]));
  return new Map(known.map(([index, amount]) => [`p${index}`, new Map([['main', { cpu: BigInt(amount) * 1_000_000n, memory: 0n }]])]));
}

const replicas = (given: Usages, count: number) => {
  const result = propose(cpu(50), pods(count), count, given, tenth);
  return typeof result === 'string' ? result : result.replicas;
};

test('what pods use, against what they may, gives how many there shall be', () => {
  expect(replicas(usages(100, 100), 2)).toBe(4);
  expect(replicas(usages(20, 20, 20, 20), 4)).toBe(2);
  expect(replicas(usages(52, 53), 2)).toBe(2);
  // One that says nothing counts as idle on the way up, as busy on the way down.
  expect(replicas(usages(100, undefined), 2)).toBe(2);
  expect(replicas(usages(10, 10, undefined), 3)).toBe(2);
  expect(replicas(usages(), 1)).toContain('no metrics returned from resource metrics API');
  expect(propose(cpu(50), pods(2), 2, usages(100, 50), tenth)).toMatchObject({
    status: { resource: { current: { averageUtilization: 75, averageValue: '75m' } } },
  });
});

test('how far from the target usage may be is the autoscaler’s to say, for each direction', () => {
  const careful = tolerancesOf(autoscaler({ behavior: { scaleUp: { tolerance: '0' }, scaleDown: { tolerance: '500m' } } }));
  const replicas = (used: number, tolerances = careful) => {
    const proposal = propose(cpu(50), pods(2), 2, usages(used, used), tolerances);
    return typeof proposal === 'string' ? proposal : proposal.replicas;
  };
  expect([replicas(52), replicas(52, tenth)]).toEqual([3, 2]);
  expect([replicas(25), replicas(25, tenth)]).toEqual([2, 1]);
});

test('scaling up keeps to its rate, scaling down waits for the highest of the last minutes', () => {
  const history: History = { wanted: [{ atMs: now - 60_000, replicas: 6 }], changes: [] };
  expect(pace(autoscaler(), history, 2, 8, now)).toEqual({ replicas: 6, limit: 'ScaleDownStabilized' });
  expect(pace(autoscaler(), history, 2, 8, now + 400_000)).toEqual({ replicas: 2 });
  expect(pace(autoscaler(), { wanted: [], changes: [] }, 20, 2, now)).toEqual({ replicas: 6, limit: 'ScaleUpLimit' });
  const changes = [{ atMs: now - 5_000, by: 4 }];
  expect(pace(autoscaler(), { wanted: [], changes }, 20, 6, now)).toEqual({ replicas: 6, limit: 'ScaleUpLimit' });
  const never = autoscaler({ behavior: { scaleDown: { selectPolicy: 'Disabled' } } });
  expect(pace(never, { wanted: [], changes: [] }, 1, 5, now).replicas).toBe(5);
});

test('the plan scales the target and says why', () => {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 2 } };
  const target = { kind: erased(Deployment), object: object as KubeObject & { spec: { replicas: number } } };
  const observed = { autoscaler: autoscaler(), target, pods: pods(2), usages: usages(100, 100), history: { wanted: [], changes: [] } };
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
  } finally {
    await stop();
  }
});
