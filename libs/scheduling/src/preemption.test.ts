// Who has to go for whom, where, and what is said when nobody's going helps.
import type { Pod, PodDisruptionBudget } from '@berth/api';
import { expect, test } from 'vitest';
import { type PodFacts, podFacts } from './pod-facts.ts';
import { schedule } from './schedule.ts';
import type { Snapshot } from './snapshot.ts';
import { decide, type PodParts, testNode, testPod, testSnapshot } from './test-cluster.ts';

interface Parts extends PodParts {
  priority?: number;
  /** Minutes after the first of all. */
  started?: number;
  status?: Pod['status'];
  deletionTimestamp?: string;
}

function facts(name: string, { priority = 0, started, status, deletionTimestamp, ...parts }: Parts = {}): PodFacts {
  const { metadata, spec, ...pod } = testPod(name, parts);
  const startTime = started === undefined ? undefined : new Date(Date.UTC(2026, 0, 1, 0, started)).toISOString();
  return podFacts({
    ...pod,
    metadata: { ...metadata, ...(deletionTimestamp && { deletionTimestamp }) },
    spec: { ...spec, priority },
    status: { ...status, ...(startTime && { startTime }) },
  });
}

const cpu = (amount: string, priority = 0, more: Parts = {}): Parts => ({ requests: { cpu: amount }, priority, ...more });
const nodes = (...names: string[]) => names.map((name) => testNode(name));

function victims(pod: PodFacts, snapshot: Snapshot): string[] {
  const { preemption } = decide(pod, snapshot);
  return preemption ? [preemption.nodeName, ...preemption.victims.map(({ pod }) => pod.metadata.name)] : [];
}

function budget(app: string, disruptionsAllowed: number, disrupted: string[] = []): PodDisruptionBudget {
  const counts = { disruptionsAllowed, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: app, namespace: 'default' },
    spec: { selector: { matchLabels: { app } } },
    status: { ...counts, disruptedPods: Object.fromEntries(disrupted.map((name) => [name, '2026-01-01T00:00:00Z'])) },
  };
}

test('the least important go that have to: by priority, then those that run for the shortest time', () => {
  const snapshot = testSnapshot(...nodes('a'));
  snapshot.addPod(facts('old', cpu('1', 1, { started: 1 })), 'a');
  snapshot.addPod(facts('young', cpu('1', 1, { started: 2 })), 'a');
  snapshot.addPod(facts('middle', cpu('1', 5, { started: 3 })), 'a');
  snapshot.addPod(facts('equal', cpu('1', 9)), 'a');
  expect(victims(facts('p', cpu('1', 9)), snapshot)).toEqual(['a', 'young']);
  expect(victims(facts('p', cpu('2', 9)), snapshot)).toEqual(['a', 'old', 'young']);
  expect(victims(facts('p', cpu('3', 9)), snapshot)).toEqual(['a', 'middle', 'old', 'young']);
  expect(victims(facts('p', cpu('4', 9)), snapshot)).toEqual([]);
  expect(victims(facts('p', cpu('1', 1)), snapshot)).toEqual([]);
  expect(decide(facts('p', cpu('1', 9)), snapshot)).toMatchObject({
    nodeName: undefined,
    nominatedNodeName: 'a',
    message: '0/1 nodes are available: 1 Insufficient cpu.',
  });
});

test('a pod that is spared stays although a lesser one goes: only what must is removed', () => {
  const snapshot = testSnapshot(...nodes('a'));
  snapshot.addPod(facts('large', cpu('3', 2)), 'a');
  snapshot.addPod(facts('small', cpu('1', 1)), 'a');
  expect(victims(facts('p', cpu('1', 9)), snapshot)).toEqual(['a', 'small']);
  // The large one alone is enough, so that the small one is put back after it.
  expect(victims(facts('p', cpu('2', 9)), snapshot)).toEqual(['a', 'large']);
});

