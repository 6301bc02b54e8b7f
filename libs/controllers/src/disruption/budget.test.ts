// What evictions took and nobody has seen yet.
import type { Pod, PodDisruptionBudget } from '@berth/api';
import { expect, test } from 'vitest';
import { planBudget } from './budget.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString();

const pod = (name: string, metadata: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: name, ...metadata },
  spec: { containers: [] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});

function plan(disruptedPods: Record<string, string>, pods: Pod[]) {
  const counts = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { minAvailable: 1 },
    status: { ...counts, disruptedPods },
  };
  const actions = planBudget({ budget, pods, scale: undefined }, now);
  const [written] = actions.flatMap((action) => (action.type === 'updateStatus' ? [action.object as PodDisruptionBudget] : []));
  return { status: written?.status, later: actions.flatMap((action) => (action.type === 'requeue' ? [action.afterMs] : [])) };
}

test('an evicted pod counts as gone until it is, or for two minutes: then it was not evicted', () => {
  const pods = [pod('a'), pod('b'), pod('c')];
  expect(plan({ a: at(119) }, pods)).toMatchObject({ status: { currentHealthy: 2, disruptionsAllowed: 1 }, later: [1_000] });
  const after = plan({ a: at(120) }, pods);
  expect(after).toMatchObject({ status: { currentHealthy: 3, disruptionsAllowed: 2 }, later: [] });
  expect(after.status?.disruptedPods).toBeUndefined();
  const leaving = [pod('a', { deletionTimestamp: at(1) }), pod('b'), pod('c')];
  expect(plan({ a: at(10), gone: at(10) }, leaving)).toMatchObject({ status: { currentHealthy: 2, disruptionsAllowed: 1 }, later: [] });
});
