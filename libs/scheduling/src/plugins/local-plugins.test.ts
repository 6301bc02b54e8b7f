// What each plugin that looks at one node refuses, in which words, and prefers.
import { expect, test } from 'vitest';
import { decide, refusal, testFacts, testNode, testPod, testSnapshot } from '../test-cluster.ts';

test('resources: cpu, memory, extended ones and the number of pods', () => {
  const snapshot = testSnapshot(testNode('a', { allocatable: { cpu: '1', memory: '1Gi', pods: '2', 'example.com/gpu': '1' } }));
  snapshot.addPod(testFacts('old', { requests: { cpu: '600m', 'example.com/gpu': '1' } }), 'a');
  const wants = (requests: Record<string, string>) => decide(testPod('new', { requests }), snapshot).message;
  expect(wants({ cpu: '400m', memory: '1Gi' })).toBe('');
  expect(wants({ cpu: '401m', 'example.com/gpu': '1' })).toBe(
    '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient example.com/gpu. ' +
      'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  );
  expect(wants({ memory: '1025Mi' })).toBe(
    '0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  );
  snapshot.addPod(testFacts('second'), 'a');
  expect(wants({})).toContain('1 Too many pods.');
  snapshot.removePod('uid-default-old');
  expect(wants({ cpu: '1' })).toBe('');
});

test('resources: init containers count by their peak, sidecars for good, overhead on top', () => {
  const container = (cpu: string, restartPolicy?: string) => ({
    name: 'x',
    resources: { requests: { cpu } },
    ...(restartPolicy && { restartPolicy }),
  });
  const { requests } = testFacts('p', {
    spec: {
      containers: [container('1'), container('2')],
      initContainers: [container('5'), container('1', 'Always'), container('4500m')],
      overhead: { cpu: '250m' },
    },
  });
  expect(requests.get('cpu')).toBe(5750);
});

test('an emptier node is better; shares of cpu and memory had rather be alike', () => {
  const snapshot = testSnapshot(testNode('full'), testNode('empty'));
  snapshot.addPod(testFacts('old', { requests: { cpu: '2', memory: '4Gi' } }), 'full');
  expect(decide(testPod('p', { requests: { cpu: '1', memory: '2Gi' } }), snapshot).nodeName).toBe('empty');
  const lopsided = testSnapshot(testNode('cpu-taken'), testNode('memory-taken'));
  lopsided.addPod(testFacts('a', { requests: { cpu: '2' } }), 'cpu-taken');
  lopsided.addPod(testFacts('b', { requests: { memory: '4Gi' } }), 'memory-taken');
  expect(decide(testPod('p', { requests: { cpu: '1', memory: '10Mi' } }), lopsided).nodeName).toBe('memory-taken');
});

test('taints: refused in words, tolerated, and the soft ones avoided', () => {
  const taint = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
  const snapshot = testSnapshot(
    testNode('a', { spec: { taints: [taint] } }),
    testNode('b', { spec: { taints: [{ ...taint, value: '' }] } }),
  );
  expect(refusal(testPod('p'), snapshot)).toBe(
    '0/2 nodes are available: 1 node(s) had untolerated taint {dedicated: db}, 1 node(s) had untolerated taint {dedicated: }.',
  );
  const tolerant = (operator: string, value?: string) =>
    testPod('p', { spec: { tolerations: [{ key: 'dedicated', operator, ...(value && { value }) }] } });
  expect(decide(tolerant('Equal', 'db'), snapshot)).toMatchObject({ nodeName: 'a', feasibleCount: 1 });
  expect(decide(tolerant('Exists'), snapshot).feasibleCount).toBe(2);
  const soft = testSnapshot(testNode('a', { spec: { taints: [{ ...taint, effect: 'PreferNoSchedule' }] } }), testNode('b'));
  expect(decide(testPod('p'), soft).nodeName).toBe('b');
});

test('cordoned nodes take only pods that tolerate it', () => {
  const snapshot = testSnapshot(testNode('a', { spec: { unschedulable: true } }));
  expect(refusal(testPod('p'), snapshot)).toBe('0/1 nodes are available: 1 node(s) were unschedulable.');
  const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }];
  expect(decide(testPod('daemon', { spec: { tolerations } }), snapshot).nodeName).toBe('a');
});

test('node affinity: selector, terms, fields and preference', () => {
  const snapshot = testSnapshot(testNode('a', { labels: { disk: 'ssd', size: '10' } }), testNode('b', { labels: { disk: 'hdd' } }));
  expect(decide(testPod('p', { spec: { nodeSelector: { disk: 'hdd' } } }), snapshot).nodeName).toBe('b');
  expect(refusal(testPod('p', { spec: { nodeSelector: { disk: 'tape' } } }), snapshot)).toBe(
    "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
  );
  const required = (term: object) =>
    testPod('p', {
      spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } } },
    });
  const feasible = (term: object) => decide(required(term), snapshot);
  expect(feasible({ matchExpressions: [{ key: 'size', operator: 'Gt', values: ['9'] }] })).toMatchObject({
    nodeName: 'a',
    feasibleCount: 1,
  });
  expect(feasible({ matchExpressions: [{ key: 'size', operator: 'DoesNotExist' }] })).toMatchObject({ nodeName: 'b', feasibleCount: 1 });
  expect(feasible({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }).nodeName).toBe('b');
  expect(feasible({}).feasibleCount).toBe(0);
  const preference = { matchExpressions: [{ key: 'disk', operator: 'In', values: ['hdd'] }] };
  const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, preference }] };
  const decision = decide(testPod('p', { spec: { affinity: { nodeAffinity } } }), snapshot);
  expect(decision.scores.map(({ node, plugins }) => [node, plugins.NodeAffinity])).toEqual([
    ['b', 100],
    ['a', 0],
  ]);
});

test('host ports clash by port, protocol and address', () => {
  const withPort = (name: string, hostIP?: string, protocol = 'TCP') =>
    testFacts(name, {
      spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80, protocol, ...(hostIP && { hostIP }) }] }] },
    });
  const snapshot = testSnapshot(testNode('a'));
  snapshot.addPod(withPort('old', '10.0.0.1'), 'a');
  expect(refusal(withPort('any'), snapshot)).toBe("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.");
  expect(decide(withPort('other', '10.0.0.2'), snapshot).nodeName).toBe('a');
  expect(decide(withPort('udp', undefined, 'UDP'), snapshot).nodeName).toBe('a');
});

test('a pod that names its node goes nowhere else; images at hand draw', () => {
  const images = [{ names: ['registry.local/web:1'], sizeBytes: 900_000_000 }];
  const snapshot = testSnapshot(testNode('a'), testNode('b', { images }));
  expect(decide(testPod('p'), snapshot).nodeName).toBe('b');
  expect(decide(testPod('p', { spec: { nodeName: 'a' } }), snapshot).nodeName).toBe('a');
  expect(refusal(testPod('p', { spec: { nodeName: 'c' } }), snapshot)).toContain("2 node(s) didn't match the requested node name.");
});

test('no nodes, and pods that never preempt', () => {
  expect(decide(testPod('p'), testSnapshot()).message).toBe('no nodes available to schedule pods');
  const proud = testPod('p', { requests: { cpu: '5' }, spec: { preemptionPolicy: 'Never' } });
  expect(decide(proud, testSnapshot(testNode('a'))).message).toBe(
    '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
  );
});
