// Whatever happens to a cluster: a chosen node can take the pod, judged without the library's own plugins, and deciding
// from what was kept is deciding from scratch.
import type { Node, PersistentVolume, PodSpec } from '@berth/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PodFacts } from './pod-facts.ts';
import { type Decision, schedule } from './schedule.ts';
import { Snapshot } from './snapshot.ts';
import { type PodParts, testFacts, testNode } from './test-cluster.ts';

const apps = ['web', 'db'];
const selecting = (app: string, topologyKey: string) => ({ labelSelector: { matchLabels: { app } }, topologyKey });
const required = (app: string, key: string) => ({ requiredDuringSchedulingIgnoredDuringExecution: [selecting(app, key)] });
const preferred = (app: string, key: string) => ({
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: selecting(app, key) }],
});

const anyKey = fc.constantFrom('zone', 'kubernetes.io/hostname');
const anyApp = fc.constantFrom(...apps);
const anySpec: fc.Arbitrary<Partial<PodSpec>> = fc.oneof<fc.Arbitrary<Partial<PodSpec>>[]>(
  fc.constant({}),
  fc.tuple(anyApp, anyKey).map(([app, key]) => ({ affinity: { podAffinity: required(app, key) } })),
  fc.tuple(anyApp, anyKey).map(([app, key]) => ({ affinity: { podAntiAffinity: required(app, key) } })),
  fc
    .tuple(anyApp, anyKey)
    .map(([app, key]) => ({ affinity: { podAffinity: preferred(app, key), podAntiAffinity: preferred('db', 'zone') } })),
  fc.tuple(anyApp, anyKey, fc.constantFrom('DoNotSchedule', 'ScheduleAnyway')).map(([app, key, whenUnsatisfiable]) => ({
    topologySpreadConstraints: [{ maxSkew: 1, whenUnsatisfiable, ...selecting(app, key) }],
  })),
  fc.constant({ tolerations: [{ key: 'k', operator: 'Exists' }] }),
  fc.constant({ containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80 }] }] }),
  fc.constant({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'for-one' } }] }),
);
const anyParts: fc.Arbitrary<PodParts> = fc
  .record({ app: anyApp, cpu: fc.constantFrom('0', '500m', '1', '3'), spec: anySpec, owner: fc.constantFrom('', 'rs') })
  .map(({ app, cpu, spec, owner }) => ({ labels: { app }, requests: { cpu, memory: '64Mi' }, spec, ...(owner && { owner }) }));
const anyNode = fc
  .record({
    index: fc.nat(5),
    zone: fc.constantFrom('a', 'b', ''),
    taint: fc.constantFrom('', 'NoSchedule', 'PreferNoSchedule'),
    cpu: fc.nat(4),
  })
  .map(({ index, zone, taint, cpu }) =>
    testNode(`n${index}`, {
      labels: zone ? { zone } : {},
      allocatable: { cpu: String(cpu), pods: '6' },
      spec: { taints: taint ? [{ key: 'k', effect: taint }] : [] },
    }),
  );
/** `pod` is a place among the shapes of the run: few, so that what is kept is used. */
type Step = { pod: number } | { node: Node } | { removeNode: number } | { removePod: number };
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(3).map((pod) => ({ pod })) },
  { weight: 3, arbitrary: anyNode.map((node) => ({ node })) },
  { weight: 1, arbitrary: fc.nat(5).map((removeNode) => ({ removeNode })) },
  { weight: 1, arbitrary: fc.nat(50).map((removePod) => ({ removePod })) },
);

interface Run {
  model: Model;
  snapshot: Snapshot;
  shapes: PodParts[];
  random: () => number;
}

interface Model {
  nodes: Map<string, Node>;
  placed: Map<string, { facts: PodFacts; nodeName: string }>;
}

function emptySnapshot(): Snapshot {
  const snapshot = new Snapshot();
  snapshot.volumes.setClaim({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'for-one', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOncePod'], volumeName: 'pv' },
    status: { phase: 'Bound' },
  });
  const metadata = { name: 'pv' };
  snapshot.volumes.setVolume({ apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec: {} } as PersistentVolume);
  return snapshot;
}