test('where nobody is to be removed, or removing does not help, the message says so node by node', () => {
  const snapshot = testSnapshot(
    ...nodes('full', 'proud'),
    testNode('small', { allocatable: { cpu: '1' } }),
    testNode('tainted', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
  );
  snapshot.addPod(facts('a', cpu('3')), 'full');
  snapshot.addPod(facts('b', cpu('1', 9)), 'full');
  snapshot.addPod(facts('c', cpu('4', 9)), 'proud');
  const reasons = '0/4 nodes are available: 1 node(s) had untolerated taint {k: }, 3 Insufficient cpu. preemption: ';
  expect(decide(facts('p', cpu('4', 9)), snapshot)).toMatchObject({
    nominatedNodeName: '',
    message:
      `${reasons}0/4 nodes are available: 1 Insufficient cpu, 1 No preemption victims found for incoming pod, ` +
      '2 Preemption is not helpful for scheduling.',
  });
  expect(decide(facts('p', cpu('4', 0)), snapshot).message).toBe(
    `${reasons}0/4 nodes are available: 2 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.`,
  );
});

test('a pod whose policy is Never, and one whose victims are still going, removes nobody', () => {
  const snapshot = testSnapshot(...nodes('a', 'b'));
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }];
  snapshot.addPod(facts('a', cpu('4')), 'a');
  snapshot.addPod(facts('b', cpu('4')), 'b');
  const never = facts('p', cpu('1', 9, { spec: { preemptionPolicy: 'Never' } }));
  expect(decide(never, snapshot)).toMatchObject({
    preemption: undefined,
    nominatedNodeName: undefined,
    message: '0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
  });
  const p = facts('p', cpu('1', 9));
  snapshot.nominations.set(p, 'a');
  snapshot.addPod(facts('a', cpu('4', 0, going)), 'a');
  // One that goes for another reason is taken as going, and chosen as no worse than others.
  expect(decide(p, snapshot).preemption).toBeDefined();
  snapshot.addPod(facts('a', cpu('4', 0, { ...going, status: { conditions } })), 'a');
  expect(decide(p, snapshot)).toMatchObject({
    preemption: undefined,
    nominatedNodeName: undefined,
    message: '0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to a terminating pod on the nominated node.',
  });
  // Its node would not take it any more, whoever went: it looks for another one.
  snapshot.updateNode(testNode('a', { spec: { unschedulable: true } }));
  expect(victims(p, snapshot)).toEqual(['b', 'b']);
});

test('pods whose budget allows no disruption are spared before more important ones without a budget', () => {
  const snapshot = testSnapshot(...nodes('a'));
  snapshot.addPod(facts('web', cpu('2', 1, { labels: { app: 'web' } })), 'a');
  snapshot.addPod(facts('plain', cpu('2', 5)), 'a');
  const p = facts('p', cpu('2', 9));
  expect(victims(p, snapshot)).toEqual(['a', 'web']);
  snapshot.budgets.set(budget('web', 0));
  expect(victims(p, snapshot)).toEqual(['a', 'plain']);
  // What was evicted and counted already violates nothing.
  snapshot.budgets.set(budget('web', 0, ['web']));
  expect(victims(p, snapshot)).toEqual(['a', 'web']);
  snapshot.budgets.set(budget('web', 0));
  const both = decide(facts('p', cpu('4', 9)), snapshot).preemption;
  expect(both).toMatchObject({ violations: 1 });
  expect(both?.victims.map(({ pod }) => pod.metadata.name)).toEqual(['plain', 'web']);
  snapshot.budgets.remove('default/web');
  expect(decide(facts('p', cpu('4', 9)), snapshot).preemption).toMatchObject({ violations: 0 });
});

test('a budget allows as many as it says; one of another namespace, without a selector or about others says nothing', () => {
  const snapshot = testSnapshot(...nodes('a'));
  for (const name of ['x', 'y', 'z']) snapshot.addPod(facts(name, cpu('1', 1, { labels: { app: 'web' } })), 'a');
  snapshot.budgets.set({ ...budget('all', 0), spec: { selector: {} } });
  snapshot.budgets.set({ ...budget('web', 0), metadata: { name: 'web', namespace: 'other' } });
  snapshot.budgets.set(budget('db', 0));
  const violations = () => decide(facts('p', cpu('4', 9)), snapshot).preemption?.violations;
  expect(violations()).toBe(0);
  snapshot.budgets.set(budget('web', 2));
  expect(violations()).toBe(1);
});

