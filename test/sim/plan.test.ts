// What `berth plan` foresees is what happens: random clusters and workloads, each planned on its live state and then applied to it, with
// the real controllers, scheduler and quotas in simulated time. Which of equal nodes is chosen is chance, so chance is the same for both.
import { Deployment, kinds, Node, Pod, PriorityClass, ResourceQuota, ServiceAccount } from '@berth/api';
import { ApiServer, componentUsers } from '@berth/apiserver/core';
import type { Client } from '@berth/client';
import { ControllersRole } from '@berth/controllers';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { type Landing, planFor } from '@berth/planning';
import { Scheduler } from '@berth/scheduler';
import { MemoryStore } from '@berth/store';
import { type Random, seededRandom, silentLogger, timestamp } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultConfig } from '../../apps/control-plane/src/config.ts';

/** BERTH_PLAN_CASES=200 */
const caseCount = Number(process.env.BERTH_PLAN_CASES ?? 50);
const namespace = 'default';
const clock = new SimulatedClock();
const first: Random = { ...seededRandom(1), next: () => 0 };
const ports = { clock, random: first, logger: silentLogger };
let controllers: ControllersRole;
let api: ApiServer;
let client: Client;

beforeAll(async () => {
  const config = { ...defaultConfig, dataDirectory: '/simulated', store: { driver: 'memory' as const } };
  api = new ApiServer({ ...ports, random: seededRandom(2), kinds, config, store: new MemoryStore() });
  client = api.localClient({ name: 'admin', groups: ['system:masters'] });
  await within(api.start());
  controllers = new ControllersRole({ ...ports, random: seededRandom(3), clientFor: (user) => api.localClient(user) });
  await within(controllers.start());
  await until(async () => (await client.list(ServiceAccount, { namespace })).items.length > 0);
  for (const [name, value] of [['low', 1] as const, ['high', 1000] as const])
    await client.create(PriorityClass, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value });
});

afterAll(async () => {
  await within(controllers.stop());
  await within(api.stop());
});

/** Awaits what takes simulated time. */
async function within<T>(work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  work.then(over, over);
  expect(await clock.runUntil(() => isOver, 60_000)).toBe(true);
  return work;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  expect(await clock.runUntil(holds, 60_000)).toBe(true);
}

interface Case {
  nodes: { cpu: number; zone: string; isTainted: boolean; isCordoned: boolean }[];
  pods: { node: number; cpu: number; priority: 'low' | 'high' }[];
  quota: number | undefined;
  /** Replicas of the same Deployment that are there beforehand. */
  before: number;
  deployment: Deployment;
}

function drawn(random: Random): Case {
  const any = <T>(...of: T[]): T => of[random.int(of.length)] as T;
  const nodes = Array.from({ length: 1 + random.int(4) }, () => ({
    ...{ cpu: any(1000, 2000, 3000), zone: any('a', 'b'), isTainted: random.int(6) === 0, isCordoned: random.int(8) === 0 },
  }));
  const pods = Array.from({ length: random.int(6) }, () => ({
    ...{ node: random.int(nodes.length), cpu: any(100, 400, 900), priority: any('low' as const, 'low' as const, 'high' as const) },
  }));
  const selector = { matchLabels: { app: 'web' } };
  const term = { labelSelector: selector, topologyKey: 'kubernetes.io/hostname' };
  const spread = {
    maxSkew: 1,
    topologyKey: any('zone', 'kubernetes.io/hostname'),
    whenUnsatisfiable: any('DoNotSchedule', 'ScheduleAnyway'),
  };
  const podSpec: Pod['spec'] = {
    containers: [{ name: 'main', image: 'x', resources: { requests: { cpu: `${any(100, 300, 700, 1500)}m` } } }],
    priorityClassName: any('low', 'high'),
    terminationGracePeriodSeconds: 0,
    ...(random.int(4) === 0 && { nodeSelector: { zone: 'a' } }),
    ...(random.int(4) === 0 && { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }),
    ...(random.int(3) === 0 && { topologySpreadConstraints: [{ ...spread, labelSelector: selector }] }),
    ...(random.int(3) === 0 && { tolerations: [{ key: 'k', operator: 'Exists' }] }),
  };
  const deployment: Deployment = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace } },
    spec: { replicas: 1 + random.int(5), selector, template: { metadata: { labels: { app: 'web' } }, spec: podSpec } },
  };
  return { nodes, pods, quota: random.int(4) === 0 ? 1 + random.int(6) : undefined, before: random.int(3) === 0 ? 1 : 0, deployment };
}

