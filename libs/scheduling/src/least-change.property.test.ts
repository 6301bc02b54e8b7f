// Whatever the cluster: the change that is named makes the pod fit, and no smaller one of those that can be made does, tried one by one
// and decided by the scheduler itself.
import type { Node, Pod, PodSpec } from '@berth/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LeastChange, leastChanges } from './least-change.ts';
import { podFacts } from './pod-facts.ts';
import { relaxations, relaxed } from './pod-relaxations.ts';
import { decide, testFacts, testNode, testPod, testSnapshot } from './test-cluster.ts';

const term = (app: string, topologyKey: string) => ({ labelSelector: { matchLabels: { app } }, topologyKey });
const anyKey = fc.constantFrom('zone', 'kubernetes.io/hostname');
const anyApp = fc.constantFrom('web', 'db');
const anyTerms = fc.array(fc.tuple(anyApp, anyKey), { maxLength: 2 }).map((terms) => terms.map(([app, key]) => term(app, key)));
const anyNodes = fc.uniqueArray(
  fc
    .record({
      index: fc.nat(4),
      zone: fc.constantFrom('a', 'b', ''),
      disk: fc.constantFrom('ssd', ''),
      taints: fc.subarray(['k', 'l']),
      cpu: fc.nat(3),
      pods: fc.constantFrom('2', '6'),
      unschedulable: fc.boolean(),
    })
    .map(({ index, zone, disk, taints, cpu, pods, unschedulable }) =>
      testNode(`n${index}`, {
        labels: { ...(zone && { zone }), ...(disk && { disk }) },
        allocatable: { cpu: String(cpu), pods },
        spec: {
          ...(unschedulable && { unschedulable }),
          taints: [
            ...taints.map((key) => ({ key, value: 'v', effect: 'NoSchedule' })),
            ...(unschedulable ? [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] : []),
          ],
        },
      }),
    ),
  { selector: ({ metadata }) => metadata.name, minLength: 1, maxLength: 4 },
);
const anyPod = fc
  .record({
    cpu: fc.constantFrom('0', '700m', '2500m', '4'),
    nodeSelector: fc.subarray(['zone', 'disk']),
    affinity: anyTerms,
    antiAffinity: anyTerms,
    spreadBy: fc.subarray(['zone', 'kubernetes.io/hostname']),
    honors: fc.boolean(),
    minDomains: fc.constantFrom(1, 3),
    port: fc.boolean(),
  })
  .map(({ cpu, nodeSelector, affinity, antiAffinity, spreadBy, honors, minDomains, port }) => {
    const spec: Partial<PodSpec> = {
      nodeSelector: Object.fromEntries(nodeSelector.map((key) => [key, key === 'zone' ? 'a' : 'ssd'])),
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: affinity },
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: antiAffinity },
      },
      topologySpreadConstraints: spreadBy.map((key) => ({
        ...term('web', key),
        ...{ maxSkew: 1, minDomains, whenUnsatisfiable: 'DoNotSchedule', ...(honors && { nodeTaintsPolicy: 'Honor' }) },
      })),
      containers: [{ name: 'c', resources: { requests: { cpu } }, ...(port && { ports: [{ containerPort: 1, hostPort: 80 }] }) }],
    };
    return testPod('new', { labels: { app: 'web' }, spec });
  });
const anyPlaced = fc.array(fc.record({ node: fc.nat(4), app: anyApp, port: fc.boolean(), keepsAway: fc.boolean() }), { maxLength: 5 });
type Placed = { node: number; app: string; port: boolean; keepsAway: boolean };

function snapshotOf(nodes: Node[], placed: Placed[]) {
  const snapshot = testSnapshot(...nodes);
  placed.forEach(({ node, app, port, keepsAway }, index) => {
    const antiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term('web', 'kubernetes.io/hostname')] };
    const spec: Partial<PodSpec> = {
      containers: [{ name: 'c', resources: { requests: { cpu: '500m' } }, ...(port && { ports: [{ containerPort: 1, hostPort: 80 }] }) }],
      ...(keepsAway && { affinity: { podAntiAffinity: antiAffinity } }),
    };
    snapshot.addPod(testFacts(`p${index}`, { labels: { app }, spec }), `n${node}`);
  });
  return snapshot;
}

const isPlaced = (pod: Pod, nodes: Node[], placed: Placed[]) => decide(pod, snapshotOf(nodes, placed)).nodeName !== undefined;

function freed(node: Node, change: 'Uncordon' | 'Pods'): Node {
  const { spec, status } = node;
  if (change === 'Pods') return { ...node, status: { ...status, allocatable: { ...status?.allocatable, pods: '100' } } };
  const taints = spec?.taints?.filter(({ key }) => key !== 'node.kubernetes.io/unschedulable');
  return { ...node, spec: { ...spec, taints, unschedulable: false } };
}

const asking = (pod: Pod, cpu: string): Pod => ({
  ...pod,
  spec: { ...pod.spec, containers: pod.spec.containers.map((container) => ({ ...container, resources: { requests: { cpu } } })) },
});

