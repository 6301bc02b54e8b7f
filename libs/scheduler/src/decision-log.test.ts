// What is kept of decisions, for how long, and what is said of what is not kept.
import type { Pod } from '@berth/api';
import type { DecisionChanged } from '@berth/apiserver/core';
import { podFacts, Snapshot, schedule } from '@berth/scheduling';
import { systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { DecisionLog } from './decision-log.ts';

const pod = (name: string, cpu: string, priority = 0): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { app: 'web' } },
  spec: { priority, containers: [{ name: 'main', resources: { requests: { cpu } } }] },
});

function clusterOf(count: number): Snapshot {
  const snapshot = new Snapshot();
  for (let i = 0; i < count; i++) {
    const status = { allocatable: { cpu: '2', memory: '4Gi', pods: '110' } };
    snapshot.updateNode({ apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${i}` }, spec: {}, status });
  }
  return snapshot;
}

const logOf = (bytesMax?: number) => new DecisionLog({ clock: systemClock, leastChanges: () => undefined, ...(bytesMax && { bytesMax }) });

function decided(log: DecisionLog, snapshot: Snapshot, of: Pod) {
  const facts = podFacts(of);
  const decision = schedule(facts, snapshot, () => 0);
  log.add(facts, decision, 1);
  if (decision.nodeName !== undefined) snapshot.addPod(facts, decision.nodeName);
  return log.get('default', of.metadata.name);
}

test('a placed pod shows the scores of the nodes that could take it, with weights that make up the total', () => {
  const shown = decided(logOf(), clusterOf(3), pod('a', '1'));
  expect(shown).toMatchObject({ nodeName: 'node-0', reason: 'Scheduled', nodes: { total: 3, feasible: 3 }, attempts: 1 });
  expect(shown?.scores).toHaveLength(3);
  const [best] = shown?.scores ?? [];
  const sum = best?.plugins.reduce((total, { score, weight }) => total + score * weight, 0) ?? 0;
  expect(best?.total).toBeCloseTo(sum, 1);
  expect(best?.plugins.map(({ plugin }) => plugin)).toContain('NodeResourcesFit');
});

test('a pod that fits nowhere shows who refused which node in the words of its event, and that not all nodes are shown', () => {
  const log = logOf();
  const shown = decided(log, clusterOf(40), pod('a', '3'));
  expect(shown).toMatchObject({
    reason: 'Unschedulable',
    refusedBy: [{ plugin: 'NodeResourcesFit', nodes: 40 }],
    reasons: [{ reason: 'Insufficient cpu', nodes: 40 }],
    message: expect.stringContaining('0/40 nodes are available: 40 Insufficient cpu.'),
    notes: ['refused shows 16 of 40 nodes'],
  });
  expect(shown?.refused?.[0]).toEqual({ node: 'node-0', plugin: 'NodeResourcesFit', reasons: ['Insufficient cpu'] });
});

test('what would make it fit is asked for with the decision, not with a list of them', () => {
  const changes = { type: 'Resource' as const, text: 'free some' };
  const ways = [{ node: 'node-0', nodeCount: 1, changes: [changes] }];
  const log = new DecisionLog({ clock: systemClock, leastChanges: () => ({ ways, isLeast: true }) });
  decided(log, clusterOf(1), pod('a', '3'));
  expect(log.get('default', 'a')?.leastChanges).toEqual(ways);
  expect(log.current('default').map(({ leastChanges }) => leastChanges)).toEqual([undefined]);
});

test('pods that are removed for one are named where they are of its own namespace, and counted otherwise', () => {
  const snapshot = clusterOf(1);
  const other = pod('small', '1');
  const elsewhere = { ...pod('hidden', '1'), metadata: { name: 'hidden', namespace: 'secret', uid: 'uid-hidden' } };
  for (const placed of [other, elsewhere]) snapshot.addPod(podFacts(placed), 'node-0');
  expect(decided(logOf(), snapshot, pod('large', '2', 10))).toMatchObject({
    reason: 'Preempting',
    preemption: { nodeName: 'node-0', victimCount: 2, victims: ['small'] },
    nominatedNodeName: 'node-0',
  });
});

test('memory is bounded: the oldest lose single nodes first, and go next', () => {
  const log = logOf(16_000);
  const snapshot = clusterOf(20);
  for (let i = 0; i < 20; i++) decided(log, snapshot, pod(`pod-${i}`, '10m'));
  expect(log.bytes).toBeLessThanOrEqual(16_000);
  expect(log.current('default')).toHaveLength(20);
  expect(log.get('default', 'pod-0')?.notes?.[0]).toMatch('not kept any more');
  expect(log.get('default', 'pod-0')?.scores).toBeUndefined();
  expect(log.get('default', 'pod-19')?.scores).toHaveLength(16);
  for (let i = 20; i < 200; i++) decided(log, snapshot, pod(`pod-${i}`, '10m'));
  expect(log.bytes).toBeLessThanOrEqual(16_000);
  expect(log.get('default', 'pod-0')).toBeUndefined();
  expect(log.get('default', 'pod-199')).toBeDefined();
  for (let i = 0; i < 200; i++) log.forget(`uid-pod-${i}`);
  expect(log.bytes).toBe(0);
});

test('who watches sees decisions, failures and ends, and resumes unless something went meanwhile', () => {
  const log = logOf();
  const seen: DecisionChanged[] = [];
  const end = log.onChange((change) => seen.push(change));
  const snapshot = clusterOf(1);
  decided(log, snapshot, pod('a', '1'));
  const version = log.version;
  log.failed('uid-a', 'the store is away');
  expect(log.after(version, 'default')).toMatchObject([{ reason: 'BindingFailed', message: 'the store is away' }]);
  expect(log.after(version, 'other')).toEqual([]);
  log.forget('uid-a');
  expect(log.after(version, undefined)).toBeUndefined();
  expect(log.after(Number.NaN, undefined)).toBeUndefined();
  end();
  decided(log, snapshot, pod('b', '1'));
  expect(seen.map(({ type, decision }) => [type, decision.reason])).toEqual([
    ['ADDED', 'Scheduled'],
    ['MODIFIED', 'BindingFailed'],
    ['DELETED', 'BindingFailed'],
  ]);
});

test('a pod that is made anew under its name has a decision of its own', () => {
  const log = logOf();
  const snapshot = clusterOf(1);
  decided(log, snapshot, pod('a', '1'));
  const again = { ...pod('a', '3'), metadata: { ...pod('a', '3').metadata, uid: 'another' } };
  decided(log, snapshot, again);
  log.forget('uid-a');
  expect(log.get('default', 'a')).toMatchObject({ podUID: 'another', reason: 'Unschedulable' });
});
