// Autoscalers, pods and what these use, for tests of this folder.
import type { HorizontalPodAutoscaler, Pod } from '@berth/api';
import type { MetricSpec } from './failures.ts';
import { propose, type Tolerances, tolerancesOf } from './measure.ts';
import type { Usages } from './samples.ts';

export const now = Date.parse('2026-01-01T12:00:00Z');
export const cpu = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

export function autoscaler(spec: Partial<HorizontalPodAutoscaler['spec']> = {}): HorizontalPodAutoscaler {
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

export const tenth = tolerancesOf(autoscaler());

export function pods(count: number): Pod[] {
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${index}`, namespace: 'default', uid: `p${index}` },
    spec: { containers: [{ name: 'main', image: 'web', resources: { requests: { cpu: '100m' } } }] },
    status: { phase: 'Running', startTime: '2026-01-01T11:00:00Z', conditions: [{ type: 'Ready', status: 'True' }] },
  }));
}

/** When measurements began. */
const sinceMs = now - 60_000;

/** Millicores of each pod; undefined where nothing is known. */
export function usages(...milli: (number | undefined)[]): Usages {
  const known = milli.flatMap((amount, index) => (amount === undefined ? [] : [[index, amount] as const]));
  return new Map(
    known.map(([index, amount]) => [
      `default/p${index}`,
      { sinceMs, containers: new Map([['main', { cpu: BigInt(amount) * 1_000_000n, memory: 0n }]]) },
    ]),
  );
}

export const proposed = (metric: MetricSpec, of: Pod[], given: Usages, tolerances: Tolerances = tenth) =>
  propose(metric, { pods: of, current: of.length, usages: given, tolerances, namespace: 'default' }, now);

/** Or why it cannot be told. */
export const counted = (...given: Parameters<typeof proposed>) => {
  const result = proposed(...given);
  return 'replicas' in result ? result.replicas : result.message;
};

export const replicas = (given: Usages, count: number) => counted(cpu(50), pods(count), given);