/** @param short by how much less than what lacks the request is lowered */
function changed(pod: Pod, nodes: Node[], way: LeastChange, short = 0) {
  const possible = relaxations(
    pod,
    nodes.flatMap(({ spec }) => spec?.taints ?? []),
  );
  let changedPod = relaxed(
    pod,
    way.changes.flatMap(({ field, text }) => possible.find((one) => one.field === field && one.text === text) ?? []),
  );
  let changedNodes = nodes;
  for (const { type, text, lacks = '0' } of way.changes) {
    const name = text.match(/^node (\S+) /)?.[1];
    if (type === 'Resource') {
      const left = cpuOf(pod) - milli(lacks) + short;
      changedPod = asking(changedPod, `${Math.max(0, left)}m`);
    }
    if (type === 'Uncordon' || type === 'Pods')
      changedNodes = changedNodes.map((node) => (node.metadata.name === name ? freed(node, type) : node));
  }
  return { pod: changedPod, nodes: changedNodes };
}

const cpuOf = (pod: Pod) => podFacts(pod).requests.get('cpu') ?? 0;

const milli = (quantity: string) => (quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000);

/** Every change of one thing. */
function* single(pod: Pod, nodes: Node[]): Generator<{ pod: Pod; nodes: Node[] }> {
  for (const one of relaxations(pod, taints(nodes))) yield { pod: relaxed(pod, [one]), nodes };
  if (cpuOf(pod) > 0) yield { pod: asking(pod, '0'), nodes };
  for (const node of nodes) {
    const others = (change: 'Uncordon' | 'Pods') => nodes.map((other) => (other === node ? freed(node, change) : other));
    if (node.spec?.unschedulable) yield { pod, nodes: others('Uncordon') };
    yield { pod, nodes: others('Pods') };
  }
}

const taints = (nodes: Node[]) => nodes.flatMap(({ spec }) => spec?.taints?.filter(({ key }) => !key.includes('/')) ?? []);

function isPossibleWithin(size: number, pod: Pod, nodes: Node[], placed: Placed[]): boolean {
  if (isPlaced(pod, nodes, placed)) return true;
  if (size === 0) return false;
  for (const next of single(pod, nodes)) if (isPossibleWithin(size - 1, next.pod, next.nodes, placed)) return true;
  return false;
}

test('the least change makes a pod fit, and nothing smaller does', () => {
  const sizes = new Map<number, number>();
  let unsureCount = 0;
  fc.assert(
    fc.property(anyPod, anyNodes, anyPlaced, (pod, nodes, placed) => {
      const { ways, isLeast } = leastChanges(podFacts(pod), snapshotOf(nodes, placed));
      const size = ways[0]?.changes.length;
      sizes.set(size ?? -1, (sizes.get(size ?? -1) ?? 0) + 1);
      expect(isPlaced(pod, nodes, placed)).toBe(size === 0);
      for (const way of ways) {
        expect(way.changes).toHaveLength(size ?? 0);
        const after = changed(pod, nodes, way);
        expect(isPlaced(after.pod, after.nodes, placed)).toBe(true);
        const [only, ...others] = way.changes;
        // On a node that gives more than it has, a pod fits that asks for nothing, and a little less than that cannot be asked.
        if (others.length > 0 || only?.type !== 'Resource' || milli(only.lacks ?? '0') > cpuOf(pod)) continue;
        const less = changed(pod, nodes, way, 1);
        expect(isPlaced(less.pod, less.nodes, placed)).toBe(false);
      }
      if (!isLeast) unsureCount++;
      if (!isLeast && size === undefined) return;
      // Two levels are enough to tell: what is tried grows with the power of the size.
      const within = Math.min((size ?? 2) - 1, 2);
      if (within >= 0) expect(isPossibleWithin(within, pod, nodes, placed)).toBe(false);
    }),
    { numRuns: 60 },
  );
  expect(Math.max(...sizes.keys())).toBeGreaterThanOrEqual(2);
  expect(sizes.get(1)).toBeGreaterThan(2);
  // Too many demands to try all that could be given up.
  expect(unsureCount).toBeLessThan(6);
});

test('a cordon is not lifted for a pod that the pods counted then would keep away', () => {
  const spread = { ...term('web', 'kubernetes.io/hostname'), maxSkew: 1, minDomains: 3, whenUnsatisfiable: 'DoNotSchedule' };
  const pod = testPod('new', { labels: { app: 'web' }, spec: { topologySpreadConstraints: [{ ...spread, nodeTaintsPolicy: 'Honor' }] } });
  const node = testNode('n3', {
    labels: { 'kubernetes.io/hostname': 'n3' },
    spec: { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
  });
  const { ways } = leastChanges(podFacts(pod), snapshotOf([node], [{ node: 3, app: 'web', port: false, keepsAway: false }]));
  expect(ways.map(({ changes }) => changes.map(({ type }) => type))).toEqual([['TopologySpread', 'Uncordon']]);
});