function fresh({ nodes, placed }: Model): Snapshot {
  const snapshot = emptySnapshot();
  for (const node of nodes.values()) snapshot.updateNode(node);
  for (const { facts, nodeName } of placed.values()) snapshot.addPod(facts, nodeName);
  return snapshot;
}

function essence({ nodeCount, feasibleCount, reasons, message, scores }: Decision) {
  const round = (value: number) => Math.round(value * 1e6) / 1e6;
  const rounded = (plugins: Record<string, number>) => Object.entries(plugins).map(([name, score]) => [name, round(score)]);
  const byNode = new Map(scores.map(({ node, total, plugins }) => [node, [round(total), ...rounded(plugins)]]));
  return { nodeCount, feasibleCount, reasons: new Map([...reasons].sort()), message, byNode: new Map([...byNode].sort()) };
}

/** Feasible by plain counting. */
function check({ nodes, placed }: Model, facts: PodFacts, nodeName: string): void {
  const node = nodes.get(nodeName);
  const here = [...placed.values()].filter((other) => other.nodeName === nodeName);
  const cpu = [facts, ...here.map((other) => other.facts)].reduce((sum, pod) => sum + (pod.requests.get('cpu') ?? 0), 0);
  if ((facts.requests.get('cpu') ?? 0) > 0) expect(cpu).toBeLessThanOrEqual(Number(node?.status?.allocatable?.cpu) * 1000);
  expect(here.length).toBeLessThan(6);
  if (facts.hostPorts.length > 0) expect(here.filter((other) => other.facts.hostPorts.length > 0)).toEqual([]);
  if (node?.spec?.taints?.some(({ effect }) => effect === 'NoSchedule')) expect(facts.pod.spec.tolerations).toBeTruthy();
  if (facts.claims.length > 0) expect([...placed.values()].filter((other) => other.facts.claims.length > 0)).toEqual([]);
  for (const other of placed.values()) {
    expect(keepsAway(facts, other.facts, node, nodes.get(other.nodeName))).toBe(false);
    expect(keepsAway(other.facts, facts, nodes.get(other.nodeName), node)).toBe(false);
  }
}

function keepsAway(one: PodFacts, from: PodFacts, node: Node | undefined, otherNode: Node | undefined): boolean {
  const terms = one.pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.some(({ labelSelector, topologyKey }) => {
    const domain = node?.metadata.labels?.[topologyKey];
    const isSame = domain !== undefined && domain === otherNode?.metadata.labels?.[topologyKey];
    return isSame && labelSelector?.matchLabels?.app === from.labels.app;
  });
}

function apply({ model, snapshot, shapes, random }: Run, step: Step, index: number): void {
  if ('node' in step) {
    model.nodes.set(step.node.metadata.name, step.node);
    snapshot.updateNode(step.node);
  } else if ('removeNode' in step) {
    model.nodes.delete(`n${step.removeNode}`);
    snapshot.removeNode(`n${step.removeNode}`);
  } else if ('removePod' in step) {
    const uid = `uid-default-p${step.removePod}`;
    model.placed.delete(uid);
    snapshot.removePod(uid);
  } else {
    const facts = testFacts(`p${index}`, shapes[step.pod]);
    const decision = schedule(facts, snapshot, random);
    expect(essence(decision)).toEqual(essence(schedule(facts, fresh(model), random)));
    if (decision.nodeName === undefined) return;
    check(model, facts, decision.nodeName);
    model.placed.set(facts.uid, { facts, nodeName: decision.nodeName });
    snapshot.addPod(facts, decision.nodeName);
  }
}

test('every decision is feasible, and the same as one from scratch', () => {
  let placedCount = 0;
  const anyShapes = fc.array(anyParts, { minLength: 4, maxLength: 4 });
  const anySteps = fc.array(anyStep, { minLength: 20, maxLength: 60 });
  const anyChance = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(anyShapes, anySteps, anyChance, (shapes, steps, chance) => {
      const run = { model: { nodes: new Map(), placed: new Map() }, snapshot: emptySnapshot(), shapes, random: () => chance };
      for (const [index, step] of steps.entries()) apply(run, step, index);
      placedCount += run.model.placed.size;
    }),
    { numRuns: 200 },
  );
  expect(placedCount).toBeGreaterThan(500);
});
