// Whatever is on the nodes: whoever is removed is of lower priority, the pod fits where room was made for it, everybody who
// goes has to, and where nobody is removed, nobody's removal would have helped.
import type { PodDisruptionBudget, PodSpec } from '@berth/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PodFacts, podFacts } from './pod-facts.ts';
import { type Decision, schedule } from './schedule.ts';
import { Snapshot } from './snapshot.ts';
import { testNode, testPod } from './test-cluster.ts';

const apps = ['web', 'db'];
const anyKey = fc.constantFrom('zone', 'kubernetes.io/hostname');
const anyApp = fc.constantFrom(...apps);
const terms = (app: string, topologyKey: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app } }, topologyKey }],
});
const anySpec: fc.Arbitrary<Partial<PodSpec>> = fc.oneof<fc.Arbitrary<Partial<PodSpec>>[]>(
  fc.constant({}),
  fc.constant({}),
  fc.tuple(anyApp, anyKey).map(([app, key]) => ({ affinity: { podAffinity: terms(app, key) } })),
  fc.tuple(anyApp, anyKey).map(([app, key]) => ({ affinity: { podAntiAffinity: terms(app, key) } })),
  fc.tuple(anyApp, anyKey).map(([app, topologyKey]) => ({
    topologySpreadConstraints: [
      { maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' as const, labelSelector: { matchLabels: { app } }, topologyKey },
    ],
  })),
  fc.constant({ containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80 }] }] }),
  fc.constant({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'for-one' } }] }),
);

interface Placed {
  app: string;
  cpu: string;
  spec: Partial<PodSpec>;
  priority: number;
  node: number;
  startMinute: number;
}

const anyPlaced: fc.Arbitrary<Placed> = fc.record({
  app: anyApp,
  cpu: fc.constantFrom('0', '500m', '1', '2'),
  spec: anySpec,
  priority: fc.nat(4),
  node: fc.nat(3),
  startMinute: fc.nat(5),
});

interface Cluster {
  placed: Placed[];
  nominated: Placed[];
  allowed: number;
  incoming: Placed;
}

const anyCluster: fc.Arbitrary<Cluster> = fc.record({
  placed: fc.array(anyPlaced, { minLength: 4, maxLength: 14 }),
  nominated: fc.array(anyPlaced, { maxLength: 2 }),
  allowed: fc.nat(2),
  incoming: anyPlaced,
});

function factsOf(name: string, { app, cpu, spec, priority, startMinute }: Placed): PodFacts {
  const pod = testPod(name, { labels: { app }, requests: { cpu }, spec: { ...spec, priority } });
  return podFacts({ ...pod, status: { startTime: `2026-01-01T00:0${startMinute}:00Z` } });
}

const pods = ({ placed }: Cluster) => placed.map((one, index) => ({ facts: factsOf(`p${index}`, one), nodeName: `n${one.node}` }));

/** @param without uids of pods that are gone */
function snapshotOf(cluster: Cluster, without = new Set<string>()): Snapshot {
  const snapshot = new Snapshot();
  const metadata = { name: 'for-one', namespace: 'default' };
  const spec = { accessModes: ['ReadWriteOncePod'], volumeName: 'pv' };
  snapshot.volumes.setClaim({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec, status: { phase: 'Bound' } });
  snapshot.volumes.setVolume({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' }, spec: {} });
  for (let i = 0; i < 4; i++)
    snapshot.updateNode(testNode(`n${i}`, { labels: { zone: i < 2 ? 'a' : 'b' }, allocatable: { cpu: '3', pods: '5' } }));
  for (const { facts, nodeName } of pods(cluster)) if (!without.has(facts.uid)) snapshot.addPod(facts, nodeName);
  for (const [index, one] of cluster.nominated.entries()) snapshot.nominations.set(factsOf(`nominated${index}`, one), `n${one.node}`);
  snapshot.budgets.set(budget(cluster.allowed));
  return snapshot;
}

function budget(disruptionsAllowed: number): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } } },
    status: { disruptionsAllowed, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  };
}

function fits(cluster: Cluster, pod: PodFacts, nodeName: string, without: Set<string>): boolean {
  const snapshot = snapshotOf(cluster, without);
  // Where it can have this node it takes no other.
  snapshot.nominations.set(pod, nodeName);
  return schedule(pod, snapshot, () => 0).nodeName === nodeName;
}

function checkVictims(cluster: Cluster, pod: PodFacts, { preemption, nominatedNodeName }: Decision): void {
  if (!preemption) return;
  const { nodeName, victims, violations } = preemption;
  expect(nominatedNodeName).toBe(nodeName);
  const uids = new Set(victims.map(({ uid }) => uid));
  const onNode = new Set(pods(cluster).flatMap((placed) => (placed.nodeName === nodeName ? [placed.facts.uid] : [])));
  for (const victim of victims) {
    expect(victim.priority).toBeLessThan(pod.priority);
    expect(onNode).toContain(victim.uid);
    const spared = new Set([...uids].filter((uid) => uid !== victim.uid));
    expect(fits(cluster, pod, nodeName, spared), `${victim.key} need not go`).toBe(false);
  }
  expect(uids.size).toBe(victims.length);
  expect(victims.map(({ priority }) => priority)).toEqual(victims.map(({ priority }) => priority).sort((a, b) => b - a));
  expect(violations).toBeLessThanOrEqual(victims.filter(({ labels }) => labels.app === 'web').length);
  expect(fits(cluster, pod, nodeName, uids)).toBe(true);
}

function checkNobody(cluster: Cluster, pod: PodFacts, decision: Decision): void {
  if (decision.preemption) return;
  expect(decision).toMatchObject({ nominatedNodeName: '', message: expect.stringContaining(' preemption: 0/4 nodes are available: ') });
  for (let node = 0; node < 4; node++) {
    const nodeName = `n${node}`;
    const removable = pods(cluster).filter(({ facts, nodeName: on }) => on === nodeName && facts.priority < pod.priority);
    expect(fits(cluster, pod, nodeName, new Set(removable.map(({ facts }) => facts.uid)))).toBe(false);
  }
}

test('of every preemption: lower priority, enough, and nobody in vain; and none is missed', () => {
  let preemptions = 0;
  let refusals = 0;
  fc.assert(
    fc.property(anyCluster, (cluster) => {
      const pod = factsOf('incoming', { ...cluster.incoming, priority: cluster.incoming.priority + 1 });
      const snapshot = snapshotOf(cluster);
      const decision = schedule(pod, snapshot, () => 0);
      if (decision.nodeName !== undefined) return;
      expect(schedule(pod, snapshot, () => 0)).toEqual(decision);
      if (decision.preemption) preemptions++;
      else refusals++;
      checkVictims(cluster, pod, decision);
      checkNobody(cluster, pod, decision);
    }),
    { numRuns: 600 },
  );
  expect(preemptions).toBeGreaterThan(30);
  expect(refusals).toBeGreaterThan(5);
});