test('of several nodes: no violated budget, lowest highest priority, smallest sum, fewest, latest start, first', () => {
  const p = facts('p', cpu('4', 99));
  const chosen = (pods: Record<string, [amount: string, priority: number, started?: number, app?: string][]>) => {
    const snapshot = testSnapshot(...nodes(...Object.keys(pods)));
    snapshot.budgets.set(budget('kept', 0));
    for (const [node, placed] of Object.entries(pods)) {
      for (const [index, [amount, priority, started, app]] of placed.entries()) {
        const labels: Record<string, string> = app ? { app } : {};
        snapshot.addPod(facts(`${node}${index}`, cpu(amount, priority, { labels, ...(started !== undefined && { started }) })), node);
      }
    }
    return decide(p, snapshot).preemption?.nodeName;
  };
  expect(chosen({ a: [['4', 1, 1, 'kept']], b: [['4', 8]] })).toBe('b');
  expect(chosen({ a: [['1', 5]], b: [['1', 3], ['1', 3]] })).toBe('b'); // biome-ignore format: one line a case
  expect(chosen({ a: [['1', 5], ['3', 4]], b: [['1', 5], ['3', 1]] })).toBe('b'); // biome-ignore format: one line a case
  expect(chosen({ a: [['2', -5], ['2', -5]], b: [['4', -5]] })).toBe('b'); // biome-ignore format: one line a case
  expect(chosen({ a: [['4', 5, 1]], b: [['4', 5, 2]] })).toBe('b');
  // One that has not started is the youngest of all.
  expect(chosen({ a: [['4', 5, 1]], b: [['4', 5]] })).toBe('b');
  expect(chosen({ a: [['4', 5, 1]], b: [['4', 5, 1]] })).toBe('a');
});

test('anti-affinity, spread, host ports and claims for one pod are met by removing whoever stands in the way', () => {
  const antiAffinity = (app: string) => ({
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app } }, topologyKey: 'kubernetes.io/hostname' }],
    },
  });
  const snapshot = testSnapshot(...nodes('a'));
  const { volumes } = snapshot;
  const metadata = { name: 'data', namespace: 'default' };
  const claim = { accessModes: ['ReadWriteOncePod'], volumeName: 'pv' };
  volumes.setClaim({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claim, status: { phase: 'Bound' } });
  volumes.setVolume({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' }, spec: {} });
  const port = { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 1, hostPort: 80 }] }] };
  const mount = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] };
  snapshot.addPod(facts('other', { priority: 1 }), 'a');
  snapshot.addPod(facts('web', { priority: 1, labels: { app: 'web' } }), 'a');
  snapshot.addPod(facts('shy', { priority: 1, spec: { affinity: antiAffinity('db') } }), 'a');
  snapshot.addPod(facts('port', { priority: 1, spec: port }), 'a');
  snapshot.addPod(facts('mount', { priority: 1, spec: mount }), 'a');
  expect(victims(facts('p', { priority: 9, spec: { affinity: antiAffinity('web') } }), snapshot)).toEqual(['a', 'web']);
  expect(victims(facts('p', { priority: 9, labels: { app: 'db' } }), snapshot)).toEqual(['a', 'shy']);
  expect(victims(facts('p', { priority: 9, spec: port }), snapshot)).toEqual(['a', 'port']);
  expect(victims(facts('p', { priority: 9, spec: mount }), snapshot)).toEqual(['a', 'mount']);
  expect(decide(facts('p', { priority: 1, spec: mount }), snapshot).feasibleCount).toBe(0);
});