async function build({ nodes, pods, quota }: Case): Promise<void> {
  for (const [index, { cpu, zone, isTainted, isCordoned }] of nodes.entries()) {
    const name = `n${index}`;
    const taints = isTainted ? [{ key: 'k', effect: 'NoSchedule' }] : [];
    const metadata = { name, labels: { zone, 'kubernetes.io/hostname': name } };
    await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata, spec: {} });
    const amounts = { cpu: `${cpu}m`, memory: '8Gi', pods: '20' };
    const at = timestamp(clock);
    const conditions = [{ type: 'Ready', status: 'True' as const, lastHeartbeatTime: at, lastTransitionTime: at }];
    await client.patch(
      Node,
      { name },
      'merge',
      { status: { capacity: amounts, allocatable: amounts, conditions } },
      { subresource: 'status' },
    );
    await client.patch(Node, { name }, 'merge', { spec: { taints, ...(isCordoned && { unschedulable: true }) } });
  }
  for (const [index, { node, cpu, priority }] of pods.entries()) {
    const containers = [{ name: 'main', image: 'x', resources: { requests: { cpu: `${cpu}m` } } }];
    const spec = { nodeName: `n${node}`, containers, priorityClassName: priority, terminationGracePeriodSeconds: 0 };
    await client.create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${index}`, namespace }, spec });
  }
  if (quota === undefined) return;
  const spec = { hard: { pods: String(pods.length + quota) } };
  await client.create(ResourceQuota, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few', namespace }, spec });
  await until(async () => (await client.get(ResourceQuota, { name: 'few', namespace })).status?.used?.pods === String(pods.length));
}

const own = async () =>
  (await client.list(Pod, { namespace, labelSelector: 'app=web' })).items.filter(({ metadata }) => !metadata.deletionTimestamp);

/** What became of the pods, once nothing happens any more. */
async function settled(replicas: number): Promise<Pod[]> {
  let before = '';
  for (let quiet = 0, steps = 0; quiet < 3; steps++) {
    expect(steps).toBeLessThan(200);
    await clock.advance(500);
    const pods = await own();
    const isDecided = ({ spec, status }: Pod) =>
      spec.nodeName || (status?.conditions?.some(({ type }) => type === 'PodScheduled') && !status.nominatedNodeName);
    const now = pods.map(({ metadata, spec }) => `${metadata.name} ${spec.nodeName}`).join();
    const isComplete = pods.length >= replicas || (await isRefused());
    quiet = isComplete && now === before && pods.every(isDecided) ? quiet + 1 : 0;
    before = now;
  }
  return own();
}

async function isRefused(): Promise<boolean> {
  const { status } = await client.get(Deployment, { name: 'web', namespace });
  return status?.conditions?.some(({ type, status: is }) => type === 'ReplicaFailure' && is === 'True') ?? false;
}

async function tidy(): Promise<void> {
  const remove = async (kind: KindDefinition<KubeObject>, options: object = {}) => {
    for (const { metadata } of (await client.list(kind, kind.namespaced ? { namespace } : {})).items)
      await client.delete(kind, { name: metadata.name, ...(kind.namespaced && { namespace }) }, options);
  };
  const erased = (kind: unknown) => kind as KindDefinition<KubeObject>;
  await remove(erased(Deployment), { propagationPolicy: 'Background' });
  await until(async () => (await own()).length === 0);
  await remove(erased(Pod), { gracePeriodSeconds: 0 });
  await remove(erased(ResourceQuota));
  await remove(erased(Node));
}

const counted = (texts: string[]) => [...texts].sort();
const fate = ({ node, isRefused }: Landing) => (isRefused ? 'refused' : (node ?? 'waits'));

async function foreseeAndTry(index: number): Promise<{ foreseen: string[]; happened: string[]; victims: string[]; gone: string[] }> {
  const drawnCase = drawn(seededRandom(1000 + index));
  const { deployment, before } = drawnCase;
  const scheduler = new Scheduler({ ...ports, registry: new Registry(), client: api.localClient(componentUsers.scheduler) });
  await within(build(drawnCase));
  if (before > 0) {
    await within(scheduler.start());
    await client.create(Deployment, { ...deployment, spec: { ...deployment.spec, replicas: before } });
    await settled(before);
    await within(scheduler.stop());
  }
  const old = new Set((await own()).map(({ metadata }) => metadata.name));
  const bystanders = async () =>
    (await client.list(Pod, { namespace, labelSelector: 'app!=web' })).items.map(({ metadata }) => metadata.name);
  const there = await bystanders();
  const kindOf = async () => Deployment as unknown as KindDefinition;
  const plan = await planFor([deployment], { client, kindOf, random: () => 0 });
  expect(plan.objects).toMatchObject([
    { action: before > 0 ? (deployment.spec.replicas === before ? 'unchanged' : 'changed') : 'created' },
  ]);
  const again = new Scheduler({ ...ports, registry: new Registry(), client: api.localClient(componentUsers.scheduler) });
  await within(again.start());
  await client.patch(Deployment, { name: 'web', namespace }, 'apply', deployment, { fieldManager: 'test', force: true });
  const pods = (await settled(deployment.spec.replicas ?? 1)).filter(({ metadata }) => !old.has(metadata.name));
  const left = new Set(await bystanders());
  const gone = there.filter((name) => !left.has(name));
  await within(again.stop());
  await within(tidy());
  const missing = (deployment.spec.replicas ?? 1) - old.size - pods.length;
  return {
    foreseen: counted(plan.pods.map(fate)),
    happened: counted([
      ...pods.map(({ spec }) => spec.nodeName ?? 'waits'),
      ...Array.from({ length: Math.max(0, missing) }, () => 'refused'),
    ]),
    victims: counted([...new Set(plan.pods.flatMap(({ victims = [] }) => victims.map((key) => key.split('/')[1] ?? '')))]),
    gone: counted(gone),
  };
}

test(`in ${caseCount} random cases what is foreseen happens`, { timeout: 600_000 }, async () => {
  const fates = new Set<string>();
  let preempted = 0;
  for (let index = 0; index < caseCount; index++) {
    const { foreseen, happened, victims, gone } = await foreseeAndTry(index);
    expect({ index, foreseen, victims }).toEqual({ index, foreseen: happened, victims: gone });
    for (const one of foreseen) fates.add(one.replace(/\d/, ''));
    preempted += victims.length;
  }
  // What is drawn is worth comparing.
  expect([...fates].sort()).toEqual(['n', 'refused', 'waits']);
  expect(preempted).toBeGreaterThan(2);
});
