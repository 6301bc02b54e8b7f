import type { Pod, policyV1 } from '@berth/api';
import { expect, test } from 'vitest';
import { drainLine, drainPlan } from './drain.ts';

const pod = (name: string, ownerKind?: string, more: object = {}, metadata: object = {}): Pod =>
  ({
    metadata: {
      namespace: 'd',
      name,
      labels: { app: name.split('-')[0] },
      ...(ownerKind && { ownerReferences: [{ kind: ownerKind, name: 'owner', controller: true }] }),
      ...metadata,
    },
    spec: { containers: [] },
    status: { phase: 'Running' },
    ...more,
  }) as unknown as Pod;
const budget = (app: string, disruptionsAllowed: number) =>
  ({
    metadata: { namespace: 'd', name: `${app}-budget` },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed },
  }) as unknown as policyV1.PodDisruptionBudget;

test('pods of DaemonSets and static pods stay, others are evicted as far as budgets allow', () => {
  const pods = [
    pod('log-1', 'DaemonSet'),
    pod('static', undefined, {}, { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    pod('web-1', 'ReplicaSet'),
    pod('web-2', 'ReplicaSet'),
    pod('web-3', 'ReplicaSet', { status: { phase: 'Failed' } }),
    pod('alone'),
    pod('other-1', 'ReplicaSet', {}, { namespace: 'elsewhere', labels: { app: 'web' } }),
  ];
  const plan = drainPlan(pods, [budget('web', 1)]);
  expect(plan.map(({ fate }) => fate)).toEqual(['stays', 'stays', 'evicted', 'waits', 'evicted', 'evicted', 'evicted']);
  expect(plan[3]?.why).toBe('disruption budget web-budget allows 0 more now');
  expect(plan[5]).toMatchObject({ isUnmanaged: true, why: 'has no owner: nothing replaces it' });
});

test('the command has the options that the pods need, and no others', () => {
  expect(drainLine('n1', drainPlan([pod('web-1', 'ReplicaSet')], []))).toBe('kubectl drain n1');
  const data = { spec: { containers: [], volumes: [{ name: 'x', emptyDir: {} }] } };
  const plan = drainPlan([pod('log-1', 'DaemonSet'), pod('web-1', 'ReplicaSet', data), pod('alone')], []);
  expect(drainLine('n1', plan)).toBe('kubectl drain n1 --ignore-daemonsets --delete-emptydir-data --force');
});