test('pods that are spread are removed until the spread holds', () => {
  const zones = testSnapshot(testNode('a', { labels: { zone: 'a' } }), testNode('b', { labels: { zone: 'b' } }));
  const labels = { app: 'web' };
  for (const name of ['1', '2', '3']) zones.addPod(facts(name, cpu('1', 1, { labels })), 'a');
  zones.addPod(facts('high', cpu('4', 99, { labels })), 'b');
  const constraint = {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule' as const,
    labelSelector: { matchLabels: labels },
  };
  const p = facts('p', cpu('2', 9, { labels, spec: { topologySpreadConstraints: [constraint] } }));
  expect(victims(p, zones)).toHaveLength(3);
  expect(victims(p, zones)[0]).toBe('a');
});

test('room that is made for a pod is kept from equal and lower ones, and is not kept from higher ones', () => {
  const snapshot = testSnapshot(...nodes('a'));
  const p = facts('p', cpu('3', 5));
  snapshot.nominations.set(p, 'a');
  const kept = '0/1 nodes are available: 1 Insufficient cpu.';
  expect(decide(facts('low', cpu('2', 1)), snapshot).message).toMatch(kept);
  expect(decide(facts('equal', cpu('2', 5)), snapshot)).toMatchObject({ feasibleCount: 0, rejectedBy: ['NodeResourcesFit'] });
  expect(decide(facts('low', cpu('1', 1)), snapshot).nodeName).toBe('a');
  expect(decide(facts('high', cpu('2', 6)), snapshot).nodeName).toBe('a');
  expect(decide(p, snapshot).nodeName).toBe('a');
  snapshot.nominations.remove(p.uid);
  expect(decide(facts('low', cpu('2', 1)), snapshot).nodeName).toBe('a');
});

test('a pod takes the node that was freed for it before a better one', () => {
  const snapshot = testSnapshot(...nodes('a', 'b'));
  snapshot.addPod(facts('x', cpu('3')), 'b');
  const p = facts('p', cpu('1', 5));
  expect(decide(p, snapshot).nodeName).toBe('a');
  snapshot.nominations.set(p, 'b');
  expect(decide(p, snapshot).nodeName).toBe('b');
  snapshot.addPod(facts('y', cpu('1', 9)), 'b');
  expect(decide(p, snapshot).nodeName).toBe('a');
});

test('whoever preempts leaves room for those that are nominated already, and counts less important ones out', () => {
  const snapshot = testSnapshot(...nodes('a'));
  snapshot.addPod(facts('1', cpu('2', 1)), 'a');
  snapshot.addPod(facts('2', cpu('2', 1)), 'a');
  snapshot.nominations.set(facts('first', cpu('2', 5)), 'a');
  expect(victims(facts('second', cpu('2', 5)), snapshot)).toEqual(['a', '1', '2']);
  expect(victims(facts('high', cpu('2', 6)), snapshot)).toEqual(['a', '2']);
  snapshot.nominations.set(facts('more', cpu('1', 5)), 'a');
  expect(victims(facts('second', cpu('2', 5)), snapshot)).toEqual([]);
});

test('of a large cluster as many nodes are compared as there must be: a hundred, or a tenth', () => {
  const names = Array.from({ length: 1200 }, (_, i) => `n${i}`);
  const snapshot = testSnapshot(...nodes(...names));
  for (const [i, name] of names.entries()) snapshot.addPod(facts(`on-${name}`, cpu('4', i === 119 ? 1 : 5)), name);
  const p = facts('p', cpu('1', 9));
  const chosenAfter = (random: number) => schedule(p, snapshot, () => random).preemption?.nodeName;
  // 120 nodes are looked at from the one at random on: n119 is the cheapest, if it is among them.
  expect(chosenAfter(0)).toBe('n119');
  expect(chosenAfter(119.5 / 1200)).toBe('n119');
  expect(chosenAfter(120.5 / 1200)).toBe('n120');
});

test('asking leaves nothing behind: the same question has the same answer', () => {
  const snapshot = testSnapshot(...nodes('a'));
  snapshot.addPod(facts('x', cpu('4', 1)), 'a');
  const p = facts('p', cpu('4', 9));
  const first = decide(p, snapshot);
  expect(decide(p, snapshot)).toEqual(first);
  expect(snapshot.podCount).toBe(1);
  snapshot.removePod('uid-default-x');
  expect(decide(p, snapshot).nodeName).toBe('a');
});
